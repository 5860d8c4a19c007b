"""What numbers a text says, in digits and words."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_enhancer.domain.text.numbers import knows_numbers, mismatch, numbers, read
from setu_enhancer.domain.text.numerals import _HINDI, NUMERALS
from setu_enhancer.domain.text.reckoning import Reading, rewritten, tokens

# Language, text, and what numbers it says for certain.
SAID = (
    ("hi", "दो लाख रुपये दो", "200000"),
    ("hi", "2,00,000", "200000"),
    ("hi", "साढ़े तीन बजे", "3.5"),
    ("hi", "एक आदमी", ""),
    ("hi", "सन सतासी में", "87"),
    ("en", "a two-and-a-half-hour trip", "2.5"),
    ("en", "from four and a half to three and three quarters", "3.75 4.5"),
    ("en", "The boat can only take five.", "5"),
    ("en", "Take five, everyone.", ""),
    ("hi", "डेढ़ सौ", "150"),
    ("hi", "ढाई हज़ार", "2500"),
    ("hi", "सवा सौ", "125"),
    ("hi", "सवा तीन", "3.25"),
    ("hi", "पौने दो सौ", "175"),
    ("hi", "पौने चार बजे", "3.75"),
    ("hi", "साढ़े तीन सौ", "350"),
    ("hi", "उन्नीस सौ चौरासी", "1984"),
    ("hi", "1984 में", "1984"),
    ("hi", "दो-चार दिन", ""),
    ("hi", "दो तीन लोग", ""),
    ("hi", "नौ दो ग्यारह हो गया", ""),
    ("hi", "मुझे दो रोटी दो", "2"),
    ("hi", "जाने दो", ""),
    ("hi", "इसे छोड़ दो यार", ""),
    ("hi", "दो भाई थे", "2"),
    ("hi", "साढ़े तीन हज़ार दो।", "3500"),
    ("hi", "सौ दो।", "100"),
    ("hi", "साल दो हज़ार दो।", "2002"),
    ("hi", "एक लाख दो हज़ार", "102000"),
    ("hi", "ये ले लो, दो भाई!", ""),
    ("hi", "दो और चाय लाओ", "2"),
    ("hi", "मुझे दो और जाओ", ""),
    ("hi", "पाँच-पाँच सौ के नोट", "500"),
    ("hi", "पंद्रहवीं मंज़िल", "15"),
    ("hi", "टू मिनट रुको", "2"),
    ("hi", "पौन घंटा", "0.75"),
    ("hi", "उसके दो बच्चे हैं", "2"),
    ("hi", "teen log aaye", "3"),
    ("hi", "mujhe do roti chahiye", "2"),
    ("hi", "mujhe jaane do", ""),
    ("hi", "पाँच करोड़ पचास लाख", "55000000"),
    ("hi", "₹5,00,000", "500000"),
    ("hi", "१५ अगस्त १९४७", "15 1947"),
    ("hi", "डेढ़ घंटा", "1.5"),
    ("hi", "सौ रुपये", "100"),
    ("hi", "तीन दशमलव पाँच", "3.5"),
    ("hi", "तीन बजकर दस मिनट", "3.1667"),
    ("hi", "तीसरी मंज़िल", "3"),
    ("hi", "21वीं सदी", "21"),
    ("hi", "पाँच-छह लोग", ""),
    ("hi", "दस-पंद्रह", ""),
    ("hi", "लाख कोशिश करो", ""),
    ("hi", "चारों तरफ", ""),
    ("hi", "तीनों आए", "3"),
    ("hi", "सत्रह साल", "17"),
    ("hi", "टेन मिनट", "10"),
    ("hi", "दो हज़ार तेरह", "2013"),
    ("hi", "सौ में से निन्यानवे", "100 99"),
    ("hi", "2 और 3", "2 3"),
    ("hi", "दो या तीन", ""),
    ("hi", "एक लाख", "100000"),
    ("hi", "१,५०,०००", "150000"),
    ("hi", "7-8 बजे", ""),
    ("hi", "8 से 10 बजे", "8 10"),
    ("hi", "बारह सौ चौंतीस", "1234"),
    ("hi", "साढ़े बारह बजे", "12.5"),
    ("hi", "पाँच सौ का नोट और तीन सौ", "500 300"),
    ("hi", "आधा घंटा", ""),
    ("en", "2 lakh", "200000"),
    ("en", "two hundred thousand", "200000"),
    ("en", "3:30", "3.5"),
    ("en", "half past three", "3.5"),
    ("en", "three thirty", "3.5"),
    ("en", "15:30", "3.5"),
    ("en", "a man with one eye", ""),
    ("en", "quarter to four", "3.75"),
    ("en", "nineteen eighty-four", "1984"),
    ("en", "nineteen eighty", "1980"),
    ("en", "twenty twenty-four", "2024"),
    ("en", "two or three people", ""),
    ("en", "a couple of days", ""),
    ("en", "five crore fifty lakh", "55000000"),
    ("en", "15/08/1947", "15 1947"),
    ("en", "10k", "10000"),
    ("en", "3.5 million", "3500000"),
    ("en", "three and a half", "3.5"),
    ("en", "an hour and a half", "1.5"),
    ("en", "two hundred and five", "205"),
    ("en", "half a million", "500000"),
    ("en", "a hundred", "100"),
    ("en", "a dozen", "12"),
    ("en", "three point five", "3.5"),
    ("en", "3:10", "3.1667"),
    ("en", "third floor", "3"),
    ("en", "1st", ""),
    ("en", "2-3 days", ""),
    ("en", "all three", "3"),
    ("en", "room 101", "101"),
    ("en", "one hundred and fifty thousand", "150000"),
    ("en", "twenty-five hundred", "2500"),
    ("en", "five five five", "5 5 5"),
    ("en", "five thousand men", "5000"),
    ("en", "99 percent", "99"),
    ("en", "two and three", "2 3"),
    ("en", "No one, this one, one", ""),
    ("en", "25,000", "25000"),
    ("en", "second to none", ""),
    ("en", "twenty-one", "21"),
    ("en", "one thousand two hundred thirty-four", "1234"),
    ("en", "12:30", "12.5"),
    ("en", "seventy-two hours", "72"),
    ("en", "3 pm", "3"),
    ("en", "3.30 pm", "3.5"),
    ("en", "3½ hours", "3.5"),
    ("en", "half an hour", ""),
    ("en", "At one point half of them left.", ""),
    ("en", "It is 99.5 point 7 FM", "99.5 7"),
    ("en", "2.0 point five", "2.5"),
    ("en", "three point one four, or so", "3.14"),
    ("hi", "98.3 पॉइंट 5", "98.3 5"),
    ("hi", "ढाई दशमलव पाँच", "2.5 5"),
    ("hi", "ढाई लाख दशमलव पाँच", "250000.5"),
    ("fr", "1,5 virgule 2", "1.5 2"),
    ("en", "five lakh crore", "5000000000000"),
    ("fr", "quatre-vingt-dix-sept", "97"),
    ("fr", "quatre-vingts", "80"),
    ("fr", "soixante-dix", "70"),
    ("fr", "soixante et onze", "71"),
    ("fr", "vingt et un", "21"),
    ("fr", "deux cent mille", "200000"),
    ("fr", "trois heures et demie", "3.5"),
    ("fr", "15h30", "3.5"),
    ("fr", "à 15 heures", ""),
    ("fr", "deux heures dix", "2.1667"),
    ("fr", "1 000 euros", "1000"),
    ("fr", "3,5 km", "3.5"),
    ("fr", "mille neuf cent quatre-vingt-quatre", "1984"),
    ("es", "treinta y uno", "31"),
    ("es", "doscientos cinco", "205"),
    ("es", "las tres y media", "3.5"),
    ("es", "1.000.000", "1000000"),
    ("es", "dos mil veinte", "2020"),
    ("es", "mil", "1000"),
    ("es", "dos o tres", ""),
    ("pt", "vinte e um", "21"),
    ("pt", "duzentos e cinco", "205"),
    ("pt", "três e meia", "3.5"),
    ("pt", "dois mil", "2000"),
    ("pt", "cento e vinte mil", "120000"),
    ("ar", "٣٥", "35"),
)


@pytest.mark.parametrize(("language", "text", "said"), SAID)
def test_numbers_are_read_in_digits_and_in_words(language, text, said):
    assert sorted(numbers(text, language).elements()) == sorted(map(Decimal, said.split()))


@pytest.mark.parametrize("value", range(2, 100))
def test_every_hindi_number_below_a_hundred_is_known(value):
    for spelling in _HINDI.split("|")[value].split(" "):
        assert numbers(f"उसके {spelling} लोग", "hi") == Counter([Decimal(value)]), spelling


@given(st.integers(2, 10**9), st.sampled_from(["0123456789", "०१२३४५६७८९", "٠١٢٣٤٥٦٧٨٩", "০১২৩৪৫৬৭৮৯"]))
def test_digits_of_every_script_are_the_same_number(value, digits):
    written = "".join(digits[int(digit)] for digit in str(value))
    assert numbers(f"x {written} y", "hi") == Counter([Decimal(value)])


@given(st.integers(1000, 10**9), st.sampled_from(["en", "hi"]))
def test_thousands_may_be_set_apart(value, language):
    assert numbers(f"{value:,}", language) == Counter([Decimal(value)])


@given(st.text(max_size=80), st.sampled_from(["hi", "en", "fr", "es", "pt", "ja"]))
def test_any_text_can_be_read(text, language):
    assert all(count > 0 for count in read(text, language).said.values())


def test_a_number_that_is_said_twice_counts_twice():
    assert numbers("पाँच साल, पाँच महीने", "hi") == Counter({Decimal(5): 2})


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("दोनों आओ", "Come, the two of you"),
        ("दोनों आओ", "Come, both of you"),
        ("एक आदमी आया", "A man came"),
        ("एक आदमी आया", "1 man came"),
        ("दो-तीन दिन", "two or three days"),
        ("दो-तीन दिन", "a few days"),
        ("वो दो लाख माँग रहा है", "He wants 200,000"),
        ("आधे घंटे में आता हूँ", "I'll be there in half an hour"),
        ("दूसरी मंज़िल पर", "on the second floor"),
        ("वो नौ दो ग्यारह हो गया", "He took to his heels"),
    ],
)
def test_a_translation_may_say_a_number_in_its_own_way(source, target):
    assert mismatch(source, "hi", target, "en") == ([], [])


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("On se voit à 19 heures", "See you at seven"),
        ("Dans une demi-heure", "In thirty minutes"),
        ("Il y a une dizaine de chats", "There are ten cats or so"),
        ("La musique des années soixante", "The music of the sixties"),
        ("Tous les deux", "Both of you"),
    ],
)
def test_french_says_hours_and_rounded_numbers_otherwise(source, target):
    assert mismatch(source, "fr", target, "en") == ([], [])


def test_a_number_that_became_another_is_missing_and_extra():
    assert mismatch("तीन लोग", "hi", "Two people", "en") == ([Decimal(3)], [Decimal(2)])


def test_words_of_an_unknown_language_accuse_nobody():
    assert [knows_numbers(language) for language in ("hi", "de")] == [True, False]
    assert mismatch("fünfzehn Leute", "de", "15 people", "en") == ([], [])
    assert mismatch("15 people", "en", "fünfzehn Leute", "de") == ([], [])
    assert mismatch("15 people", "en", "16 Leute", "de") == ([Decimal(15)], [Decimal(16)])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pay 500 rupees at 7, or 10 tomorrow.", "en"),
        ("Row 1 has 12 seats, 12 of them free.", "en"),
        ("Between 3 and 4 of us, 20 in all.", "en"),
        ("Room 101, floor 1, door 7 5.", "en"),
        ("7 बजे 500 रुपये लेकर 3 लोग आए।", "hi"),
        ("मुझे 2 या 3 चाहिए, 10 नहीं।", "hi"),
        ("19 heures 30, quai 4, voie 2.", "fr"),
        ("El 7 y el 8 a las 10.", "es"),
    ],
)
def test_numbers_in_digits_that_stand_apart_are_read_as_by_all_the_rules(text, language):
    numerals = NUMERALS[language]
    reading = Reading(tokens(rewritten(text, language, numerals), language), numerals)
    reading.run()
    found = read(text, language)
    assert (found.said, found.possible, found.runs) == (reading.said, reading.possible, tuple(reading.runs()))


@pytest.mark.parametrize(
    ("language", "text", "low", "high"),
    [
        ("hi", "सौ-दो सौ दे दो।", 100, 200),
        ("hi", "सौ दो सौ रुपये", 100, 200),
        ("hi", "दो सौ-तीन सौ लोग", 200, 300),
        ("hi", "पाँच हज़ार-दस हज़ार", 5000, 10000),
        ("en", "two hundred-three hundred", 200, 300),
    ],
)
def test_two_numbers_of_a_power_are_a_guess(language, text, low, high):
    found = read(text, language)
    assert {low, high} <= set(found.possible)
    assert not {low, high, low + high} & set(found.said)


def test_a_guess_of_hundreds_may_be_a_couple_of_them():
    assert mismatch("सौ-दो सौ दे दो।", "hi", "Give me a couple hundred.", "en") == ([], [])
    assert mismatch("सौ-दो सौ दे दो।", "hi", "Give me three hundred.", "en") == ([], [Decimal(300)])


def test_twelve_at_night_is_midnight():
    assert mismatch("रात के बारह बजे", "hi", "At midnight.", "en") == ([], [])
    assert mismatch("रात के दस बजे", "hi", "At midnight.", "en") == ([Decimal(10)], [])
