"""Names that are not put in the wrong place: where nothing tells surely, the draft is left as it is."""

import pytest

from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.naming import names_of
from setu_enhancer.domain.oddities import taken_for_words
from testbed.editing import HINDI
from testbed.mending import cast_of, put_right

CAST = (
    ("Asha", "आशा", "female"),
    ("Kiran", "किरण", "female"),
    ("Jyoti", "ज्योति", "female"),
    ("Prem", "प्रेम", "male"),
    ("Vijay", "विजय", "male"),
    ("Raj", "राज", "male"),
    ("Suraj", "सूरज", "male"),
    ("Shanti", "शांति", "female"),
    ("Moti", "मोती", "male"),
    ("Kamal", "कमल", "male"),
    ("Khushi", "खुशी", "female"),
    ("Daya", "दया", "female"),
    ("Mangal", "मंगल", "male"),
    ("Sunita", "सुनीता", "female"),
    ("Ramesh", "रमेश", "male"),
)


def of(source, draft, cast=CAST, pair=HINDI):
    return put_right(source, draft, cast_of(cast), pair=pair)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("आशा रो पड़ी।", "Hope wept.", "Asha wept."),
        ("खुशी को लेकर आओ।", "Bring joy.", "Bring Khushi."),
        ("विजय दौड़ में जीता।", "Victory won the race.", "Vijay won the race."),
        ("विजय कुर्सी से उठा।", "Victory rose from the chair.", "Vijay rose from the chair."),
        ("आशा ने परदा हटाया।", "Hope drew the curtain.", "Asha drew the curtain."),
        ("आशा ने उपन्यास लिख डाला।", "Hope overwrote it.", "Asha overwrote it."),
        ("विजय ने सारा पैसा जुए में उड़ा दिया।", "Victory blew all the money gambling.", "Vijay blew all the money gambling."),
    ],
)
def test_what_is_done_is_left_where_it_stands(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("एक्स-रे की किरण शरीर के पार जाती है।", "An X-ray beam passes through the body."),
        ("लेज़र की किरण दीवार पर पड़ी।", "The laser beam hit the wall."),
        ("किरण और करण भाई-बहन हैं।", "Karan and Karan are siblings."),
    ],
)
def test_half_of_a_longer_word_and_more_than_one_are_nobody(source, draft):
    assert of(source, draft) == draft


@pytest.mark.parametrize(
    ("source", "draft", "wrong"),
    [
        ("सुनीता का पति रमेश से मिला।", "Her husband met Ramesh.", "Sunita Ramesh"),
        ("राज का दोस्त विजय से मिला।", "His friend met Vijay.", "Raj Vijay"),
        ("आशा और आदत में फ़र्क है।", "There is a difference between hope and habit.", "difference Asha"),
        ("राज की भाभी आई।", "His sister-in-law came.", "in-Raj"),
        ("ज्योति की सास ने चाय पिलाई।", "Her mother-in-law gave tea.", "in-Jyoti"),
        ("दया भाभी कहाँ हैं?", "Where is sister-in-law mercy?", "in-Daya"),
    ],
)
def test_a_verb_a_preposition_and_half_of_a_word_are_nobody(source, draft, wrong):
    assert wrong not in of(source, draft)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("राज, 1,20,000 दो।", "1,20,000.", "Raj, 1,20,000."),
        ("आशा, 5,000 रुपये।", "5,000 rupees.", "Asha, 5,000 rupees."),
        ("आशा, 20 रुपये।", "20, rupees.", "Asha, 20, rupees."),
    ],
)
def test_a_number_is_whole_and_nobody(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("दया ने दया नहीं दिखाई।", "She showed no mercy."),
        ("प्रेम का प्रेम सच्चा है।", "His love is true."),
        ("मंगल मंगल को आएगा।", "He will come on Tuesday."),
        ("खुशी बहुत खुश है।", "She is very happy."),
        ("राज को राज़ पता है।", "He knows the secret."),
        ("सूरज, सूरज डूब रहा है।", "The sun is setting."),
        ("मोती, मोती की माला ला।", "Bring the pearl necklace."),
        ("शांति को शांति चाहिए।", "She needs peace."),
        ("आशा हमारी आशा है।", "Hope is our hope."),
        ("कमल ने कमल का फूल तोड़ा।", "Lotus plucked lotus flower."),
    ],
)
def test_a_name_beside_its_word_is_left_alone(source, draft):
    assert of(source, draft) == draft


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("आशा, आशा!", "Hope, hope!", "Asha, Asha!"),
        ("आशा आई। विजय आशा से मिला।", "Hope came. Vijay met Hope.", "Asha came. Vijay met Asha."),
    ],
)
def test_a_name_that_is_no_word_either_time_stands_both_times(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("आशा ने कहा " * 180, "Hope said so. " * 140),
        ("आशा, " * 398, "Hope, " * 330),
        ("आशा ने कहा कि " + "वह बहुत दूर गई " * 100, "The lion went very far. " * 80),
    ],
)
def test_a_line_that_goes_on_and_on_is_left_alone(source, draft):
    assert of(source, draft) == draft
    assert not list(taken_for_words(source, draft))


def test_two_who_sound_alike_keep_what_one_does():
    assert of("मोहन मोहन सिंह से मिला।", "Mohan met Mohan Singh.", [("Mohun", "मोहन", "male")]) == "Mohan met Mohan Singh."


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("फूल लाल है।", "The flower is red."),
        ("गुलाब लाल है।", "The rose is red."),
        ("रोशनी लाल है।", "The light is red."),
        ("सूरज लाल हो गया।", "The sun turned red."),
    ],
)
def test_what_is_red_is_nobody(source, draft):
    lines = [Line(0, 0.0, 3.0, source, draft)]
    assert not names_of(lines, HINDI)
    assert of(source, draft, ()) == draft


def test_a_surname_before_what_is_done_is_one():
    assert of("गुलाब लाल आया है।", "The red rose has come.", ()) == "Gulab Lal has come."


@pytest.mark.parametrize(
    ("source", "draft", "name", "text", "language"),
    [
        ("¡Socorro, ayúdame!", "Help, help me!", "Socorro", "Help, help me!", "es"),
        ("¡Socorro!", "Help!", "Socorro", "Help!", "es"),
        ("¡Victoria!", "Victory!", "Victoria", "Victory!", "es"),
        ("¡Victoria, ven aquí!", "Victory, come here!", "Victoria", "Victoria, come here!", "es"),
        ("La Cruz Roja llegó.", "The Red Cross arrived.", "Cruz", "The Red Cross arrived.", "es"),
        ("Les roses sont roses, Rose.", "The roses are pink, Pink.", "Rose", "The roses are pink, Pink.", "fr"),
        ("Le petit Petit est là.", "The little Little is here.", "Petit", "The little Little is here.", "fr"),
    ],
)
def test_what_is_cried_or_has_an_article_is_the_word(source, draft, name, text, language):
    assert of(source, draft, [(name, name, None)], Pair(language, "en")) == text
