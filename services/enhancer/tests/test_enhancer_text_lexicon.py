"""Idioms and words of a culture, found in what is said, and in what a machine made of them."""

import tomllib

import pytest

from setu_enhancer.domain.lexicon import FOLDER, LANGUAGES, _lexicon, _rows, _said, idioms_in, missed, says


def ways(language):
    lexicon = _lexicon(language)
    return [*lexicon.written.ways, *lexicon.loosely.ways]


def entries(language):
    return {idiom for _, idiom in ways(language) if idiom.meant}


@pytest.mark.parametrize(("language", "count"), [("hi", 120), ("fr", 25), ("es", 25), ("pt", 25)])
def test_a_language_has_enough_entries(language, count):
    assert len(entries(language)) >= count


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_found_in_itself_unless_a_longer_one_is(language):
    for way, idiom in ways(language):
        found = _said(way.text.replace("*", ""), language)
        assert idiom in found or any(len(other.source) > len(idiom.source) for other in found), way.text


@pytest.mark.parametrize(
    "path", sorted(path for each in LANGUAGES for path in FOLDER.glob(f"{each}[.-]*toml")), ids=lambda path: path.name
)
def test_a_file_is_read_as_it_is_written(path):
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    assert [list(row) for row in _rows(path)] == [[kind, *entry] for kind, entries in written.items() for entry in entries]


def test_plain_words_are_no_idioms_but_may_be_rendered_word_by_word():
    assert idioms_in("मुझे डर लग रहा है", "hi") == ()
    assert missed("मुझे डर लग रहा है", "Fear is felt by me", "hi") == "डर लग"
    assert missed("मुझे डर लग रहा है", "I'm scared", "hi") == ""
    assert missed("माँ कसम!", "Mother swear!", "hi")
    assert missed("माँ कसम!", "I swear!", "hi") == ""
    assert missed("怖い", "scared", "ja") == ""


@pytest.mark.parametrize(
    ("text", "language", "source"),
    [
        ("अरे बाप रे! ये क्या हुआ?", "hi", "अरे बाप रे"),
        ("चोर नौ दो ग्यारह हो गए।", "hi", "नौ दो ग्यारह"),
        ("चोर नौ-दो-ग्यारह हो गया।", "hi", "नौ दो ग्यारह"),
        ("मेरा दिल गार्डन-गार्डन हो गया", "hi", "दिल गार्डन गार्डन"),
        ("उसने मेरी आँखों में धूल झोंकी", "hi", "आँख में धूल झोंक"),
        ("आंखों में तो धूल मत झोंको", "hi", "आँख में धूल झोंक"),
        ("मेरे दिमाग का दही मत कर", "hi", "दिमाग़ का दही"),
        ("आपने ही इसे सर पे चढ़ाया है", "hi", "सिर पर चढ़"),
        ("सिर पर उसे तो मत चढ़ाओ", "hi", "सिर पर चढ़"),
        ("मत खींचो मेरी टाँग", "hi", "टाँग खींच"),
        ("राज के आने से जान में फिर से जान आई", "hi", "जान में जान आ"),
        ("मेरी आंखो मे राज ने धुल झोकी", "hi", "आँख में धूल झोंक"),
        ("यूँ दिन में मुझे तारे दिख गये", "hi", "दिन में तारे"),
        ("उसने तो दिल मुझे कब का दे दिया, मैं भी दिल दे बैठूँगी", "hi", "दिल दे बैठ"),
        ("वो घोड़े बेच के सो रहा है", "hi", "घोड़े बेच कर"),
        ("ऊँची दुकान, फीके पकवान", "hi", "ऊँची दुकान फीका पकवान"),
        ("मेरी तो किस्मत ही फूटी है", "hi", "क़िस्मत फूट"),
        ("अब क्या बताऊँ यार", "hi", "क्या बताऊँ"),
        ("chor nau do gyarah ho gaye", "hi", "नौ दो ग्यारह"),
        ("arre baap re!", "hi", "अरे बाप रे"),
        ("koi jugaad lagao", "hi", "जुगाड़"),
        ("Il m'a posé un lapin hier.", "fr", "pos un lapin"),
        ("C’est la goutte d’eau.", "fr", "la goutte d'eau"),
        ("¿Me estás tomando el pelo?", "es", "tom el pelo"),
        ("Madre mía, qué tarde es", "es", "madre mía"),
        ("Só agora caiu a ficha.", "pt", "cair a ficha"),
    ],
)
def test_an_idiom_is_found_in_its_forms(text, language, source):
    assert source in [idiom.source for idiom in idioms_in(text, language)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("राज बहुत अच्छा लड़का है", "hi"),
        ("मेरे पिता घर पर हैं", "hi"),
        ("नौ बजे दो लोग आए", "hi"),
        ("सिर पर टोपी रख, वो ऊपर चढ़ गया", "hi"),
        ("मेरी टाँग में दर्द है। मत खींचो", "hi"),
        ("ऊपर वाली दराज़ में है", "hi"),
        ("एक बार की बात थी", "hi"),
        ("पहले मैं जाने दूँगी", "hi"),
        ("तुम्हें क्यों बताऊँ?", "hi"),
        ("main ghar ja raha hoon", "hi"),
        ("Je mange un lapin.", "fr"),
        ("寿司が好きです", "ja"),
        ("", "hi"),
    ],
)
def test_plain_lines_have_none(text, language):
    assert idioms_in(text, language) == ()


def test_a_longer_idiom_hides_the_shorter_one_in_it():
    assert [idiom.source for idiom in idioms_in("मन में लड्डू फूटे", "hi")] == ["दिल में लड्डू"]


def test_a_phrase_may_have_one_word_between_and_stars_for_forms():
    assert says(("run* away",), "He was running right away!") == "run* away"
    assert says(("run* away",), "He ran a long way away") == ""
    assert says(("apple of * eye",), "You are the apple of my eye.") == "apple of * eye"
    assert says(("father",), "My grandfather came") == ""
    assert says((), "anything") == ""
    assert says(("is well",), "All is now well.") == "is well"
    assert says(("is well",), "All is not well.") == ""


def test_who_forgave_has_said_what_forgiving_is_said_by():
    (idiom,) = idioms_in("उसने तुम्हें कभी माफ़ नहीं किया।", "hi")
    assert says(idiom.meant, "He never forgave you.")
