"""Names put right by rule: which word of a draft stands for a name, and what becomes of the draft."""

import pytest

from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import NEARLY, meanings, mended
from setu_enhancer.domain.text.names import likeness

HINDI = Pair("hi", "en")


def name(source: str, target: str) -> Entry:
    return Entry((source,), target, (), "name", "caller")


RAJ, ASHA, SIMRAN = name("राज", "Raj"), name("आशा", "Asha"), name("सिमरन", "Simran")
BIJLI, JWALA = name("बिजली", "Bijli"), name("ज्वाला सिंह", "Jwala Singh")


def of(source: str, draft: str, *entries: Entry, pair: Pair = HINDI) -> str:
    return mended(Line(0, 0.0, 3.0, source, draft), entries, pair)


@pytest.mark.parametrize(
    ("source", "draft", "entries", "text"),
    [
        ("राज, तुम कहाँ थे?", "King, where were you?", [RAJ], "Raj, where were you?"),
        ("राज की माँ बीमार है।", "The king's mother is ill.", [RAJ], "Raj's mother is ill."),
        ("मैं आशा के घर पर था।", "I was at hope’s house.", [ASHA], "I was at Asha’s house."),
        ("राज और आशा आएँगे।", "King and hope will come.", [RAJ, ASHA], "Raj and Asha will come."),
        ("भाई, मुझे कुछ नहीं मालूम।", "Brother, I know nothing.", [name("भाई", "Bhai")], "Bhai, I know nothing."),
        ("और ज्वाला सिंह कहाँ हैं?", "And where is flame lion?", [JWALA], "And where is Jwala Singh?"),
        ("और ज्वाला सिंह कहाँ हैं?", "And where is the flame Singh?", [JWALA], "And where is Jwala Singh?"),
        ("बिजली चली गई, बिजली!", "The light has gone, lightning!", [BIJLI], "The light has gone, Bijli!"),
    ],
)
def test_what_a_name_means_as_a_word_becomes_the_name_without_an_article_and_with_its_ending(source, draft, entries, text):
    assert of(source, draft, *entries) == text


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("सिमरन घर गई।", "Simrun went home.", "Simran went home."),
        ("मैंने सिमरन को देखा।", "I saw Simmeran.", "I saw Simran."),
        ("मैंने सिमरन को देखा।", "I saw सिमरन.", "I saw Simran."),
        ("मैंने सिमरन को देखा।", "I saw simran.", "I saw Simran."),
        ("सिमरन, इधर आओ!", "Remembrance, come here!", "Simran, come here!"),
        ("अरे सिमरन जी, इधर आओ!", "Hey remembrance ji, come here!", "Hey Simran ji, come here!"),
        ("पानी पियो, सिमरन।", "Drink water, prayer.", "Drink water, Simran."),
        ("सिमरन ने दरवाज़ा बंद किया।", "The chanting closed the door.", "Simran closed the door."),
        (
            "चलो। सिमरन बाज़ार में टहल रही है।",
            "Come. The chanting is strolling in the bazaar.",
            "Come. Simran is strolling in the bazaar.",
        ),
        ("सिमरन ने पर्दा हटाया।", "The chanting removed the curtain.", "Simran removed the curtain."),
    ],
)
def test_a_name_that_no_list_has_is_found_by_its_sound_by_its_commas_or_as_what_nothing_else_accounts_for(source, draft, text):
    assert of(source, draft, SIMRAN) == text


@pytest.mark.parametrize(
    ("source", "draft", "entries"),
    [
        ("राज ने राजा से कहा।", "Raj told the king.", [RAJ]),
        ("राज ने राजा को देखा।", "The king saw the king.", [RAJ]),
        ("राज चला गया।", "He is kingly.", [RAJ]),
        ("राज चला गया।", "", [RAJ]),
        ("सिमरन ने अमित को देखा।", "Saw Amit.", [SIMRAN, name("अमित", "Amit")]),
        ("कुछ खाना नहीं है।", "There is no food.", [name("खन्ना", "Khanna")]),
        ("दादी, मत रोओ।", "Grandma, don't cry.", [name("दादी", "Dadi")]),
        ("वो मेरे भाई का दोस्त है।", "That is my brother's friend.", [name("भाई", "Bhai")]),
        ("राजा भाग गया।", "The king has run away.", [Entry(("राजा",), "Raja", (), "name", "text")]),
        ("कल सिमरन घ्रांट में टहल रही थी।", "The chanting was strolling in the bazaar.", [SIMRAN]),
        ("सिमरन ने फ्लूंब हटाया।", "The chanting removed the curtain.", [SIMRAN]),
    ],
)
def test_a_draft_stays_where_nothing_tells_which_word_is_the_name_or_it_is_the_word(source, draft, entries):
    assert of(source, draft, *entries) == draft


@pytest.mark.parametrize(
    ("source", "draft", "entry", "text", "pair"),
    [
        ("T'es en retard, Rose.", "You are late, pink.", name("Rose", "Rose"), "You are late, Rose.", Pair("fr", "en")),
        ("Sol, pon la mesa.", "Sun, put the table.", name("Sol", "Sol"), "Sol, put the table.", Pair("es", "en")),
        ("राज आया।", "राज est venu.", RAJ, "Raj est venu.", Pair("hi", "fr")),
        ("राज आया।", "Le roi est venu.", RAJ, "Le roi est venu.", Pair("hi", "fr")),
    ],
)
def test_other_pairs_are_mended_as_far_as_it_is_known_what_names_mean(source, draft, entry, text, pair):
    assert of(source, draft, entry, pair=pair) == text


def test_a_term_keeps_its_article():
    term = Entry(("थाना",), "precinct", (), "term", "caller")
    assert of("थाना बंद है।", "The थाना is closed.", term) == "The precinct is closed."


@pytest.mark.parametrize(("written", "heard"), [("Simran", "Simmeran"), ("Vikram", "Wikrum"), ("Gopal", "Gopol")])
def test_a_misspelt_name_is_nearly_the_name(written, heard):
    assert likeness(written, heard) >= NEARLY


@pytest.mark.parametrize(
    ("written", "heard"), [("Raj", "Ram"), ("Simran", "Sunita"), ("Asha", "Usha"), ("Mohan", "Sohan"), ("Vikram", "Victor")]
)
def test_another_name_is_not(written, heard):
    assert likeness(written, heard) < NEARLY


def test_what_names_mean_is_known_from_the_lexicon_from_the_gloss_and_from_a_list():
    assert {"king", "rule"} <= {each if each != "rul" else "rule" for each in meanings("राज", "hi")}
    assert "flam" in meanings("ज्वाला", "hi") or "flame" in meanings("ज्वाला", "hi")
    assert meanings("Ángel", "es") == meanings("angel", "es") != frozenset()
    assert meanings("nothing", "de") == frozenset()
