"""Scripts, languages and reading speed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_enhancer.domain.text.devanagari import is_brahmic
from setu_enhancer.domain.text.measures import limit_of, reading_speed
from setu_enhancer.domain.text.scripts import foreign_share, likely_language
from setu_enhancer.domain.text.words import WORD, folded, folded_words, words

LANGUAGES = ("en", "hi", "fr", "es", "pt", "mr", "it", "de")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("राज बहुत अच्छा है", "hi"),
        ("मी तुला सांगतो आहे", "mr"),
        ("main tumse pyaar karta hoon", "hi"),
        ("OK bhai, chalo yaar", "hi"),
        ("Tu kya kar raha hai?", "hi"),
        ("Raj is a very good friend", "en"),
        ("Do you know me?", "en"),
        ("What are you doing here?", "en"),
        ("Note: come tomorrow, okay.", "en"),
        ("Je ne sais pas", "fr"),
        ("No sé qué hacer", "es"),
        ("Eu não sei o que fazer", "pt"),
    ],
)
def test_a_language_is_told_by_script_and_small_words(text, language):
    likely, sure = likely_language(text, LANGUAGES)
    assert likely == language
    assert sure > 0


def test_a_script_that_only_one_of_the_languages_has_is_proof():
    assert likely_language("राज", ("en", "hi")) == ("hi", 1.0)
    assert likely_language("こんにちは", ("en", "ja")) == ("ja", 1.0)


def test_what_nothing_speaks_for_is_told_without_any_sureness():
    assert likely_language("...", ("en", "hi")) == ("en", 0.0)
    assert likely_language("Zzyzx", ("hi", "en")) == ("en", 0.0)
    assert likely_language("привет", ("hi", "en")) == ("hi", 0.0)


def test_letters_of_another_script_are_foreign():
    assert foreign_share("Raj राज", "en") == pytest.approx(3 / 6)  # the vowel sign counts too
    assert foreign_share("Raj", "en") == 0
    assert foreign_share("राज 123!", "hi") == 0
    assert foreign_share("123 ...", "en") == 0
    assert foreign_share("東京へ行く", "ja") == 0
    assert foreign_share("naïve São", "en") == 0


@given(st.text(max_size=60), st.sampled_from(["en", "hi", "ja", "sr", "ko"]))
def test_shares_are_shares(text, language):
    assert 0 <= foreign_share(text, language) <= 1
    likely, sure = likely_language(text, LANGUAGES)
    assert likely in LANGUAGES
    assert 0 <= sure <= 1


def test_spellings_of_a_hindi_word_fold_to_one():
    assert folded("हिन्दी") == folded("हिंदी")
    assert folded("हाँ") == folded("हां")
    assert folded("हज़ार") == folded("हजार")


def test_a_danda_is_no_part_of_a_word_and_a_vowel_sign_is():
    assert folded_words("राज, तुम आओ।") == ["राज", "तुम", "आओ"]
    assert folded_words("Don’t go") == ["don't", "go"]


@pytest.mark.parametrize("joiner", "\u200b\u200c\u200d\u2060\ufeff")
@pytest.mark.parametrize("word", ["अब्दुल्ला", "शत्रुघ्न", "King", "don't"])
def test_what_has_no_width_stands_inside_a_word(word, joiner):
    joined = joiner.join(word)

    assert words(f"{joined}{joiner} {joiner}{joined}") == [joined, joined]
    assert folded(joined) == folded(word)
    assert [found.span() for found in WORD.finditer(f"{joiner}{joined}{joiner}")] == [(1, 1 + len(joined))]


def test_what_has_no_width_is_no_word_and_parts_words_where_there_are_no_spaces():
    assert words("\u200b \u200d!\u2060") == []
    assert not is_brahmic("\u200c\u200d")
    assert words("ไป\u200bมา") == ["ไป", "มา"]


def test_reading_speed_counts_what_is_seen():
    assert reading_speed("twenty characters ok", 2.0, "en") == 10
    assert reading_speed("क्षमा", 1.0, "hi") == 2  # two clusters of five code points
    assert reading_speed("two\nlines", 1.0, "en") == 9
    assert reading_speed("", 0.0) == 0
    assert reading_speed("x", 0.0) == 1000


def test_limits_are_those_of_the_language():
    assert (limit_of("en"), limit_of("hi"), limit_of("fr")) == (20, 22, 17)
