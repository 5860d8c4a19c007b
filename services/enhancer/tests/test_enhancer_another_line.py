"""What a line may not become: another line's translation, or letters that are no language."""

import asyncio
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import Context
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.likeness import is_no_english, says_another
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.domain.windows import Film
from setu_enhancer.domain.words import LONG_TEXT, akin, closeness, is_akin, stem
from setu_enhancer.editing import Instruments
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.outcomes import Offer

HINDI = Pair("hi", "en")
LINES = (
    Line(0, 0, 2, "मुझे भी लगी है।", "मुझे भी लगी है।"),
    Line(1, 2, 4, "मेज़ पर समोसे रखे हैं।", "Samosas are kept on the table."),
    Line(2, 4, 6, "दरवाज़ा बंद करो।", "Do the door closed."),
    Line(3, 6, 8, "मेज़ साफ़ है।", "The table is clean."),
)


@pytest.mark.parametrize(
    ("line", "edit", "another"),
    [
        (0, "There are samosas on the table.", 1),
        (0, "I am hungry, too.", None),
        (1, "There are samosas on the table.", None),
        (2, "The samosas are on the table.", 1),
        (2, "Close the door, the samosas are on the table.", None),
        (0, "Table.", None),
        (2, "The door is behind the table with the samosas.", None),
        (3, "Samosas are kept on the table.", 1),
    ],
)
def test_who_says_what_the_next_line_says_and_nothing_of_its_own_is_told(line, edit, another):
    others = [each for each in LINES if each.index != line]
    found = says_another(LINES[line], edit, others, HINDI)
    assert (found.index if found else None) == another


@pytest.mark.parametrize(
    ("source", "draft", "edit", "statement"),
    [
        ("मैनेजर ने फ़ाइल भेजी? कब?", "", "The manager sent the file? When?", "मैनेजर ने फ़ाइल भेज दी।"),
        ("मैनेजर ने फ़ाइल भेजी?", "Did the boss mail it?", "The manager sent the file?", "मैनेजर ने फ़ाइल भेजी है।"),
        ("टिकट पर बर्थ नंबर?", "", "The berth number on the ticket?", "टिकट पर बर्थ नंबर लिखा है।"),
        ("ट्रेन लेट है?", "", "Is the train late?", "ट्रेन आज लेट है।"),
        ("पापा बाज़ार गए हैं क्या?", "", "Has Papa gone to the market?", "पापा तो बाज़ार गए हैं।"),
        ("डॉक्टर शर्मा हॉस्पिटल में?", "", "Doctor Sharma is in the hospital?", "डॉक्टर शर्मा हॉस्पिटल में हैं।"),
        ("पासपोर्ट रिन्यू हुआ?", "", "Was the passport renewed?", "पासपोर्ट रिन्यू हो गया।"),
    ],
)
def test_a_question_may_say_what_was_just_said_whatever_its_draft_is(source, draft, edit, statement):
    asks, says = Line(0, 0, 2, source, draft or source), Line(1, 2, 4, statement, f"Yes: {edit.rstrip('?')}.")
    assert says_another(asks, edit, [says], HINDI) is None
    assert says_another(LINES[0], edit, [says], HINDI) is says


def test_a_loanword_is_a_lines_own_by_its_sound():
    answer = Line(1, 2, 4, "कैब वहीं अड्डे पर खड़ी है।", "The party at the hospital with the police is over.")
    edit = "The party at the hospital is over?"
    assert says_another(Line(0, 0, 2, "पार्टी, हॉस्पिटल में?", "पार्टी, हॉस्पिटल में?"), edit, [answer], HINDI) is None
    assert says_another(Line(0, 0, 2, "घ्रांट, फ्लूंब में?", "घ्रांट, फ्लूंब में?"), edit, [answer], HINDI) is answer


def test_one_word_that_two_short_lines_share_makes_neither_an_echo():
    asks, says = Line(0, 0, 2, "आप नाराज़ हैं?", "Are you angry?"), Line(1, 2, 4, "नाराज़ नहीं, थका हुआ हूँ।", "Not angry, just tired.")
    assert says_another(asks, "Not angry, just tired.", [says], HINDI) is says


