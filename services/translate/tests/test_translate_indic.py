"""What IndicTrans2 is given, and how what it says is read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_translate.domain.indic import BLOCKS, LAST_ALIKE, from_devanagari, prepared, restored, to_devanagari
from setu_translate.domain.sentences import in_sentences


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("क्या आप आएंगे? हाँ, ज़रूर।", "hin_Deva", "क्या आप आएंगे ? हाँ , ज़रूर ।"),
        ("आमि भालो, धन्यबाद|", "hin_Deva", "आमि भालो , धन्यबाद ।"),
        ("আমি ভালো আছি।", "ben_Beng", "आमि भालो आछि ।"),
        ("నేను బాగున్నాను.", "tel_Telu", "नेनु बागुन्नानु ."),
        ("یہ گھر ہے۔", "urd_Arab", "یہ گھر ہے۔"),
        ("Dr. Rao doesn't know it's late (yet)...", "eng_Latn", "Dr. Rao doesn 't know it 's late ( yet ) ..."),
        ("“Yes,” he said — ‘no’.", "eng_Latn", "\" Yes , \" he said - ' no ' ."),
        ("१२ लोग", "hin_Deva", "12 लोग"),
    ],
)
def test_lines_are_tokenised_in_one_script_with_plain_signs(text, code, expected):
    assert prepared(text, code).text == expected


def test_letters_with_a_dot_are_two_characters_however_they_were_written():
    assert prepared("\u0958लम", "hin_Deva").text == prepared("\u0915\u093cलम", "hin_Deva").text == "\u0915\u093cलम"
    assert prepared("\u0929", "hin_Deva").text == "\u0928\u093c"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("write to a.b@example.com now", ("a.b@example.com",)),
        ("see https://example.com/a?b=c.", ("https://example.com/a?b=c",)),
        ("at 10:30 on 12/05/2024", ("10:30", "12/05/2024")),
        ("follow @setu_team and #bridges", ("@setu_team", "#bridges")),
        ("it is 3.5 or 7%", ()),  # short ones the model gets right
        ("no numbers here", ()),
    ],
)
def test_what_is_not_to_be_translated_stands_behind_placeholders(text, kept):
    ready = prepared(text, "eng_Latn")
    assert ready.kept == kept
    assert all(f"<ID{number}>" in ready.text for number in range(1, len(ready.kept) + 1))
    assert restored(ready.text, "eng_Latn", ready.kept).split() == text.split()


@pytest.mark.parametrize("said", ["<ID1> पर आओ", "< ID1 > पर आओ", "< ID 1 > पर आओ", "<आईडी1> पर आओ", "< आई . डी . 1 > पर आओ"])
def test_placeholders_are_found_however_the_model_writes_them(said):
    assert restored(said, "hin_Deva", ("10:30",)) == "10:30 पर आओ"


def test_a_placeholder_that_stands_for_nothing_goes():
    assert restored("<ID7> पर आओ", "hin_Deva", ("10:30",)) == "पर आओ"


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        ("I do n't know , do you ? It 's \" late \" ( very ) .", "eng_Latn", "I don't know, do you? It's \"late\" (very)."),
        ("तुम कहाँ हो ?", "hin_Deva", "तुम कहाँ हो?"),
        ("आमि भालो आछि ।", "ben_Beng", "আমি ভালো আছি।"),
        ("भगवान", "tam_Taml", "பகவாந"),
        ("यह $ 5 है", "hin_Deva", "यह $5 है"),
    ],
)
def test_what_the_model_says_is_written_as_its_language_is(said, code, expected):
    assert restored(said, code, ()) == expected


@given(
    st.text(st.characters(min_codepoint=BLOCKS["Deva"], max_codepoint=BLOCKS["Deva"] + LAST_ALIKE), max_size=30),
    st.sampled_from(sorted(BLOCKS)),
)
def test_every_letter_of_devanagari_has_one_in_each_script_or_none(text, script):
    written = from_devanagari(text, script)
    assert all(unicodedata.name(each, "") for each in written)
    if script != "Deva":
        assert not any("DEVANAGARI" in unicodedata.name(each) and each not in "।॥" for each in written)


@pytest.mark.parametrize(
    ("script", "text"),
    [("Beng", "আমি"), ("Gujr", "હું ઘરે જાઉં છું"), ("Guru", "ਮੈਂ ਘਰ"), ("Knda", "ನಾನು"), ("Mlym", "ഞാൻ"), ("Telu", "నేను")],
)
def test_a_script_survives_the_way_through_devanagari(script, text):
    assert from_devanagari(to_devanagari(text, script), script) == text


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Oui. Non ! « Peut-être. » Bon", "fr", ["Oui.", "Non !", "« Peut-être. »", "Bon"]),
        ("Mr. Smith est là... Dr. No aussi.", "fr", ["Mr. Smith est là...", "Dr. No aussi."]),
        ("J. R. Tolkien wrote 3.5 pages. Yes.", "en", ["J. R. Tolkien wrote 3.5 pages.", "Yes."]),
        ("你好。再见！走吧", "zh", ["你好。", "再见！", "走吧"]),
        ("मैं आया। डॉ. राव गए?", "hi", ["मैं आया।", "डॉ. राव गए?"]),
        ("♪ ... Hello", "en", ["♪ ... Hello"]),
        ("No !!! ...", "en", ["No !!! ..."]),
    ],
)
def test_a_line_is_cut_into_its_sentences(text, language, expected):
    assert in_sentences(text, language) == expected


@given(st.text(st.sampled_from('ab .!?…»"।。'), max_size=40))
def test_no_letter_is_lost_in_cutting(text):
    parts = in_sentences(text, "en")
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(parts)
