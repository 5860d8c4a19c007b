"""A number stays with what it counts, within what is guessed, and so do words that say how many without one."""

from decimal import Decimal

import pytest

from setu_enhancer.domain.bound import misbound
from setu_enhancer.domain.facts import number_faults
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.quantities import quantity_fault
from setu_enhancer.domain.text.counting import counted
from setu_enhancer.domain.text.numbers import numbers

HINDI, SPANISH = Pair("hi", "en"), Pair("es", "en")


def kinds(source: str, draft: str, text: str, pair: Pair = HINDI) -> set[str]:
    line = Line(0, 0.0, 6.0, source, draft)
    return {each.kind for each in breaches(line, text, pair, Glossary(), characters_per_s=20)}


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("तीन गाय और दो भैंसें बेच दीं।", "I sold three cows and two buffaloes.", "I sold two cows and three buffaloes."),
        (
            "दो चम्मच नमक और एक चम्मच चीनी डालना।",
            "Put two spoons salt and one spoon sugar.",
            "Add one spoon of salt and two of sugar.",
        ),
        ("पंद्रह में से सिर्फ़ चार पास हुए।", "Only four passed out of fifteen.", "Only fifteen out of the four passed."),
        (
            "आठ बजे की ट्रेन, छह नंबर प्लेटफ़ॉर्म।",
            "Eight o'clock train, platform number six.",
            "The six o'clock train, platform eight.",
        ),
        (
            "बीस साल की नौकरी है, आदत पड़ गई है।",
            "It is a job of twenty years, the habit has formed.",
            "I'm twenty, it's become a habit.",
        ),
        ("पाँच बार फ़ोन किया।", "Phoned five times.", "I call five times a day."),
        ("नौ बजकर दस मिनट हुए हैं।", "It is ten minutes past nine.", "It's nine minutes past ten."),
        ("हज़ार में से एक होता है ऐसा।", "One out of thousand is like this.", "A thousand out of one are like that."),
        ("उसका बेटा दसवीं में है।", "His son is in tenth.", "His son is ten."),
        ("चाय कितने की है?", "Of how much is the tea?", "How many teas are there?"),
    ],
)
def test_a_number_that_counts_something_else_is_found(source, draft, text):
    line = Line(0, 0.0, 6.0, source, draft)
    assert misbound(line, text, HINDI)
    assert not misbound(line, draft, HINDI)


