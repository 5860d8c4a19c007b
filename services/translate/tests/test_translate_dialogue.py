"""Transcripts through engines that say what a test wants: joined sentences, terms, and the next engine."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setu_common.contracts import Segment, Term, Transcript
from setu_common.cost import BudgetExhausted, PriceUnknown
from setu_common.errors import DependencyUnavailable, InternalError
from setu_translate.dialogue import Dialogue
from setu_translate.domain.scripts import letters
from setu_translate.engines.parallel import each_of
from setu_translate.engines.translator import Rendering

RAIN = ("Quand la pluie aura cessé", "nous partirons.")


class Scripted:
    """An engine that translates by a function of the line; None is an unusable answer."""

    def __init__(self, say, engine="scripted"):
        self.say = say
        self.engine = engine
        self.asked: list[str] = []

    def model(self, source_language, target_language):
        return "some-model"

    def check(self, source_language, target_language):
        pass

    async def translate(self, lines, source_language, target_language, errand):
        renderings = []
        for place, line in enumerate(lines):
            self.asked.append(line.text)
            said = self.say(line)
            renderings.append(Rendering(line.text, 0.0, usable=False) if said is None else Rendering(said, 0.7))
            errand.done(place, renderings[-1])
        return renderings


class Broken:
    engine = "broken"

    def __init__(self, error):
        self.error = error

    async def translate(self, *_):
        raise self.error


@pytest.fixture
def through(make_transcript, work):
    async def run(*engines, texts=RAIN, terms=(), join_sentences=True):
        transcript = make_transcript(*texts)
        dialogue = Dialogue(transcript, "en", terms, join_sentences=join_sentences, kept={}, work=work)
        translations = await dialogue.through(engines)
        assert [each.segment_index for each in translations] == [segment.index for segment in transcript.segments]
        assert dialogue.untranslated_count == sum(each.engine == "copy" and each.confidence == 0 for each in translations)
        return translations

    return run


def texts_of(translations):
    return [each.text for each in translations]


async def test_a_sentence_over_two_segments_is_asked_for_once_and_laid_back(through, work):
    engine = Scripted(lambda _: "When the rain has stopped, we will leave.")
    translations = await through(engine)
    assert engine.asked == ["Quand la pluie aura cessé nous partirons."]
    assert texts_of(translations) == ["When the rain has stopped,", "we will leave."]
    assert [each.confidence for each in translations] == [0.7, 0.7]
    assert work.reported == [(0.0, "0 of 2 lines"), (1.0, "2 of 2 lines")]


@pytest.mark.parametrize("answer", [None, "Leave!"])
async def test_a_sentence_that_can_t_be_had_as_one_is_asked_for_line_by_line(through, answer):
    engine = Scripted(lambda line: answer if line.text.startswith("Quand") and line.text.endswith(".") else line.text.upper())
    translations = await through(engine)
    assert engine.asked == ["Quand la pluie aura cessé nous partirons.", *RAIN]
    assert texts_of(translations) == [text.upper() for text in RAIN]


async def test_joining_is_a_setting(through):
    engine = Scripted(lambda line: line.text.upper())
    await through(engine, join_sentences=False)
    assert engine.asked == list(RAIN)


async def test_an_engine_is_told_what_was_said_before(through):
    seen: dict[str, tuple] = {}
    engine = Scripted(lambda line: (seen.setdefault(line.text, line.before), line.text)[1])
    await through(engine, texts=("A.", "♪", "B.", "C.", "D."))
    assert seen == {"A.": (), "B.": ("A.",), "C.": ("A.", "B."), "D.": ("B.", "C.")}


RING = Term(source="Anneau Noir", target="Black Ring")
SWORD = Term(source="Aube", target="Dawnblade")


async def test_only_terms_that_a_line_has_are_given_with_it(through):
    seen: dict[str, tuple] = {}
    engine = Scripted(lambda line: (seen.setdefault(line.text, line.terms), "Black Ring")[1])
    await through(engine, texts=("L'anneau noir.", "Rien."), terms=(RING, SWORD))
    assert seen == {"L'anneau noir.": (RING,), "Rien.": ()}


async def test_a_missed_term_is_asked_for_once_more_with_the_term_in_the_line(through):
    engine = Scripted(lambda line: "He has the Black Ring." if "Black Ring" in line.text else "He has the dark ring.")
    (translation,) = await through(engine, texts=("Il a l'Anneau Noir.",), terms=(RING,))
    assert engine.asked == ["Il a l'Anneau Noir.", "Il a l'Black Ring."]
    assert (translation.text, translation.missed_terms) == ("He has the Black Ring.", ())


@pytest.mark.parametrize("second", [None, "Something else without it."])
async def test_a_line_is_not_given_up_for_a_term(through, second):
    engine = Scripted(lambda line: second if "Black Ring" in line.text else "He has the dark ring.")
    (translation,) = await through(engine, texts=("Il a l'Anneau Noir.",), terms=(RING,))
    assert (translation.text, translation.missed_terms) == ("He has the dark ring.", ("Anneau Noir",))


async def test_of_two_tries_the_one_that_misses_less_is_kept(through):
    engine = Scripted(lambda line: "The Black Ring." if "Black Ring" in line.text else "The Dawnblade and the Black Ring.")
    (translation,) = await through(engine, texts=("L'Anneau Noir et Aube.",), terms=(RING, SWORD))
    assert translation.missed_terms == ()
    assert len(engine.asked) == 1


async def test_a_missed_term_stands_at_the_segment_that_has_it(through):
    engine = Scripted(lambda _: "When the rain is over, I will seek the jewel.")
    texts = ("Quand la pluie aura cessé", "je chercherai l'Anneau Noir.")
    assert [each.missed_terms for each in await through(engine, texts=texts, terms=(RING,))] == [(), ("Anneau Noir",)]
    across = ("Demain je chercherai l'Anneau", "Noir de la reine.")
    assert [each.missed_terms for each in await through(engine, texts=across, terms=(RING,))] == [("Anneau Noir",), ()]


async def test_what_one_engine_leaves_the_next_one_does(through):
    first = Scripted(lambda line: None if "B" in line.text else "first", "one")
    second = Scripted(lambda _: "second", "two")
    translations = await through(first, second, texts=("A.", "B.", "C."))
    assert [(each.text, each.engine) for each in translations] == [("first", "one"), ("second", "two"), ("first", "one")]
    assert second.asked == ["B."]


async def test_what_no_engine_can_stays_as_it_is(through):
    engine = Scripted(lambda _: None)
    (translation,) = await through(engine, engine, texts=("A.",))
    assert (translation.text, translation.engine, translation.confidence) == ("A.", "copy", 0.0)


async def test_an_engine_that_fails_is_stood_in_for(through):
    engine = Scripted(lambda _: "fine")
    (translation,) = await through(Broken(DependencyUnavailable("away")), engine, texts=("A.",))
    assert (translation.text, translation.engine) == ("fine", "scripted")


async def test_an_engine_that_stands_in_in_vain_leaves_the_line(through):
    (translation,) = await through(Scripted(lambda _: None), Broken(DependencyUnavailable("away")), texts=("A.",))
    assert translation.text == "A."


async def test_if_all_fail_the_failure_that_may_pass_is_told(through):
    with pytest.raises(DependencyUnavailable, match="away"):
        await through(Broken(InternalError("x")), Broken(DependencyUnavailable("away")), texts=("A.",))


answers = st.one_of(st.none(), st.text(st.sampled_from("ab c.,é"), min_size=1, max_size=30).filter(letters))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["Oui", "et puis,", "la fin.", "♪", "", "L'Anneau Noir"]), st.booleans()), max_size=9),
    st.lists(answers, min_size=1, max_size=30),
    st.booleans(),
)
def test_n_segments_in_n_out_whatever_the_engine_says(work, lines, script, join):
    segments, now_s = [], 0.0
    for place, (text, pause) in enumerate(lines):
        now_s += 3 if pause else 0
        segments.append(Segment(index=place + 5, start_s=now_s, end_s=now_s + 1, text=text))
        now_s += 1
    transcript = Transcript(
        language="fr", language_probability=1, duration_s=now_s, segments=tuple(segments), engine="e", model="m"
    )
    said = iter(script * 100)
    dialogue = Dialogue(transcript, "en", (RING,), join_sentences=join, kept={}, work=work)
    translations = asyncio.run(dialogue.through([Scripted(lambda _: next(said))]))
    assert [each.segment_index for each in translations] == [segment.index for segment in segments]
    for translation, segment in zip(translations, segments, strict=True):
        if not letters(segment.text):
            assert (translation.text, translation.confidence) == (segment.text, 1.0)
        elif translation.engine == "copy":
            assert (translation.text, translation.confidence) == (segment.text, 0.0)
        else:
            assert letters(translation.text)


class Paid(Scripted):
    """An engine whose budget is used up after some lines."""

    def __init__(self, say, lines, engine="paid"):
        super().__init__(say, engine)
        self.lines = lines

    async def translate(self, lines, source_language, target_language, errand):
        renderings: dict[int, Rendering] = {}

        async def one(place):
            if len(self.asked) == self.lines:
                raise BudgetExhausted("Of the job's budget (1 USD) 0 USD are left, and a call could cost 2 USD.")
            self.asked.append(lines[place].text)
            renderings[place] = Rendering(self.say(lines[place]), 0.9)
            errand.done(place, renderings[place])

        await each_of(range(len(lines)), one, at_once=2)
        return [renderings[place] for place in range(len(lines))]


async def test_past_a_budget_the_lines_that_were_paid_for_stay_and_the_next_engine_drafts_the_rest(make_transcript, work):
    paid, free = Paid(lambda line: line.text.upper(), 2), Scripted(lambda line: f"draft: {line.text}")
    dialogue = Dialogue(make_transcript("un", "deux", "trois"), "en", (), join_sentences=False, kept={}, work=work)
    translations = await dialogue.through([paid, free])
    assert [(each.text, each.engine) for each in translations] == [
        ("UN", "paid"),
        ("DEUX", "paid"),
        ("draft: trois", "scripted"),
    ]
    assert dialogue.notes == (
        "The engine paid had to stop before the end. Of the job's budget (1 USD) 0 USD are left, and a call could cost 2 USD.",
    )


async def test_where_a_model_has_no_price_to_keep_a_budget_by_the_next_engine_drafts_all_of_it(make_transcript, work):
    def say(line):
        raise PriceUnknown("It has no price.")

    paid, free = Scripted(say, "paid"), Scripted(lambda line: f"draft: {line.text}")
    dialogue = Dialogue(make_transcript("un", "deux"), "en", (), join_sentences=False, kept={}, work=work)
    translations = await dialogue.through([paid, free])
    assert [(each.text, each.engine) for each in translations] == [("draft: un", "scripted"), ("draft: deux", "scripted")]


async def test_past_a_budget_with_no_other_engine_the_rest_keeps_its_text(make_transcript, work):
    dialogue = Dialogue(make_transcript("un", "deux"), "en", (), join_sentences=False, kept={}, work=work)
    translations = await dialogue.through([Paid(lambda line: line.text.upper(), 1)])
    assert [(each.text, each.engine) for each in translations] == [("UN", "paid"), ("deux", "copy")]
    assert dialogue.untranslated_count == 1


async def test_where_a_budget_allows_nothing_at_all_the_translation_fails_for_it(make_transcript, work):
    dialogue = Dialogue(make_transcript("un", "deux"), "en", (), join_sentences=False, kept={}, work=work)
    with pytest.raises(BudgetExhausted):
        await dialogue.through([Paid(lambda line: line.text.upper(), 0)])


async def test_what_is_under_way_when_a_budget_is_used_up_may_end():
    ended, begun = [], []
    refused = asyncio.Event()

    async def do(item):
        begun.append(item)
        if item == 1:
            refused.set()
            raise BudgetExhausted("Nothing is left.")
        await refused.wait()
        ended.append(item)

    with pytest.raises(BudgetExhausted):
        await each_of(range(6), do, at_once=2)
    assert (begun, ended) == ([0, 1], [0])