def test_of_whose_words_a_text_says_most_is_told_by_the_dictionary():
    asks = Line(0, 0, 2, "मामा, एसी लगवा लें? किस्तों पर मिल जाएगा।", "Uncle, AC लगवा लें? It will be available on instalments.")
    says = Line(1, 2, 4, "पंखा ठीक चल रहा है। सबको हवा देता है।", "The ventilator goes well. To all it gives wind.")
    assert says_another(asks, "The fan works fine. Everyone gets the same breeze.", [says], HINDI) is says
    assert says_another(asks, "Shall we get an AC? We can pay for it in instalments.", [says], HINDI) is None


def test_small_words_alone_are_another_lines_if_they_are_its_wording():
    says, asks = Line(0, 0, 2, "मैंने कहा था न!", "I told you, didn't I!"), Line(1, 2, 4, "ये आपने कैसे किया?", "How did you do this?")
    assert says_another(says, "How did you do that?", [asks], HINDI) is asks
    assert says_another(says, "Didn't I tell you?", [asks], HINDI) is None


some_stems = st.frozensets(
    st.one_of(
        st.text("abcroom", max_size=9),
        st.sampled_from("room bedroom celebration celebrate ahead head fever ever home house big large huge".split()).map(stem),  # noqa: SIM905
    ),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(some_stems, some_stems)
def test_many_stems_are_akin_to_many_as_each_is_to_each(some, others):
    assert akin(some, others) == {one for one in some if any(is_akin(one, other) for other in others)}


def test_the_gate_keeps_the_draft_from_the_next_lines_translation():
    film = Film(LINES, HINDI, Glossary(), Context(), characters_per_s=20.0)
    gate = Gate(Instruments(breaches, score, better), film, 1.0)
    faults = gate.faults(LINES[0], "There are samosas on the table.")
    assert [fault.kind for fault in faults] == ["place"]
    (decided,) = asyncio.run(gate.decide([(LINES[0], Offer("There are samosas on the table.", faults))], {}))
    assert not decided.changed
    assert gate.faults(LINES[0], "I am hungry, too.") == ()


@pytest.mark.parametrize(
    ("source", "draft", "edit", "is_noise"),
    [
        ("तुम ही परेशानी हो।", "You only are the trouble.", "Ixhfa jvxeke ft.", True),
        ("तुम ही परेशानी हो।", "You only are the trouble.", "You're the trouble.", False),
        ("कहाँ चोट लगी है?", "Where is the चोट?", "Oas ypsw owlepn syvnfdn.", True),
        ("पनवेल से पटपड़गंज चलो।", "Walk from Panwel to Patparganj.", "Panwel, then patparganj.", False),
        ("गुड्डू, बबली, इधर आओ!", "Guddu, Babli, come here!", "Guddu! Babli! Here!", False),
        ("छुटकी, लड्डू खाओ।", "Little one, eat sweet.", "Chhutki, laddu khao.", False),  # another guard's
    ],
)
def test_letters_that_are_no_words_are_no_edit_whatever_the_draft_is(source, draft, edit, is_noise):
    line = Line(0, 0, 6, source, draft)
    assert is_no_english(line, edit, HINDI) is is_noise
    if is_noise:
        assert "language" in {breach.kind for breach in breaches(line, edit, HINDI, Glossary(), characters_per_s=20.0)}


def test_words_are_akin_by_their_beginning_or_a_whole_part_and_not_by_some_letters():
    assert is_akin("bedroom", "room")
    assert is_akin("celebration", "celebrat")
    assert not is_akin("head", "ahead")
    assert not is_akin("ever", "fever")


@given(*[st.lists(st.sampled_from(["door", "open", "house", "walk"]), max_size=12)] * 2)
def test_how_close_two_texts_are_is_told_as_difflib_tells_it(one, other):
    close = SequenceMatcher(None, one, other, autojunk=False).ratio()
    assert closeness(" ".join(one), " ".join(other)) == close


@pytest.mark.parametrize("count", [LONG_TEXT // 4, LONG_TEXT])
def test_how_close_two_texts_are_is_told_alike_of_long_ones(count):
    one, other = "the samosas are hot " * count, "the samosas were cold " * count
    assert closeness(one, one) == 1
    assert closeness(one, other) == 0.5
    assert closeness(one, "close that door " * count) == 0
