"""What an edit turns without a word that denies, or names and counts otherwise, is found; what only says it in another way is not."""

import pytest

from setu_common.contracts import Character, Context
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair

HINDI, SPANISH = Pair("hi", "en"), Pair("es", "en")


def kinds(source: str, draft: str, text: str, pair: Pair = HINDI, names: Glossary | None = None) -> set[str]:
    line = Line(0, 0.0, 6.0, source, draft)
    return {each.kind for each in breaches(line, text, pair, names or Glossary(), characters_per_s=20)}


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("हाथ छोड़ना मत!", "Do not leave the hand!", "Let go of my hand!"),  # what is forbidden is told to be done
        ("दरवाज़ा मत खोलना, रुको!", "Don't open the door, wait!", "Wait, open the door!"),
        ("तुम वहाँ क्यों जाते हो?", "Why do you go there?", "Why don't you go there?"),
        ("दरवाज़ा बंद कर दीजिए।", "Close the door.", "No need to close the door."),
        ("आप कैसे सो रहे हैं?", "How are you sleeping?", "Aren't you sleeping?"),
        ("दोस्त को मना लेंगे।", "We will persuade the friend.", "We won't persuade the friend."),
        ("अभी नहीं, बाद में।", "Not now, later.", "Now, not later."),
    ],
)
def test_what_is_affirmed_of_what_the_line_denies_is_found(source, draft, text):
    assert "negation" in kinds(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मैंने आज तक इतना बड़ा घर नहीं देखा।", "I have not seen so big house till today.", "It's the biggest house I've ever seen."),
        ("दस लोगों से ज़्यादा नहीं।", "Not more than ten people.", "Ten people at most."),
        ("मैं मर जाऊँगी, घर नहीं जाऊँगी।", "I will die, will not go home.", "I'd rather die than go home."),
        ("रानी, उधर मत जाओ!", "Queen, don't go there!", "Don't go over there, Rani!"),
        ("दिल से नहीं, दिमाग से सोचो।", "Not with the heart, think with the mind.", "Think with your mind, not your heart."),
        ("पैसे किसे चाहिए?", "Who needs money?", "Nobody needs money."),
        ("चुप रहो, बोलो मत।", "Stay silent, don't speak.", "Be quiet."),
    ],
)
def test_what_is_denied_in_another_way_or_place_is_let_through(source, draft, text):
    assert "negation" not in kinds(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text", "kind"),
    [
        ("वो पिछले महीने आया था।", "He had come last month.", "He came last week.", "number"),
        ("यह मेरी पहली नौकरी है।", "This is my first job.", "It's my second job.", "meaning"),
        ("ये हमारी नयी टीचर चमेली है।", "This is our new teacher jasmine.", "This is our new teacher, Jasmine.", "name"),
        ("वो सागर काका थे।", "That was sea uncle.", "That was Uncle Sea.", "name"),
    ],
)
def test_another_unit_ordinal_or_a_name_that_is_put_into_english_is_found(source, draft, text, kind):
    assert kind in kinds(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text", "pair"),
    [
        ("वो पिछले महीने आया था।", "He had come last month.", "He came last month.", HINDI),
        ("गाड़ी नौ पैंतालीस पर है।", "The train is on nine forty five.", "The train's at 9:45.", HINDI),
        ("पौने एक बजे मिलो।", "Meet at quarter to one.", "Meet me at 12:45.", HINDI),
        ("सवा साल हो गया।", "A year and a quarter has become.", "It's been fifteen months.", HINDI),
        ("El tren de las diez y veinte.", "The train of the ten twenty.", "The 10:20 train.", SPANISH),
        ("Tarda hora y media.", "It takes hour and half.", "It takes an hour and a half.", SPANISH),
    ],
)
def test_times_and_spans_are_the_same_however_a_language_counts_them(source, draft, text, pair):
    assert "number" not in kinds(source, draft, text, pair)


def test_who_is_called_by_what_they_are_is_no_name_that_was_translated():
    assert "name" not in kinds("माँ कहाँ है?", "Where is mother?", "Where's Mother?")
    assert "name" not in kinds("डॉक्टर साहब आ गए।", "The doctor has come.", "The Doctor is here.")


def test_a_word_that_only_seemed_to_be_a_name_may_be_the_word():
    lines = [Line(0, 0.0, 3.0, "मोती कहाँ है?", "Where is the pearl?"), Line(1, 3.0, 6.0, "सुनो, मोती!", "Listen, pearl!")]
    guessed = glossary(Context(), lines, HINDI)
    assert [entry.target for entry in guessed.entries] == ["Moti"]
    assert "name" not in kinds(lines[0].source, lines[0].draft, "Where's the pearl?", names=guessed)
    told = glossary(Context(characters=(Character(name="Moti", source="मोती"),)), lines, HINDI)
    assert "name" in kinds(lines[0].source, lines[0].draft, "Where's the pearl?", names=told)


def test_a_draft_that_was_left_as_it_is_makes_no_edit_unrelated():
    assert "meaning" not in kinds("टिकट दिखाओ।", "टिकट दिखाओ।", "Show me your ticket.")
    assert "meaning" in kinds("चाय दिखाओ।", "चाय दिखाओ।", "There is somebody behind you.")
