"""Hindi comes in Devanagari: asked for, heard again, or put right and marked."""

import pytest

from setu_asr.domain.devanagari import devanagari, in_arabic_script
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.script import astray, insisting, put_right, script_prompt, scripted


@pytest.mark.parametrize(
    ("urdu", "hindi"),
    [
        ("نمستے دنیا", "नमस्ते दुनिया"),
        ("ایک دو تین چار پانچ چھے سات آٹھ نو دس", "एक दो तीन चार पाँच छह सात आठ नौ दस"),
        ("میں نے کھانا کھایا", "में ने खाना खाया"),
        ("شادی میں تین دن ہیں۔", "शादी में तीन दिन हैं।"),
        ("ہوا", "हवा"),
        ("کوئی آئے گا؟", "कोई आए गा?"),
        ("بچّہ", "बच्चा"),
        ("۱۲۳، ٤٥", "123, 45"),
        ("یہ بہت good computer ہے", "यह बहुत good computer है"),
    ],
)
def test_urdu_is_spelt_in_devanagari_and_latin_words_stay(urdu, hindi):
    assert devanagari(urdu) == hindi
    assert not in_arabic_script(devanagari(urdu))


def test_keyboards_that_mix_arabic_and_persian_letters_make_no_difference():
    assert devanagari("كتاب هے") == devanagari("کتاب ہے")


def test_no_letter_of_urdu_survives():
    letters = "ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےئآؤۂۃأ"
    for first in letters:
        for second in letters:
            assert not in_arabic_script(devanagari(first + second)), (first, second)


def test_text_in_other_scripts_is_left_as_it_is():
    for text in ("नमस्ते दुनिया", "Bonjour, monde !", "你好", ""):
        assert devanagari(text) == text


def words(*texts):
    return tuple(HeardWord(number, number + 0.5, f" {text}", 0.9) for number, text in enumerate(texts))


def stretch(*texts):
    return Heard(0, len(texts), " ".join(texts), words(*texts))


def test_only_what_was_in_the_wrong_script_is_put_right_and_marked():
    first, second = put_right([stretch("यह", "ठीक", "है"), stretch("یہ", "ok", "ہے")], "hi")
    assert (first.text, first.transliterated) == ("यह ठीक है", False)
    assert (second.text, second.transliterated) == (" यह ok है", True)
    assert [word.text for word in second.words] == [" यह", " ok", " है"]
    assert [word.start_s for word in second.words] == [0, 1, 2]


def test_urdu_itself_and_other_languages_are_nobodys_concern():
    for language in ("ur", "ar", "en"):
        assert not astray([stretch("یہ")], language)
        assert put_right([stretch("یہ")], language) == [stretch("یہ")]
    assert astray([stretch("یہ")], "hi")
    assert not astray([stretch("This", "is", "code", "mixed", "है")], "hi")


def test_a_callers_prompt_is_kept_and_devanagari_goes_before_it():
    assert script_prompt("fr") == ""
    assert scripted(NO_HINTS, "fr") == NO_HINTS
    assert scripted(NO_HINTS, "hi").prompt == script_prompt("hi")
    assert scripted(Hints("Raj, Simran", 0.2), "hi") == Hints(f"{script_prompt('hi')} Raj, Simran", 0.2)
    assert scripted(Hints("राज और Simran"), "hi").prompt == "राज और Simran"


def test_a_clip_that_came_in_the_wrong_script_is_asked_for_with_more_of_the_right_one():
    prompt = insisting(scripted(NO_HINTS, "hi"), "hi", [stretch("यह", "ठीक", "है"), stretch("یہ", "ہے")]).prompt
    assert prompt.startswith(script_prompt("hi"))
    assert prompt.endswith("यह ठीक है")
    assert len(prompt) > len(script_prompt("hi")) + 50
    assert not in_arabic_script(prompt)
