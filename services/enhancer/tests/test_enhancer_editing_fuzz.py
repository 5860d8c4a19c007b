"""Answers with everything that is known to be wrong with answers: N lines in, N lines out, and none gets what another one says."""

import asyncio
import json
import random
from collections.abc import Callable

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setu_common.cost import BudgetExhausted
from setu_common.http import CircuitOpen
from setu_common.llm import LlmNoAnswer, LlmOverloaded, LlmRefusal
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.editing import Instruments
from testbed.editing import ENGLISH, HINDI, LINES, SIMPLE, Model, Writing, better, edit, ids_of, reply_of, scorer, written
from testbed.jumping import JumpingLoop

Entries = list[tuple[object, object]]
Damage = Callable[[Entries, random.Random], "str | Entries"]
FORMS = (written, reply_of)
CANARY = read_prompts().for_pair(HINDI).canary

fuzzed = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
in_parts = pytest.mark.parametrize("part", range(2))  # 5,000 cases in all, in pieces that end in time on a busy machine


kept = asyncio.Runner()


@pytest.fixture(autouse=True, scope="session")  # a process may come back to this module
def _one_loop():
    """A loop of its own would take nearly as long as a case, and the runner's own ``run`` a tenth: it hears interrupts, and prints the task for that."""
    with kept:
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_logs():
    """Thousands of lines would take longer than what they tell of."""

    def drop(*_):
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[drop])
    yield
    structlog.configure(**before)


def dropped(entries: Entries, dice: random.Random) -> Entries:
    return [each for each in entries if dice.random() < 0.7]


def merged(entries: Entries, dice: random.Random) -> Entries:
    at = dice.randrange(len(entries))
    number, text = entries[at]
    joined = (number, f"{text} {entries[min(at + 1, len(entries) - 1)][1]}")
    return [*entries[:at], joined, *entries[at + 2 :]]


def merged_and_numbered_on(entries: Entries, dice: random.Random) -> Entries:
    return [(number, text) for (number, _), (_, text) in zip(entries, merged(entries, dice), strict=False)]


def split_and_numbered_on(entries: Entries, dice: random.Random) -> Entries:
    at = dice.randrange(len(entries))
    words = str(entries[at][1]).split()
    texts = [text for _, text in entries]
    texts[at : at + 1] = [" ".join(words[:1]), " ".join(words[1:])]
    first = entries[0][0]
    return [(first + place if isinstance(first, int) else first, text) for place, text in enumerate(texts)]


def split_and_cut(entries: Entries, dice: random.Random) -> Entries:
    return split_and_numbered_on(entries, dice)[: len(entries)]


def reordered(entries: Entries, dice: random.Random) -> Entries:
    return dice.sample(entries, len(entries))


def exchanged(entries: Entries, dice: random.Random) -> Entries:
    texts = [text for _, text in entries]
    return [(number, text) for (number, _), text in zip(entries, dice.sample(texts, len(texts)), strict=True)]


def shifted(entries: Entries, dice: random.Random) -> Entries:
    texts = [text for _, text in entries]
    by = dice.choice([1, -1])
    return [(number, text) for (number, _), text in zip(entries, texts[by:] + texts[:by], strict=True)]


def duplicated(entries: Entries, dice: random.Random) -> Entries:
    return [*entries, *dice.choices(entries, k=dice.randint(1, 4))]


def twice_numbered(entries: Entries, dice: random.Random) -> Entries:
    return [*entries, (dice.choice(entries)[0], dice.choice(entries)[1])]


def renumbered(entries: Entries, dice: random.Random) -> Entries:
    start = dice.randint(-2, 3)
    return [(start + place, text) for place, (_, text) in enumerate(entries)]


def translated_ids(entries: Entries, dice: random.Random) -> Entries:
    return [(dice.choice(["एक", "two", "पंक्ति 3", None, True, 1.5, [1], ""]), text) for _, text in entries]


def spelt_ids(entries: Entries, _dice: random.Random) -> Entries:
    return [(str(number), text) for number, text in entries]


def prose_around(entries: Entries, dice: random.Random) -> str:
    before = dice.choice(["Sure! {here} you are:\n```json\n", '<think>{"id": 3} hm</think>', "Of course: {", "[", "</think>"])
    reply = dice.choice(FORMS)(entries)
    return f"{before}{reply}{dice.choice(['```', ' Anything {else}?', '}', ''])}"


def wrong_language(entries: Entries, dice: random.Random) -> Entries:
    other = dice.choice(["मैं घर जा रहा हूँ।", "Je ne sais pas où il est parti.", "我不知道", "Ich weiß nicht, wo er ist."])
    return [(number, other if dice.random() < 0.7 else text) for number, text in entries]


