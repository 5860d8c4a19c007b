"""Answers that are listened to while they are written: each line is looked at as soon as it is whole, and nothing comes out otherwise."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.replies import Entry, heard, read
from setu_enhancer.domain.windows import Ask
from setu_enhancer.editing import Instruments
from setu_enhancer.editing.hearing import LONGEST_PAUSE_S, MOST_CHARACTERS, Listener
from testbed.editing import ENGLISH, LINES, Writing, edit, guard, reply_of, scorer, texts_of, with_texts, written
from testbed.jumping import JumpingLoop

GOOD = {number: ENGLISH[number] for number in range(6)}
ALL = list(GOOD.items())
ODD = '{"lines": ["0|a \\"quoted\\" bar | 1|x", "1|\\u0930\\u093e\\u091c \\ud83d\\ude00\\n", "2|😀 राज", "3| ", "4|no \\\\"]}'


def listened(replies, indices=range(6)):
    """What is looked at while texts so far come one after the other."""
    looked: list[tuple[int, str]] = []
    asks = [Ask(Line(index, index, index + 1.0, "", "")) for index in indices]
    listener = Listener(asks, lambda index, text: looked.append((index, text)))
    for each in replies:
        listener(each)
    return looked


def growing(reply, cuts):
    return [reply[:at] for at in sorted({*cuts, len(reply)})]


@pytest.mark.parametrize("reply", [written(ALL), json.dumps(json.loads(written(ALL)), indent=1), ODD, f"Sure: {written(ALL)}!"])
def test_a_letter_at_a_time_each_line_is_heard_once_as_it_is_read_in_the_end(reply):
    looked = listened(growing(reply, range(len(reply))))
    assert [Entry(*each) for each in looked] == [each for each in read(reply) if each.text]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6), st.booleans(), st.data())
def test_whatever_lines_say_and_however_they_are_cut_they_are_heard_as_they_are_read(texts, ascii_only, data):
    reply = json.dumps({"lines": [f"{number}|{text}" for number, text in enumerate(texts)]}, ensure_ascii=ascii_only)
    cuts = data.draw(st.sets(st.integers(0, len(reply))))
    assert [Entry(*each) for each in listened(growing(reply, cuts))] == [each for each in read(reply) if each.text]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='12|"\\,[]{}: ux\ud800aé', max_size=60), st.sets(st.integers(0, 60)))
def test_whatever_comes_nothing_breaks_and_no_line_is_heard_twice(reply, cuts):
    looked = listened(growing(reply, {at for at in cuts if at <= len(reply)}), indices=range(30))
    assert len({index for index, _ in looked}) == len(looked)


def test_a_line_is_heard_as_soon_as_its_last_mark_has_come():
    reply = written(ALL[:2])
    at = reply.index('", "') + 1
    assert listened([reply[: at - 1]]) == []
    assert listened([reply[:at]]) == ALL[:1]


def test_listening_goes_on_where_it_stopped():
    reply = written(ALL)
    entries, at = heard(reply[:-10])
    assert [each.id for each in entries] == [0, 1, 2, 3, 4]
    assert heard(reply, at)[0] == [Entry(5, GOOD[5])]


def test_another_attempt_is_heard_from_its_beginning_and_lines_that_nobody_asked_for_are_not():
    first, second = written([(0, "Who was it?"), (7, "Me.")]), written(ALL[:1])
    assert listened([first[:20], first, second]) == [(0, "Who was it?"), ALL[0]]


def test_a_reply_without_end_is_not_listened_to():
    assert listened([written([(0, "a" * MOST_CHARACTERS)])]) == []


def pauses(reply, step=10, each_s=0.01):
    """How long a listener wants to hear nothing, by how much of a reply it heard, which comes evenly."""
    times = (each_s * at for at in range(1000))
    listener = Listener([Ask(line) for line in LINES[:6]], lambda *_: None, clock=lambda: next(times))
    return {at: listener(reply[:at]) for at in range(step, len(reply) + step, step)}


def test_nothing_need_be_heard_for_a_part_of_the_time_that_is_left_until_the_last_line_begins():
    reply = written(ALL)
    wanted = pauses(reply)
    assert wanted[10] == 0  # nobody knows yet how fast it comes
    assert max(pauses(reply, each_s=0.1).values()) == LONGEST_PAUSE_S
    last_begins = reply.index('", "5|')
    assert all(pause_s == 0 for at, pause_s in wanted.items() if at > last_begins)
    assert all(pause_s > 0 for at, pause_s in wanted.items() if 10 < at < last_begins - 30)
    assert all(at + 10 * pause_s / 0.01 < len(reply) for at, pause_s in wanted.items() if pause_s)


def test_who_writes_in_a_form_in_which_no_line_is_heard_is_not_heard_too_late():
    assert list(pauses(reply_of(ALL)).values())[-5:] == [0] * 5


def happened(model_of, **options):
    """What is done in which order: which texts are looked at by guards and scorer, and when the answer is whole."""
    events: list[tuple[str, str]] = []

    def guarded(line, edit, pair, glossary, *, characters_per_s):
        events.append(("guarded", edit))
        return guard(line, edit, pair, glossary, characters_per_s=characters_per_s)

    def scored(line, text, *rest, **more):
        events.append(("scored", text))
        return scorer(line, text, *rest, **more)

    class Telling(Writing):
        async def chat(self, messages, **more):
            answer = await super().chat(messages, **more)
            events.append(("answered", ""))
            return answer

    async def run():
        instruments = Instruments(guarded, scored, lambda *_: True)
        return await edit(model_of(Telling), instruments=instruments, lines_per_request=len(LINES), **options)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return events, runner.run(run())


EDITED = [text for line, text in zip(LINES, ENGLISH.values(), strict=True) if text != line.draft]


def test_each_edit_is_looked_at_once_while_the_others_are_still_written():
    events, edits = happened(lambda model: model())
    assert texts_of(edits) == list(ENGLISH.values())
    answered = events.index(("answered", ""))
    for text in EDITED[:-1]:
        assert events.count(("guarded", text)) == events.count(("scored", text)) == 1
        assert events.index(("scored", text)) < answered
    assert events.index(("scored", EDITED[0])) < events.index(("guarded", EDITED[2]))


def test_an_edit_that_something_is_wrong_with_is_not_scored_and_is_mended_as_ever():
    wrong = iter([with_texts(l0="King, where were you, 7?"), with_texts()])
    document = lambda told: written(json_texts(next(wrong)(told)))  # noqa: E731
    events, edits = happened(lambda model: model(document))
    assert texts_of(edits) == list(ENGLISH.values())
    assert events.count(("guarded", "King, where were you, 7?")) == 1
    assert ("scored", "King, where were you, 7?") not in events
    last = len(events) - 1 - events[::-1].index(("answered", ""))
    assert events.index(("guarded", ENGLISH[0])) < last  # the mended one, too


def json_texts(reply):
    return {each["id"]: each["text"] for each in json.loads(reply)["lines"]}


def test_what_an_answer_takes_back_is_not_what_is_kept():
    """A line that is heard with one text, and comes with another in the end, is judged by that."""

    class Wavering(Writing):
        async def chat(self, messages, *, heard=None, **options):
            assert heard is not None
            heard(written({0: "King, where was he?"}))
            await asyncio.sleep(1)
            return await super().chat(messages, heard=heard, **options)

    def scored(line, text, *rest, neighbours=(), **more):
        return scorer(line, text, *rest, **more)

    async def run():
        return await edit(
            Wavering(), instruments=Instruments(guard, scored, lambda before, after, _: after.total > before.total)
        )

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        edits = runner.run(run())
    assert texts_of(edits) == list(ENGLISH.values())
    assert not any(each.offered == "King, where was he?" for each in edits)
