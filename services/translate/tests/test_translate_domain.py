"""Prompts, scripts and guards, without any server."""

import tomllib
from pathlib import Path

import pytest

from setu_common.contracts import LANGUAGE_NAMES
from setu_translate.domain.guards import fault
from setu_translate.domain.prompting import Example, ExampleTable, longest_answer_tokens, one_line, prompt
from setu_translate.domain.scripts import SCRIPTS, is_in_script_of, letters, strays
from setu_translate.engines.examples import read_examples

LANGUAGES = ("en", "es", "fr", "hi", "it", "ja", "pl", "pt", "zh")
EXAMPLES = read_examples()
LINES = tomllib.loads((Path(__file__).parent / "data" / "lines.toml").read_text())["line"]


def fault_of(answer: str, line: str = "Où vas-tu ?", source: str = "fr", target: str = "en", *, cut_off: bool = False):
    examples = EXAMPLES.between(source, target)
    return fault(answer, line, source_language=source, target_language=target, examples=examples, cut_off=cut_off)


def test_every_example_is_in_every_language_and_in_its_script():
    assert EXAMPLES.languages == LANGUAGES
    assert set(LANGUAGES) <= SCRIPTS.keys()
    for source in LANGUAGES:
        for target in set(LANGUAGES) - {source}:
            for example in EXAMPLES.between(source, target):
                assert is_in_script_of(example.source, source)
                assert is_in_script_of(example.target, target)
                assert example.source != example.target
                assert "\n" not in example.source


def test_no_line_that_forms_are_measured_on_is_an_example():
    shown = {example.source for code in ("fr", "pt", "es", "hi") for example in EXAMPLES.between(code, "en")}
    assert len(LINES) >= 12
    assert not shown & {line[code] for line in LINES for code in line}


def test_a_table_with_a_gap_is_refused():
    with pytest.raises(ValueError, match="same languages"):
        ExampleTable([{"en": "a", "fr": "b"}, {"en": "a"}])
    with pytest.raises(ValueError, match="same languages"):
        ExampleTable([])


def test_a_prompt_shows_examples_and_ends_where_the_model_goes_on():
    made = prompt([Example("Oui.", "Yes."), Example("Non.", "No.")], "fr", "en", "Peut-être.")
    assert made == "French: Oui.\nEnglish: Yes.\n\nFrench: Non.\nEnglish: No.\n\nFrench: Peut-être.\nEnglish:"


def test_line_ends_within_a_line_can_t_end_the_example():
    assert one_line("  Un\n\nEnglish:\tdeux ") == "Un English: deux"


def test_an_answer_is_bounded_by_its_line():
    assert longest_answer_tokens("Oui") < longest_answer_tokens("Oui, bien sûr") < longest_answer_tokens("x" * 10_000) == 600


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Good morning", "en", True),
        ("सुप्रभात", "en", False),
        ("सुप्रभात", "hi", True),
        ("क्षत्रिय ज्ञान", "hi", True),
        ("शुभ प्रभात, John", "hi", True),
        ("Good morning", "hi", False),
        ("すみません、駅はどこですか", "ja", True),
        ("日本", "ja", True),
        ("火车站在哪里", "zh", True),
        ("すみません", "zh", False),
        ("Żółć", "pl", True),
        ("1984 …", "hi", True),
        ("Доброе утро", "en", False),
        ("whatever", "la", True),
    ],
)
def test_scripts_are_told_apart(text, language, expected):
    assert is_in_script_of(text, language) is expected


def test_letters_of_a_third_script_stray_and_latin_ones_never_do():
    assert strays("मेरी बहन एक больнице में है, John", "es", "hi") == "больнице"
    assert strays("君はशाहरुखを見た", "hi", "ja") == ""
    assert strays("これは火です", "en", "zh") == "これはです"


def test_letters_are_what_can_be_translated():
    assert letters("♪ 12:30 …!") == ""
    assert letters("हाँ!") == "हाँ"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Where are you going?", None),
        ("", "empty"),
        ("…?!", "empty"),
        ("French: Où vas-tu ? English: Where", "prompt"),
        ("Where were you last night?", "prompt"),
        ("Where " * 40, "runaway"),
        ("Where are you going you going you going you going", "runaway"),
        ("a long story " + "x" * 100, "runaway"),
        ("तुम कहाँ जा रहे हो?", "script"),
        ("Where, where, where?", "runaway"),
        ("Going to the больница?", "script"),
        ("Where? Over there.", None),
        ("Where is José's 1ª π?", None),
    ],
)
def test_what_can_be_no_translation_is_named(answer, expected):
    assert fault_of(answer.strip()) == expected


def test_an_answer_that_was_cut_off_is_a_runaway():
    assert fault_of("Where are you", cut_off=True) == "runaway"


def test_a_line_that_is_an_example_may_have_its_translation():
    example = EXAMPLES.between("fr", "en")[0]
    assert fault_of(example.target, example.source) is None
    assert fault_of(example.target, "Où étiez-vous hier soir?") is None
    assert fault_of(example.target, "Merci beaucoup !") == "prompt"


def test_a_line_that_repeats_itself_may_be_translated_so():
    assert fault_of("No, no, no, no, no!", "Non, non, non, non, non !") is None
    assert fault_of("Never, never, never!", "Jamais, jamais, jamais !") is None
    assert fault_of("No, no, no, no, no!", "Non !") == "runaway"


def test_chinese_grows_when_it_is_translated_into_english():
    assert (
        fault_of(
            "Please put the umbrella beside the front door before you come in.", "进门前请把雨伞放在前门旁边。", "zh", "en"
        )
        is None
    )


def test_a_sentence_that_comes_back_as_it_went_is_no_translation_but_a_name_is():
    assert fault_of("Je ne sais pas du tout", "Je ne sais pas du tout") == "copy"
    assert fault_of("Marie Dupont", "Marie Dupont") is None


def test_every_language_of_the_examples_has_a_name():
    assert set(EXAMPLES.languages) <= LANGUAGE_NAMES.keys()
