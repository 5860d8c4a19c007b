"""The names and terms of a text, from the caller, The Movie Database, what was learned, and the text itself."""

import random

import pytest

from setu_common.contracts import Character, Context, Term
from setu_enhancer.domain.given import GIVEN, is_translated, use_of
from setu_enhancer.domain.glossary import MOST_ENTRIES, Entry, Glossary, glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.readings import MOST_WORDS
from setu_enhancer.domain.text.names import sounds

HINDI = Pair("hi", "en")
RAJ = Entry(("राज",), "Raj", (), "name", "caller", "male")


def film(*pairs):
    return [Line(index, index * 3.0, index * 3.0 + 2.0, source, draft) for index, (source, draft) in enumerate(pairs)]


def of(*pairs, context=None, pair=HINDI, **known):
    return glossary(context or Context(), film(*pairs), pair, **known)


def targets(entries):
    return [entry.target for entry in entries]


def test_the_caller_comes_before_tmdb_what_was_learned_and_the_text():
    context = Context(
        characters=(Character(name="Raaj", source="राज", gender="male"),), terms=(Term(source="हवेली", target="manor"),)
    )
    found = of(
        ("सिमरन ने राज से कहा", "Simran told Raj"),
        ("अंकित आया और सिमरन भी", "Ankit came and so did Simran"),
        context=context,
        cast=["Raj", "Simmran"],
        learned=[Entry(("अंकित",), "Ankeet", (), "name", "learned"), Entry(("राज",), "Rajj", (), "name", "learned")],
    )
    assert [(entry.target, entry.provenance) for entry in found.entries] == [
        ("Raaj", "caller"),
        ("manor", "caller"),
        ("Simmran", "tmdb"),
        ("Ankeet", "learned"),
    ]
    assert targets(found.in_line("राज")) == ["Raaj"]
    assert targets(found.in_line("अंकित")) == ["Ankeet"]


def test_names_of_the_text_are_matched_across_scripts():
    found = of(("कल करिश्मा और मेरी बहन आई", "Yesterday Karishma and my sister came"))
    (entry,) = found.entries
    assert (entry.source, entry.target, entry.provenance) == (("करिश्मा",), "Karishma", "text")
    assert found.missing("करिश्मा कहाँ है?", "Where is the miracle?") == (entry,)
    assert found.missing("करिश्मा कहाँ है?", "Where is Kareeshma?") == ()


def test_names_of_a_text_in_latin_script_are_found_too():
    found = of(
        ("Pierre, où es-tu ?", "Stone, where are you?"), ("J'ai vu Pierre hier.", "I saw Pierre."), pair=Pair("fr", "en")
    )
    assert targets(found.missing("Pierre, où es-tu ?", "Stone, where are you?")) == ["Pierre"]
    back = of(("Where is Simran?", "सिमरन कहाँ है?"), pair=Pair("en", "hi"))
    assert targets(back.entries) == ["सिमरन"]
    assert back.missing("Simran is here.", "यादें यहाँ हैं।") == back.entries


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("राज, तुम कहाँ थे?", "King, where were you?"),
        ("राज तुम कहाँ थे", "King where were you"),
        ("कल राज आया था", "Yesterday king came"),
        ("सपना ने मुझे बताया", "The dream told me"),
        ("आशा जी, आइए", "Hope, please come"),
        ("अरे कमल, सुनो", "Hey lotus, listen"),
        ("मेरा नाम किरण है", "My name is Ray"),
        ("विजय!", "Victory!"),
        ("मोती इधर आ", "Pearl come here"),
        ("इधर आओ तारा", "Come here star"),
        ("राज और सिमरन आए हैं", "The king and Simran have come"),
        ("किरण को बुलाओ", "Call the ray"),
        ("ज्योति का फ़ोन आया था", "The call of the light came"),
        ("सागर कहाँ है", "Where is the sea"),
        ("सिमरन कहाँ है?", "Where is the remembrance?"),
    ],
)
def test_a_name_that_was_translated_is_missing(source, draft):
    found = of((source, draft))
    assert len(found.missing(source, draft)) == 1
    assert found.entries[0].provenance == "text"


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("मेरा सपना टूट गया", "My dream broke"),
        ("मुझे आशा है कि वो आएगा", "I hope that he will come"),
        ("सूरज निकल आया", "The sun came out"),
        ("उसका राज़ खुल गया", "His secret is out"),
        ("राज़ क्या है?", "What is the secret?"),
        ("मुझे शांति चाहिए", "I want peace"),
        ("आज बहुत खुशी हो रही है", "I am very happy today"),
        ("एक राजा था", "There was a king"),
        ("सागर की लहरें देखो", "Look at the waves of the sea"),
        ("कमल का फूल सुंदर है", "The lotus flower is beautiful"),
        ("दीपक जला दो", "Light the lamp"),
        ("किसी को ये राज़ मत बताना", "Don't tell anyone this secret"),
        ("प्रेम से बोलो", "Speak with love"),
        ("भगवान की दया से सब ठीक है", "By God's mercy all is well"),
        ("पूजा का सामान लाओ", "Bring the things for the prayer"),
        ("हाँ यार, डॉक्टर आ गया", "Yes Yaar, the Doctor has come"),
    ],
)
def test_a_word_that_could_be_a_name_stays_a_word(source, draft):
    assert of((source, draft)).missing(source, draft) == ()


