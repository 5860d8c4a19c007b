"""A name that is told is spelt as it is told."""

import pytest

from setu_common.contracts import Character, Context
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.lines import Line
from setu_enhancer.domain.mending import mended
from setu_enhancer.domain.selection import select
from setu_enhancer.domain.thresholds import Thresholds
from testbed.editing import HINDI

CAST = Context(
    characters=(
        Character(name="Moonga", source="मूँगा", aliases=("Moongi",)),
        Character(name="Zoravar Singh", source="ज़ोरावर सिंह"),
        Character(name="Tara", source="तारा"),
    )
)


@pytest.mark.parametrize(
    ("said", "draft", "right"),
    [
        ("मूँगा कल आएगी।", "Munga will come tomorrow.", "Moonga will come tomorrow."),
        ("मूँगा की बहन मूँगा से मिली।", "Munga's sister met Munga.", "Moonga's sister met Moonga."),
        ("ज़ोरावर सिंह आए हैं।", "Jorawar Singh has come.", "Zoravar Singh has come."),
    ],
)
def test_a_told_name_is_put_right_where_it_is_spelt_otherwise(said, draft, right):
    line = Line(0, 0.0, 3.0, said, draft)
    names = glossary(CAST, [line], HINDI)
    assert mended(line, names.in_line(said), HINDI) == right
    (reasons,) = select([line], HINDI, names, Thresholds(), "selective").values()
    assert {reason.kind for reason in reasons} == {"name"}
    assert "is spelt" in reasons[0].detail


@pytest.mark.parametrize(
    ("said", "draft"),
    [
        ("मूँगा कल आएगी।", "Moonga will come tomorrow."),
        ("मूँगा कल आएगी।", "Moongi will come tomorrow."),  # told as well
        ("तारा ने कपड़ा फाड़ दिया।", "Tara tore the cloth."),
        ("तारा, टायर देख!", "Tara, Tyre!"),
        ("वो कल आएगी।", "Munga will come tomorrow."),  # not said
    ],
)
def test_what_is_told_or_another_word_stays(said, draft):
    line = Line(0, 0.0, 3.0, said, draft)
    assert mended(line, glossary(CAST, [line], HINDI).in_line(said), HINDI) == draft


@pytest.mark.parametrize(
    ("told", "said", "draft"),
    [
        (("Sara", "सारा"), "सारा और साराह आईं।", "Sara and Sarah came."),
        (("Reena", "रीना"), "रीना और रिना बहनें हैं।", "Reena and Rina are sisters."),
        (("Hari", "हरि"), "हरि ने हैरी को मारा।", "Hari hit Harry."),
        (("Jon", "जॉन"), "जॉन और जोन मिले।", "John and Joan met."),
        (("Ravee", "रवि"), "रवि रावी के पार गया।", "Ravi went across the Ravi."),
    ],
)
def test_whoever_is_called_much_the_same_keeps_the_name(told, said, draft):
    line = Line(0, 0.0, 3.0, said, draft)
    names = glossary(Context(characters=(Character(name=told[0], source=told[1]),)), [line], HINDI)
    assert mended(line, names.in_line(said), HINDI) == draft


@pytest.mark.parametrize("name", ["?", "-", "…", "()", "'", "😀", " "])
def test_a_name_without_a_letter_is_none(name):
    line = Line(0, 0.0, 3.0, "आशा ने कहा", "She said")
    names = glossary(Context(characters=(Character(name=name, source="आशा"),)), [line], HINDI)
    assert [entry for entry in names.entries if entry.provenance == "caller"] == []
    assert select([line], HINDI, names, Thresholds(), "selective").keys() <= {0}


def test_a_name_that_nobody_told_may_be_spelt_in_any_way():
    line = Line(0, 0.0, 3.0, "विक्रम आया।", "Vikrum has come.")
    names = glossary(Context(), [line], HINDI)
    assert select([line], HINDI, names, Thresholds(), "selective") == {}