def far_too_long(entries: Entries, dice: random.Random) -> Entries:
    return [(number, f"{text} " * 10 if dice.random() < 0.7 else text) for number, text in entries]


def emptied(entries: Entries, dice: random.Random) -> Entries:
    return [(number, dice.choice(["", " ", "…", None, 7, [], text])) for number, text in entries]


def refused(entries: Entries, dice: random.Random) -> "str | Entries":
    no = "I'm sorry, but as an AI I cannot help with that."
    return no if dice.random() < 0.5 else [(number, no) for number, _ in entries]


def obeying(entries: Entries, dice: random.Random) -> Entries:
    said = dice.choice(
        ["PWNED", f"My reference is {CANARY}", '{"id": 0, "text": "x"}', "]}", "<<", '", "id": 99', '", "1|x', "2|x"]
    )
    return [(number, said if dice.random() < 0.5 else text) for number, text in entries]


def noise(entries: Entries, dice: random.Random) -> Entries:
    letters = 'abcdefgh अआइईउ12 \n\t\u2028\ud800\x00😀"{}[]'
    return [(number, "".join(dice.choices(letters, k=dice.randint(0, 60)))) for number, _ in entries]


def cut_short(entries: Entries, dice: random.Random) -> str:
    whole = dice.choice(FORMS)(entries)
    return whole[: dice.randrange(len(whole))]


def with_unescaped_quotes(entries: Entries, dice: random.Random) -> str:
    def quoted(text: str) -> str:
        words = text.split()
        at = dice.randrange(len(words))
        words[at] = f'"{words[at]}"'
        return " ".join(words)

    lines = ",".join(f'"{number}|{quoted(str(text)) if dice.random() < 0.5 else text}"' for number, text in entries)
    return f'{{"lines":[{lines}]}}'


def other_shape(entries: Entries, dice: random.Random) -> str:
    texts = dict(entries)
    return dice.choice(
        [
            json.dumps({str(number): text for number, text in texts.items()}),
            json.dumps(list(texts.values())),
            json.dumps({"lines": list(texts.values())}),
            json.dumps([f"{number}|{text}" for number, text in texts.items()]),
            json.dumps({"lines": [f"{number}|{text}" if dice.random() < 0.7 else text for number, text in texts.items()]}),
            json.dumps({"lines": [f"{number}: {text}" for number, text in texts.items()]}),
            json.dumps({"lines": {"id": 1}}),
            json.dumps([{"id": number, "edit": text} for number, text in texts.items()]),
            "\n".join(f"{number}: {text}" for number, text in texts.items()),
            "null",
            "{" * 600,
            "",
        ]
    )


def good(entries: Entries, _dice: random.Random) -> Entries:
    return entries


STRUCTURAL: tuple[Damage, ...] = (
    dropped, merged, merged_and_numbered_on, split_and_numbered_on, split_and_cut, reordered, exchanged, shifted, duplicated,
    twice_numbered, renumbered, translated_ids, spelt_ids, prose_around, cut_short, with_unescaped_quotes, other_shape, good,
)  # fmt: skip
WORDING: tuple[Damage, ...] = (wrong_language, far_too_long, emptied, refused, obeying, noise)
ERRORS = (LlmRefusal("No."), LlmNoAnswer("Nothing."), LlmOverloaded("Busy."), CircuitOpen("Open."), BudgetExhausted("Used up."))


def damaging(damages, texts, model=Model):
    """A model that damages one answer after the other, each in its way."""
    left = list(damages)

    def say(document):
        kind, seed = left.pop(0) if left else (good, 0)
        if isinstance(kind, Exception):
            raise kind
        said = kind([(number, texts[number]) for number in ids_of(document)], random.Random(seed))
        return said if isinstance(said, str) else FORMS[seed % 2](said)

    return model(say)


def of(kinds):
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 10_000)), min_size=1, max_size=12)


def check(edits, lines=LINES):
    """What holds whatever comes."""
    assert [each.line for each in edits] == list(lines)
    assert [(each.line.index, each.line.start_s, each.line.end_s) for each in edits] == [
        (line.index, line.start_s, line.end_s) for line in lines
    ]
    for each in edits:
        assert each.text in (each.line.draft, each.offered)
        assert not (each.changed and each.rejected)
        assert each.requests <= 8
        assert each.text.encode()
        assert "\n" not in each.text or each.text == each.line.draft
        assert CANARY not in each.text


# Each text is nearly its own draft, so that it can be told whose it is, and nothing else is looked at: no guard, and all is better.
NEAR = {line.index: f"{line.draft.rstrip('.?!')}, so it is." for line in LINES}
OPEN = Instruments(
    lambda *_, **__: (),
    lambda line, text, *_, **__: scorer(line, ENGLISH[line.index] if text != line.draft else "", *_, **__),
    better,
)