def test_a_name_elsewhere_makes_a_neutral_line_one_but_not_the_word():
    found = of(("आशा, इधर आओ", "Asha, come here"), ("आशा आई थी", "Hope came"), ("मुझे आशा है", "I have hope"))
    assert targets(found.missing("आशा आई थी", "Hope came")) == ["Asha"]
    assert found.missing("मुझे आशा है", "I have hope") == ()


def test_a_name_that_the_caller_gives_is_one_unless_it_is_surely_the_word():
    context = Context(characters=(Character(name="Asha", source="आशा"), Character(name="Raj", source="राज")))
    found = of(context=context)
    assert targets(found.missing("हमारी आशा पास हो गई", "Our hope passed")) == ["Asha"]
    assert targets(found.missing("राज बता रहा था", "The secret was telling")) == ["Raj"]
    assert found.missing("एक आशा बची है", "One hope is left") == ()
    assert found.missing("मुझे आशा है", "I have hope") == ()


def test_who_has_two_names_is_called_by_either():
    context = Context(characters=(Character(name="Raj Malhotra", source="राज मल्होत्रा", aliases=("Bunty",)),))
    found = of(context=context)
    assert found.missing("राज मल्होत्रा आया", "Raj Malhotra came") == ()
    assert targets(found.missing("मल्होत्रा आया", "Ready came")) == ["Malhotra"]
    assert targets(found.missing("राज, सुनो", "King, listen")) == ["Raj"]
    assert found.missing("बंटी आया", "Bunty came") == ()


def test_the_cast_is_read_as_it_is_written():
    found = of(cast=["Chaudhry Baldev Singh", "Raj / 'Bunty' (voice)", "The Inspector", "Self", ""])
    assert set(targets(found.entries)) == {"Chaudhry Baldev Singh", "Chaudhry", "Baldev", "Singh", "Raj", "Bunty"}
    assert {entry.provenance for entry in found.entries} == {"tmdb"}


def test_terms_are_found_with_their_endings():
    found = of(context=Context(terms=(Term(source="हवेली", target="mansion"), Term(source="लाल क़िला", target="Red Fort"))))
    assert found.missing("हवेलियों में चलो", "Come to the mansions") == ()
    assert targets(found.missing("हवेली में", "in the house")) == ["mansion"]
    assert targets(found.missing("लाल किले के पास", "near the red castle")) == ["Red Fort"]
    assert found.missing("घर में", "in the house") == ()


@pytest.mark.parametrize(
    ("source", "target"),
    [("मेरा घर", "My house"), ("तेरा नाम", "Your name"), ("करना है", "It must be done"), ("सुना है", "I heard")],
)
def test_small_words_are_not_taken_for_names_that_sound_like_them(source, target):
    names = [Entry((name,), name, (), "name", "caller") for name in ("Meera", "Tara", "Karan", "Sona")]
    assert Glossary(names).missing(source, target) == ()


