"""Places whose Hindi is a word, or has one in it."""

import pytest

from setu_common.contracts import Context
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.placing import PLACES, places
from testbed.mending import put_right

HINDI = Pair("hi", "en")


def targets(text):
    return [place.target for place in places(text)]


@pytest.mark.parametrize(
    ("source", "draft", "right"),
    [
        ("आज़ाद मैदान में भीड़ है।", "There's a crowd in the free field.", "There's a crowd in Azad Maidan."),
        ("लाल क़िला कब बंद होता है?", "When does the red castle close?", "When does Red Fort close?"),
        ("एक बार। सूरत में।", "Once. In the face.", "Once. In Surat."),
        ("सूरत से। बिना सोए।", "From face. Without sleeping.", "From Surat. Without sleeping."),
        ("हवा महल के सामने मिलना।", "Meet in front of the wind palace.", "Meet in front of Hawa Mahal."),
        ("विकास नगर चलोगे?", "Will you go to development town?", "Will you go to Vikas Nagar?"),
    ],
)
def test_a_place_that_was_translated_is_put_right(source, draft, right):
    assert put_right(source, draft) == right


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("चाँदनी चौक से मिठाई लाओ।", "Bring sweets from Chandni Chowk."),
        ("लाल क़िला देखा?", "Have you seen the Red Fort?"),
        ("लाल क़िला देखा?", "Have you seen Lal Qila?"),
        ("उसकी सूरत में मासूमियत है।", "There is innocence in her face."),
        ("सूरत से शरीफ़ लगता है।", "He looks decent by face."),
        ("मंडी में आलू सस्ता है।", "Potato is cheap in the market."),
        ("वो कब का गया।", "He went long ago."),
        ("एक नया बाज़ार खुल रहा है।", "A new market is opening."),
        ("काला बाज़ार में सब मिलता है।", "You get everything in the black market."),
        ("सागर में तूफ़ान उठा है।", "A storm has risen in the sea."),
    ],
)
def test_a_place_in_any_of_its_names_and_the_words_themselves_stay(source, draft):
    assert put_right(source, draft) == draft


def test_a_word_is_a_place_in_the_company_of_places():
    assert targets("मंडी से दिल्ली की बस पकड़ लो।") == ["Mandi"]
    assert targets("गया स्टेशन पर उतरना।") == ["Gaya station"]
    assert targets("पुरी का टिकट चाहिए।") == ["Puri"]
    assert targets("सूरत वाली गाड़ी छूट गई।") == ["Surat"]
    assert "Gaya" in targets("गया से पटना दो घंटे लगते हैं।")
    assert targets("वो स्टेशन गया।") == []


def test_a_name_before_what_is_built_names_it():
    assert targets("शांति कॉलोनी में रहते हैं।") == ["Shanti Colony"]
    assert targets("मेरी कॉलोनी में रहते हैं।") == []
    assert targets("वकील कॉलोनी गया।") == []


def test_an_edit_may_call_a_place_by_any_of_its_names_and_not_translate_it():
    line = Line(index=0, start_s=0.0, end_s=4.0, source="आज़ाद मैदान में बँटने हैं।", draft="Are to be distributed in free field.")
    known = glossary(Context(), [line], HINDI)

    def kinds(text):
        return {breach.kind for breach in breaches(line, text, HINDI, known, characters_per_s=20.0)}

    assert not kinds("They're to be distributed in Azad Maidan.")
    assert not kinds("They're to be distributed on Azad Ground.")
    assert "name" in kinds("They're to be handed out in a free field.")


def test_the_list_of_places_is_whole():
    several = [place for known in PLACES.several.values() for _, place in known]
    one = [*PLACES.alone.values(), *PLACES.also_words.values()]
    assert len(several) + len(one) > 400
    assert all(place.target.isascii() and place.target for place in (*several, *one))
    assert not set(PLACES.alone) & set(PLACES.also_words)