@in_parts
@fuzzed
@given(of(STRUCTURAL), st.integers(1, 10), st.integers(0, 2))
def test_no_line_ever_gets_what_another_one_says(part, damages, most, repairs):
    edits = kept.get_loop().run_until_complete(
        edit(damaging(damages, NEAR), instruments=OPEN, lines_per_request=most, repairs=repairs, parallel=1)
    )  # fmt: skip
    check(edits)
    for each in edits:
        assert each.text not in {text for index, text in NEAR.items() if index != each.line.index}
        assert not any(text in each.text for index, text in NEAR.items() if index != each.line.index), each.text


@in_parts
@fuzzed
@given(of((*STRUCTURAL, *WORDING)), st.integers(1, 10))
def test_whatever_comes_all_lines_come_back_each_with_its_draft_or_an_edit_that_passed(part, damages, most):
    edits = kept.get_loop().run_until_complete(edit(damaging(damages, ENGLISH), lines_per_request=most, parallel=1))
    check(edits)
    for each in edits:
        assert each.text in (each.line.draft, ENGLISH[each.line.index])


@in_parts
@fuzzed
@given(of((*STRUCTURAL, *WORDING, *ERRORS)), of((*WORDING, *ERRORS, good)), st.integers(1, 12), st.integers(1, 4))
def test_whoever_fails_all_lines_come_back_and_the_answer_says_what_was_not_done(part, first, second, most, parallel):
    models = damaging(first, ENGLISH), damaging(second, ENGLISH)
    models[1].name = "other"
    edits = kept.get_loop().run_until_complete(edit(*models, lines_per_request=most, parallel=parallel))
    check(edits)
    unheard = [each for each in edits if not each.requests]
    assert bool(edits.degraded) <= bool(unheard)
    assert all(not each.offered and not each.changed for each in unheard)


@in_parts
@fuzzed
@given(
    of((*STRUCTURAL, *WORDING)),
    st.lists(st.tuples(st.floats(0, 9), st.floats(0, 5), st.integers(0, 14)), min_size=1, max_size=25),
)
def test_films_of_any_shape_come_back_whole(part, damages, shape):
    lines, at_s = [], 0.0
    for index, (pause_s, duration_s, row) in enumerate(shape):
        at_s += pause_s
        lines.append(Line(index * 3, at_s, at_s + duration_s, LINES[row].source, LINES[row].draft))
        at_s += duration_s
    texts = {line.index: ENGLISH[row] for line, (_, _, row) in zip(lines, shape, strict=True)}
    chosen = {line.index: () for line in lines if line.index % 2 == 0}
    edits = kept.get_loop().run_until_complete(
        edit(damaging(damages, texts), lines=lines, selected=chosen, instruments=OPEN_SIMPLE)
    )
    check(edits, lines)
    assert all(each.text == each.line.draft for each in edits if each.line.index not in chosen)


@settings(fuzzed, max_examples=150)
@given(of((*STRUCTURAL, *WORDING)), st.integers(1, 12), st.integers(1, 80))
def test_whatever_comes_it_comes_out_the_same_where_it_is_heard_while_it_is_written(damages, most, characters):
    came = []
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        for streams in (True, False):
            model = damaging(
                damages, ENGLISH, lambda say, streams=streams: Writing(say, characters=characters, streams=streams)
            )
            came.append(runner.run(edit(model, lines_per_request=most, parallel=1)))
    check(came[0])
    assert list(came[0]) == list(came[1])
    assert (came[0].requests, came[0].notes, came[0].degraded) == (came[1].requests, came[1].notes, came[1].degraded)


OPEN_SIMPLE = Instruments(
    SIMPLE.guard, lambda line, text, *_, **__: scorer(LINES[0], "" if text == line.draft else ENGLISH[0], *_, **__), better
)


@in_parts
@fuzzed
@given(st.lists(st.text(max_size=120), min_size=1, max_size=8))
def test_whatever_text_comes_and_whatever_a_base_model_goes_on_with_nothing_breaks(part, said):
    left = list(said)

    def anything(_prompt_or_document):
        return left.pop(0) if left else ""

    models = Model(anything), Model(name="base", goes_on=anything)
    edits = kept.get_loop().run_until_complete(edit(*models, completing=["base"], parallel=1))
    check(edits)


@pytest.mark.parametrize("damage", [each for each in STRUCTURAL if each is not split_and_cut], ids=lambda each: each.__name__)
def test_each_kind_of_damage_is_mended_by_a_good_answer_after_it(damage):
    edits = kept.get_loop().run_until_complete(edit(damaging([(damage, 1), (damage, 2)], NEAR), instruments=OPEN, parallel=1))
    check(edits)
    assert [each.text for each in edits] == list(NEAR.values())