def test_the_hash_is_of_what_is_in_it_and_not_of_its_order():
    entries = [RAJ, Entry(("आशा",), "Asha", ("Aasha",), "name", "text"), Entry(("हवेली",), "mansion", (), "term", "caller")]
    shuffled = random.Random(3).sample(entries, len(entries))
    assert Glossary(entries).sha256 == Glossary(shuffled).sha256
    assert Glossary(entries).sha256 != Glossary(entries[:2]).sha256
    assert Glossary(entries).sha256 != Glossary([*entries[:2], Entry(("हवेली",), "manor", (), "term", "caller")]).sha256
    assert len(Glossary().sha256) == 64


def test_a_glossary_has_a_bound_and_each_source_once():
    many = [Entry((f"शब्द{number}",), f"word{number}", (), "term", "learned") for number in range(MOST_ENTRIES + 50)]
    assert len(Glossary(many).entries) == MOST_ENTRIES
    assert Glossary([RAJ, Entry(("Raj",), "Rajah", (), "name", "tmdb")]).entries == (RAJ,)


def test_a_name_of_many_words_is_found_as_it_is_spelt_and_by_its_parts():
    context = Context(
        characters=(Character(name="Kumar Vikram Rana Pratap Deo Rathore", source="कुमार विक्रम राणा प्रताप देव राठौड़"),)
    )
    found = of(("वह आया।", "He came."), context=context)
    assert targets(found.in_line("कुँवर कुमार विक्रम राणा प्रताप देव राठौड आया")) == [
        "Kumar Vikram Rana Pratap Deo Rathore",
        *("Kumar", "Vikram", "Rana", "Pratap", "Deo", "Rathore"),
    ]
    assert targets(found.in_line("कुमार विक्रम आया")) == ["Kumar", "Vikram"]


def test_a_cast_of_endless_names_has_no_more_of_a_line_spelt_out():
    words = [each.source for each in GIVEN.values()][:200]
    endless = [Entry((" ".join(words[at : at + 50]),), f"Name {at}", (), "name", "caller") for at in range(0, 150, 5)]
    found = Glossary([Entry((word,), f"Given {word}", (), "name", "caller") for word in words] + endless)
    before = sounds.cache_info().misses
    found.in_line(" ".join(reversed(words)))
    assert sounds.cache_info().misses - before <= len(words) * (MOST_WORDS + 1)


def test_there_are_enough_names_that_are_words_too():
    assert sum(bool(given.meanings) for given in GIVEN.values()) >= 60


def test_what_is_only_a_name_is_always_one():
    assert use_of("सिमरन", "मेरी सिमरन है") == 1
    assert use_of("सपना", "सपना") == 1
    assert use_of("सपना", "कल सपना आई") in (0, 1)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("संतोष", "संतोष को।"),
        ("विजय", "विजय की। पाँचवीं मंज़िल वाला।"),
        ("शक्ति", "शक्ति पर।"),
        ("शांति", "मेरी बहन शांति उधर रह गई।"),
        ("आशा", "आशा और मैं चलेंगे।"),
    ],
)
def test_who_is_an_answer_or_kin_or_stands_beside_the_speaker_has_a_name(word, text):
    assert use_of(word, text) == 1


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("शांति", "शांति से।"),
        ("शांति", "मेरी माँ शांति से सोई।"),
        ("सागर", "सागर पर।"),
        ("आशा", "मेरी माँ आशा है।"),
        ("संतोष", "मुझे संतोष को मन में रखना है।"),
    ],
)
def test_a_manner_a_place_and_what_somebody_is_are_no_names(word, text):
    assert use_of(word, text) < 1


def test_an_article_shows_that_the_word_was_meant():
    assert is_translated(GIVEN["राज"], "Yesterday king came") == "king"
    assert is_translated(GIVEN["राज"], "The king came") == ""
    assert is_translated(GIVEN["आशा"], "Hope came") == ""