def test_what_is_counted_is_read_from_the_line_where_the_draft_has_other_words():
    line = Line(0, 0.0, 6.0, "दो लड़के और तीन लड़कियाँ हैं।", "Two and three are there.")
    assert misbound(line, "There are three boys and two girls.", HINDI)
    assert not misbound(line, "There are two boys and three girls.", HINDI)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("तीन गाय और दो भैंसें बेच दीं।", "Three cow and two buffaloes sold.", "I've sold both buffaloes, and three of the cows."),
        ("पंद्रह में से सिर्फ़ चार पास हुए।", "Only four passed out of fifteen.", "Of fifteen, just four made it through."),
        ("बीस साल का हूँ मैं।", "I am of twenty years.", "I'm twenty."),
        ("दिन में पाँच बार फ़ोन किया।", "Phoned five times in day.", "I call five times a day."),
        (
            "मशीन एक दिन में बीस औरतों का काम करती है।",
            "Machine does work of twenty women in one day.",
            "In a day it does the work of twenty women.",
        ),
        ("नौ बजकर दस मिनट हुए हैं।", "It is ten minutes past nine.", "It's ten past nine."),
        ("दो हफ़्ते की छुट्टी।", "Leave of two weeks.", "A fortnight off."),
        ("एक मिनट रुको।", "Stop one minute.", "Hang on a second."),
        ("एक हाथ में दो अँगूठियाँ।", "In one hand two rings.", "Two rings on one hand."),
    ],
)
def test_what_keeps_its_numbers_in_other_words_is_let_through(source, draft, text):
    assert not kinds(source, draft, text)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("There must be sixty or seventy people.", True),
        ("There must be some seventy people.", True),
        ("There must be about sixty-five people.", True),
        ("There must be dozens of people.", True),
        ("There must be sixty-seven people.", False),
        ("There must be forty or fifty people.", False),
        ("There must be six or seven people.", False),
    ],
)
def test_what_is_said_for_a_guess_is_within_it(text, is_right):
    assert ("number" not in kinds("साठ-सत्तर लोग होंगे।", "There will be sixty-seventy people.", text)) is is_right


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("एक बार बुलाया था।", "Had called once.", "I called him twice."),
        ("दोनों हाथ ऊपर करो।", "Raise both hands.", "Raise one hand."),
        ("दो बच्चे हैं, एक बीमार।", "There are two children, one ill.", "There are two children, both ill."),
        ("सारे गवाह मुकर गए।", "All witnesses retracted.", "Some of the witnesses backed out."),
        ("हर दूसरे दिन चला आता है।", "He comes every second day.", "He comes every day."),
        ("मेरी बहन मुझसे पाँच साल छोटी है।", "My sister is five years small from me.", "My sister is five years older than me."),
        ("तीन जोड़ी जूते हैं।", "There are three pairs of shoes.", "There are three shoes."),
        ("एक ही बेटा है मेरा।", "I have one only son.", "He's one of my sons."),
        ("आधे नंबर की बात है।", "It is matter of half mark.", "It's only one mark."),
        ("दस मिनट में पहुँचता हूँ।", "I reach in ten minutes.", "I'll be there in an hour and ten minutes."),
    ],
)
def test_a_word_for_how_many_that_is_another_is_found(source, draft, text):
    line = Line(0, 0.0, 6.0, source, draft)
    assert quantity_fault(line, text, HINDI)
    assert not quantity_fault(line, draft, HINDI)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("दोनों हाथ ऊपर करो।", "Raise both hands.", "Hands up!"),
        ("दोनों भाई जेल में हैं।", "Both brothers are in jail.", "The two brothers are behind bars."),
        ("हर दूसरे दिन चला आता है।", "He comes every second day.", "He turns up every other day."),
        ("मैं उससे तीन साल बड़ा हूँ।", "I am three years big from him.", "I've got three years on him."),
        ("मेरी बहन मुझसे पाँच साल छोटी है।", "My sister is five years small from me.", "I'm five years older than my sister."),
        ("दूध में आधा पानी है।", "Half water is in milk.", "This milk is half water."),
        ("डेढ़ घंटे में पहुँचता हूँ।", "I reach in one and a half hours.", "I'll be there in an hour and thirty minutes."),
        ("सारे गवाह मुकर गए।", "All witnesses retracted.", "Every last witness has backed out."),
        ("कमर अड़तीस से कम नहीं है।", "Waist is not less than thirty-eight.", "Your waist is at least thirty-eight."),
        ("चार में से एक चाबी दे दो।", "Give one key from four.", "Give me one of the four keys."),
    ],
)
def test_another_way_to_say_how_many_is_let_through(source, draft, text):
    assert "number" not in kinds(source, draft, text)


def test_parts_are_told_apart_in_other_languages_too():
    assert "number" in kinds("Un tercio.", "A third.", "A quarter.", SPANISH)
    assert "number" not in kinds("Un tercio.", "One third.", "A third.", SPANISH)


def test_round_tens_behind_a_lakh_are_thousands_as_prices_are_told():
    assert numbers("एक लाख तीस", "hi") == numbers("one lakh thirty", "en") == {Decimal(130_000): 1}
    assert numbers("पाँच करोड़ चालीस", "hi") == {Decimal(54_000_000): 1}
    assert numbers("दो लाख एक", "hi") == {Decimal(200_001): 1}
    assert numbers("one million thirty", "en") == {Decimal(1_000_030): 1}


def test_what_english_says_for_ever_so_often_stands_for_the_number_that_the_line_has():
    line = Line(0, 0.0, 6.0, "हज़ार बार समझाया है।", "Explained a thousand times.")
    assert number_faults(line, "I've told you a thousand times.", HINDI) == ((), ())
    assert number_faults(line, "I've told you.", HINDI) == ((Decimal(1000),), ())


