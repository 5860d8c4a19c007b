"""A model that lost count: what it says in such an answer is trusted nowhere, by luck least of all."""

from dataclasses import replace

from setu_enhancer.domain.guards import Breach
from testbed.editing import ASKED, ENGLISH, SIMPLE, Model, edit, guard, ids_of, reply_of, texts_of, translated

ALL = dict.fromkeys((6, 7, 8, 9, 10), ASKED)
LUCKY = "Something quite fine."  # that neither guard nor score knows to be nobody's


def strict(line, edit_, pair, glossary, *, characters_per_s):
    """Knows what another line says."""
    if any(edit_ == text for index, text in ENGLISH.items() if index != line.index):
        return (Breach("place", "it says something else"),)
    return guard(line, edit_, pair, glossary, characters_per_s=characters_per_s)


def scorer(line, text, *others, **more):
    return SIMPLE.scorer(line, ENGLISH[line.index] if text == LUCKY else text, *others, **more)


STRICT = replace(SIMPLE, guard=strict, scorer=scorer)


def shifted(document):
    """Each line's text is the next one's, but for one."""
    return reply_of({number: LUCKY if number == 9 else ENGLISH[number + 1] for number in ids_of(document)})


async def test_a_text_that_came_among_other_lines_texts_is_not_trusted_nor_when_it_comes_again_beside_one():
    model = Model(shifted)
    edits = await edit(model, selected=dict.fromkeys((7, 9, 10), ASKED), instruments=STRICT)
    assert [7, 9] in model.ids
    assert not any(each.changed for each in edits)
    assert "most texts" in edits[9].rejected


async def test_it_is_trusted_when_it_comes_again_from_another_model():
    def say(document):
        return reply_of({number: {7: ENGLISH[8], 9: LUCKY}.get(number, ENGLISH[number]) for number in ids_of(document)})

    models = Model(shifted), Model(say, name="other")
    edits = await edit(*models, selected=dict.fromkeys((7, 9, 10), ASKED), instruments=STRICT)
    assert [(each.line.index, each.text, each.provider) for each in edits if each.changed] == [(9, LUCKY, "other")]


async def test_it_is_trusted_when_it_comes_again_and_nothing_else_was_asked_for():
    model = Model(shifted)
    edits = await edit(model, selected=dict.fromkeys((7, 8, 9), ASKED), instruments=STRICT)
    assert [9] in model.ids
    assert [(each.line.index, each.text) for each in edits if each.changed] == [(9, LUCKY)]


async def test_one_bad_text_among_good_ones_costs_only_itself():
    def say(document):
        return reply_of({number: ENGLISH[8] if number == 7 else ENGLISH[number] for number in ids_of(document)})

    edits = await edit(Model(say), selected=ALL, instruments=STRICT)
    assert [each.line.index for each in edits if each.changed] == [8, 9]


async def test_who_finds_back_is_trusted():
    once = []

    def say(document):
        once.append(document)
        return translated(document) if len(once) > 1 else reply_of({number: ENGLISH[number + 1] for number in ids_of(document)})

    edits = await edit(Model(say), selected=dict.fromkeys((7, 8, 9), ASKED), instruments=STRICT)
    assert texts_of(edits)[7:10] == [ENGLISH[7], ENGLISH[8], ENGLISH[9]]
