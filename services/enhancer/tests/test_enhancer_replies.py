"""Replies of every kind: leniently read, strictly judged."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_enhancer.domain.replies import Entry, judge, read
from setu_enhancer.domain.windows import Ask
from testbed.editing import ENGLISH, LINES, reply_of, written

ASKS = [Ask(line) for line in LINES[:6]]
GOOD = {number: ENGLISH[number] for number in range(6)}


def judged(texts, *, cut_off=False, asks=ASKS):
    return judge(asks, read(texts if isinstance(texts, str) else reply_of(texts)), cut_off=cut_off)


@pytest.mark.parametrize(
    "reply",
    [
        written(GOOD),
        written((f" {number} ", f" {text}") for number, text in GOOD.items()),
        written(reversed(GOOD.items())),
        json.dumps([f"{number}|{text}" for number, text in GOOD.items()]),
        f'Here: "{{lines}}" as JSON:\n```\n{written(GOOD)}\n```',
        written(GOOD)[:-2],
        written((number, f"{text} |") for number, text in GOOD.items()),
        written((number, f"| {text}|") for number, text in GOOD.items()),
        json.dumps({"notes": ["1|The name is one."], "lines": [f"{number}|{text}" for number, text in GOOD.items()]}),
        json.dumps(
            {"thoughts": ["The first is a question.", "So is 5."], "lines": [f"{n}|{text}" for n, text in GOOD.items()]}
        ),
        reply_of(GOOD),
        json.dumps({"lines": [{"id": str(number), "text": text} for number, text in GOOD.items()]}),
        json.dumps({str(number): text for number, text in GOOD.items()}),
        json.dumps({"lines": [[number, text] for number, text in GOOD.items()]}),
        json.dumps([{"id": number, "text": text} for number, text in GOOD.items()]),
        json.dumps({"result": {"lines": [{"id": float(number), "translation": text} for number, text in GOOD.items()]}}),
        "\n".join(json.dumps({"id": number, "text": text}) for number, text in GOOD.items()),
        f"Sure! Here are your {{lines}}:\n```json\n{reply_of(GOOD)}\n```\nLet me know if you {{need}} more.",
        f'<think>They want {{"id": 0, "text": "this?"}} …</think>\n{reply_of(GOOD)}',
        reply_of(("०१२३४५"[number], text) for number, text in GOOD.items()),
        reply_of(reversed(GOOD.items())),
        reply_of([*GOOD.items(), (3, GOOD[3])]),
        reply_of(GOOD)[:-2],
        reply_of((number, f"\n {text}\n") for number, text in GOOD.items()),
    ],
)
def test_forms_that_say_plainly_which_text_is_whose_are_all_taken(reply):
    found = judged(reply)
    assert found.texts == GOOD
    assert found.faults == {}


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([(number + 1, text) for number, text in GOOD.items()], "id 6, which nobody asked for"),
        ([(number + 100, text) for number, text in GOOD.items()], "id 100, which nobody asked for"),
        ([("शून्य", GOOD[0]), *list(GOOD.items())[1:]], "no id that is a number"),
        ([(None, "A line of nobody's."), *GOOD.items()], "no id that is a number"),
        ([(True, GOOD[1]), *GOOD.items()], "no id that is a number"),
        ([*GOOD.items(), (3, "Something else.")], "the id 3 came twice"),
        (list(GOOD.items())[:-1], "nothing for the id 5"),
        ([*list(GOOD.items())[:-1], (5, "…")], "nothing for the id 5"),
        ([], "no JSON with the lines"),
    ],
)
def test_ids_that_are_not_exactly_those_asked_for_make_nothing_trusted(entries, told):
    found = judged(reply_of(entries))
    assert found.texts == {}
    assert set(found.faults) == set(GOOD)
    assert all(told in fault.detail for fault in found.faults.values())


def test_after_merged_lines_with_the_rest_numbered_on_nothing_is_trusted():
    texts = [*list(GOOD.values())[:2], f"{GOOD[2]} {GOOD[3]}", *list(GOOD.values())[4:]]
    assert judged(reply_of(enumerate(texts))).texts == {}


def test_a_line_left_out_makes_its_neighbours_suspect_and_no_others():
    found = judged({number: text for number, text in GOOD.items() if number != 2})
    assert set(found.faults) == {1, 2, 3}
    assert set(found.texts) == {0, 4, 5}
    assert "merged" in found.faults[1].detail


def test_what_was_said_before_an_answer_was_cut_off_is_kept_but_for_the_line_beside_the_end():
    found = judged(reply_of(GOOD)[: reply_of(GOOD).index('{"id": 4')], cut_off=True)
    assert set(found.texts) == {0, 1, 2}
    assert set(found.faults) == {3, 4, 5}


def test_texts_that_changed_places_under_right_ids_are_noticed_by_their_drafts():
    swapped = {**GOOD, 4: "Raj has never spoken a lie.", 5: "So then, how did you take the taxi?"}
    found = judged(swapped)
    assert {number: fault.kind for number, fault in found.faults.items()} == {4: "place", 5: "place"}
    assert set(found.texts) == {0, 1, 2, 3}


def test_the_same_text_for_lines_that_say_different_things_is_nobodys():
    assert set(judged({**GOOD, 1: GOOD[0]}).faults) == {0, 1}


def test_the_same_text_for_lines_that_say_the_same_is_fine():
    asks = [Ask(LINES[6]), Ask(LINES[7]), Ask(type(LINES[6])(8, 100.0, 103.0, LINES[6].source, LINES[6].draft))]
    texts = {6: "Close the door, will you?", 7: ENGLISH[7], 8: "Close the door, will you?"}
    assert judged(texts, asks=asks).texts == texts


@pytest.mark.parametrize(
    "lines",
    [
        [*GOOD.values()],
        [f"{number}: {text}" for number, text in GOOD.items()],
        [f"{number + 1}|{text}" for number, text in GOOD.items()],
        [f"line {number}|{text}" for number, text in GOOD.items()],
        [*(f"{number}|{text}" for number, text in GOOD.items()), "and he went on."],
        [*(f"{number}|{text}" for number, text in GOOD.items()), "2|Something else."],
        [f"{number}|{text}" for number, text in GOOD.items()][:-1],
        [*[f"{number}|{text}" for number, text in GOOD.items()][:-1], "5|"],
    ],
    ids=["no ids", "another sign", "numbered on", "words for ids", "one of nobody", "twice", "the last is missing", "or empty"],
)
def test_lines_in_strings_are_trusted_only_under_exactly_the_ids_that_were_asked_for(lines):
    assert judged(json.dumps({"lines": lines})).texts == {}


def test_a_text_may_have_a_bar_and_quotation_marks_of_its_own():
    texts = {**GOOD, 2: 'He said "3|Get out" | and left.'}
    assert judged(written(texts)).texts == texts
    assert judged(written(texts)[:-2]).texts == texts


def test_what_is_quoted_within_a_broken_string_is_no_line():
    assert read(r'["2|\x He said \"3|Get out\" and left.", "4|He left."]') == (Entry(4, "He left."),)


@pytest.mark.parametrize(
    "said",
    [
        'He said "yes" loudly.',
        '"Yes", he said.',
        'He said "yes, and 3|no", and left.',
        'It is 6", tall as he is.',
        '"3|Get out", he said.',
    ],
)
def test_a_line_that_ends_for_json_at_a_mark_which_was_not_escaped_is_left_out_and_so_are_those_beside_it(said):
    lines = ",".join(f'"{number}|{said if number == 1 else text}"' for number, text in GOOD.items())
    found = judged(f'{{"lines":[{lines}]}}')
    assert found.texts == {number: GOOD[number] for number in (3, 4, 5)}
    assert set(found.faults) == {0, 1, 2}


def test_of_strings_that_break_off_the_whole_ones_count():
    whole = written(GOOD)
    found = judged(whole[: whole.index('"4|') + 9], cut_off=True)
    assert set(found.texts) == {0, 1, 2}
    assert set(found.faults) == {3, 4, 5}


def test_an_entry_whose_text_is_no_text_counts_as_left_out():
    reply = json.dumps({"lines": [{"id": number, "text": None if number == 2 else text} for number, text in GOOD.items()]})
    assert 2 in judged(reply).faults


def test_half_a_character_is_no_character_of_a_line():
    reply = json.dumps({"lines": [f"{number}|{text}\ud83d" for number, text in GOOD.items()]})
    assert judged(reply).texts == {number: f"{text}\ufffd" for number, text in GOOD.items()}


@pytest.mark.parametrize(
    "reply", ["", "No.", "{", "[" * 5000, "{" * 5000, '"1|' * 5000, '{"id": ' + "9" * 5000 + "}", '{"lines": 3}', "\ud800"]
)
def test_what_is_no_answer_at_all_is_read_as_none(reply):
    found = judged(reply)
    assert found.texts == {}
    assert set(found.faults) == set(GOOD)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_whatever_a_reply_is_each_line_has_a_text_or_a_fault_and_never_both(reply):
    for start in ('{"id": 0, "text": ', '"0|'):
        holds_of(judge(ASKS, read(f'{{"lines": [{start}{reply}'), cut_off=False))


def holds_of(found):
    assert set(found.texts) | set(found.faults) == set(GOOD)
    assert not set(found.texts) & set(found.faults)
    assert all(text.encode() and "\n" not in text for text in found.texts.values())


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["id", "text", "lines", "0", "1", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_json_of_any_shape_gives_entries_of_text_and_number(value):
    for entry in read(json.dumps(value)):
        assert isinstance(entry, Entry)
        assert entry.id is None or type(entry.id) is int
        assert isinstance(entry.text, str)