def test_each_number_stands_with_the_words_behind_it():
    text = counted("Two old leaves and a bud, platform six.", "en")
    assert [(int(each.values[0]), text.behind(each)[:1]) for each in text.counts] == [
        (2, ("leaves",)),
        (1, ("bud",)),
        (6, ("platform",)),
    ]


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        (
            "बाप साठ का, बेटी बीस की।",
            "Father of sixty, daughter of twenty.",
            "He's sixty, and she's twenty.",
            "The father's twenty, the daughter sixty.",
        ),
        (
            "पहले दो मैच हारे, तीसरा जीते।",
            "Lost first two matches, won third.",
            "We lost the first two and won the third.",
            "We won the first two and lost the third.",
        ),
        ("दो कप चाय, एक कॉफ़ी।", "Two cup tea, one coffee.", "Two teas and a coffee.", "One tea, two coffees."),
        (
            "आठ घंटे काम, दो सौ दिहाड़ी।",
            "Eight hours work, two hundred daily wage.",
            "Eight hours' work for two hundred a day.",
            "Two hundred hours' work, eight a day.",
        ),
        (
            "सातवीं बार फ़ेल हुआ है।",
            "Has failed seventh time.",
            "That's the seventh time he's failed.",
            "He's failed seven subjects.",
        ),
        (
            "छत पर। बारहवीं मंज़िल।",
            "On the roof. The twelfth floor.",
            "On the roof. Twelve floors up.",
            "On the roof. Twelve rooms.",
        ),
        (
            "मैं आठवीं पास हूँ, वो बारहवीं।",
            "I am eighth pass, he is twelfth.",
            "I've passed eighth grade, and he's done twelfth.",
            "I've passed twelfth grade, he's passed eighth.",
        ),
        (
            "आधा सेर दूध, दो अंडे।",
            "Half seer milk, two eggs.",
            "Half a seer of milk and two eggs.",
            "Two seers of milk, half an egg.",
        ),
        (
            "रात के दो बजे फ़ोन आया।",
            "Phone came at two at night.",
            "The phone rang at two that night.",
            "Two calls came last night.",
        ),
        (
            "शादी को पच्चीस साल हो गए।",
            "Twenty five years have happened to marriage.",
            "We've been married twenty-five years.",
            "We married at twenty-five.",
        ),
        (
            "ये मेरी तीसरी नौकरी है इस साल।",
            "This is my third job this year.",
            "It's my third job this year.",
            "I've had this job for three years.",
        ),
        ("चार। शायद पाँच।", "Four. Maybe five.", "Four, maybe five.", "Four or five times."),
        (
            "पाँच किताबें, तीन कापियाँ ले आना।",
            "Bring five books, three notebooks.",
            "Bring me five books and three notebooks.",
            "Bring three books, five notebooks.",
        ),
    ],
)
def test_numbers_stay_in_the_part_of_a_line_that_they_are_said_in(source, draft, right, wrong):
    assert "number" in kinds(source, draft, wrong)
    assert "number" not in kinds(source, draft, right)


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        ("सैकड़ों लोग मरे थे।", "Hundreds of people had died.", "People died in their hundreds.", "Thousands of people had died."),
        ("लाखों लोग आए थे।", "Lakhs of people had come.", "Hundreds of thousands of people came.", "Hundreds of people came."),
        ("पहला डायलॉग क्या है?", "What is the first dialogue?", "What's my first line?", "What's the second line?"),
        ("नंबर वन बेवक़ूफ़ है।", "He is number one stupid.", "He's a first-class idiot.", "He's the second biggest fool."),
        ("एक ही गोली बची है।", "Only one bullet is left.", "I'm down to my last bullet.", "There are a couple of bullets left."),
        (
            "कम से कम सौ लोग थे।",
            "There were at least hundred people.",
            "There were a hundred people, at least.",
            "There were at most a hundred people.",
        ),
        ("चौथाई हिस्सा मेरा है।", "Fourth part is mine.", "A quarter of it's mine.", "Half of it is mine."),
        ("ज़्यादातर लड़के पास हो गए।", "Most boys passed.", "Most of the boys made it.", "All the boys passed."),
        (
            "दोनों में से एक ही बचेगा।",
            "Only one of both will survive.",
            "Only one of you will make it.",
            "Both of them will survive.",
        ),
        ("तीन दिन बाद लौटूँगा।", "Will return after three days.", "I'll be back in three days.", "I came back three days ago."),
        (
            "एक घंटा बीस मिनट लेट है।",
            "It is one hour twenty minutes late.",
            "It's an hour and twenty minutes late.",
            "It's twenty minutes late.",
        ),
        (
            "मेरी छोटी बहन की शादी है।",
            "It is my small sister's wedding.",
            "My little sister's getting married.",
            "It's my older sister's wedding.",
        ),
    ],
)
def test_how_many_which_and_when_stay_as_the_line_has_them(source, draft, right, wrong):
    line = Line(0, 0.0, 6.0, source, draft)
    assert quantity_fault(line, wrong, HINDI)
    assert "number" not in kinds(source, draft, right)


def test_numbers_too_long_to_reckon_with_are_no_guess():
    assert not counted(f"0 {'7' * 31}, 1{'0' * 40} 2{'0' * 40}", "en").counts[0].is_guess
