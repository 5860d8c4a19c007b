"""What rules make of a draft keeps its mark-up and has each name once."""

import pytest

from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.mending import mended
from setu_enhancer.domain.mending.checking import checked
from testbed.editing import HINDI


def name(source: str, target: str) -> Entry:
    return Entry((source,), target, (), "name", "caller")


RAJU = name("राजू", "Raju")


@pytest.mark.parametrize(
    ("said", "draft", "entry", "text"),
    [
        ("नीम चौक पर मिलो।", "Meet at Neem square.", name("नीम चौक", "Neem Chowk"), "Meet at Neem Chowk."),
        ("विजय सिंह आया।", "Vijay Lion came.", name("विजय सिंह", "Vijay Singh"), "Vijay Singh came."),
        ("राम घाट पर मिलेंगे।", "We'll meet at the Ram bank.", name("राम घाट", "Ram Ghat"), "We'll meet at Ram Ghat."),
        ("राजू, इधर आ।", "COME HERE!", RAJU, "RAJU, COME HERE!"),
    ],
)
def test_a_name_stands_once_and_capitals_stay(said, draft, entry, text):
    assert mended(Line(0, 0.0, 3.0, said, draft), [entry], HINDI) in (text, text.replace("at ", "at the "))


@pytest.mark.parametrize("draft", ["{\\an8}Come here.", "<i>Come here.</i>", "[whispering] Come here.", "MAN: Come here."])
def test_no_name_is_put_into_mark_up(draft):
    made = mended(Line(0, 0.0, 3.0, "राजू, इधर आ।", draft), [RAJU], HINDI)
    mark = draft.split("Come")[0]
    assert made.startswith(mark)
    assert made in (draft, draft.replace("Come", "Raju, come"))


def test_a_sister_in_law_is_no_sister():
    line = Line(0, 0.0, 3.0, "दया भाभी कहाँ हैं?", "Where is sister-in-law?")
    assert "Sister Daya" not in mended(line, [name("दया", "Daya")], HINDI)


def test_what_breaks_mark_up_is_not_made():
    assert checked("{\\an8}Come.", "{\\Raju, an8}Come.", [RAJU]) == "{\\an8}Come."
    assert checked("Come.", "Raju, come.", [RAJU]) == "Raju, come."
