"""What is said with a word where it is the word, and not the name of somebody."""

import pytest

from setu_common.contracts import Character, Context
from setu_enhancer.domain.given import SURELY_A_WORD, is_surely, use_of
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.lines import Pair
from setu_enhancer.domain.said import is_said


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("जुगनू", "बाहर जुगनू चमक रहे हैं।"),
        ("शांति", "तो क्या? शांति से बैठ जाऊँ?"),
        ("धीरज", "काका, कब तक धीरज रखें?"),
        ("बादल", "काले बादल घिर आए हैं।"),
        ("बादल", "आज बादल बहुत गरज रहे हैं।"),
        ("पतंग", "तेरी पतंग कट गई।"),
        ("चमेली", "अलमारी में चमेली का तेल रखा है।"),
        ("विद्या", "सब किताबी विद्या है।"),
        ("मंगल", "दुकान मंगल को बंद रहती है।"),
        ("मंगल", "उसकी कुंडली में मंगल ग्रह भारी है।"),
        ("क्रांति", "अब क्रांति होगी।"),
        ("मोर", "छत पर मोर नाच रहा है।"),
        ("मलाई", "दूध की मलाई बिल्ली खा गई।"),
        ("ममता", "माँ की ममता झूठ नहीं बोलती।"),
        ("किरण", "सूरज की पहली किरण आ गई।"),
        ("गुलाब", "उसने मुझे लाल गुलाब दिया।"),
    ],
)
def test_what_goes_with_a_word_shows_that_it_is_no_name(word, text):
    assert use_of(word, text) == SURELY_A_WORD
    assert not is_surely(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("बादल", "बादल कल शहर से आया।"),
        ("शांति", "शांति यहाँ बैठी थी।"),
        ("जुगनू", "जुगनू चाचा, थैला ख़ाली हुआ?"),
        ("बादल", "बादल सिंह बरस पड़ा।"),
        ("किरण", "मेरा नाम किरण फूटेला है।"),
        ("बादल", "बादल ने गरजकर कहा।"),
        ("मंगल", "मंगल को बुलाओ।"),
        ("मोर", "ये मोर टेकरी है।"),
        ("धीरज", "धीरज, रख दे उसे।"),
        ("कविता", "कविता लिख रही है।"),
        ("संध्या", "संध्या नाराज़ हो गई।"),
        ("पवन", "पवन गाड़ी चला रहा है।"),
        ("आनंद", "आनंद आज नहीं आएगा।"),
        ("गीता", "गीता पढ़ रही है।"),
        ("लक्ष्मी", "लक्ष्मी घर आई।"),
        ("किरण", "किरण, सूरज की किरण देख!"),
    ],
)
def test_who_does_what_people_do_or_has_a_title_or_kin_keeps_the_name(word, text):
    assert use_of(word, text) > SURELY_A_WORD


@pytest.mark.parametrize(
    ("word", "text", "is_taken"),
    [
        ("मोर", "मैंने जंगल में मोर देखा।", True),
        ("कस्तूरी", "उसने कस्तूरी ख़रीदी थी।", True),
        ("लट्टू", "वो तो मेले में लट्टू बेचता है।", True),
        ("मोर", "मैंने मोर को देखा।", False),
        ("कस्तूरी", "कस्तूरी ने देखा।", False),
        ("दीपक", "उसने अपना नाम दीपक बताया।", False),
        ("राज", "मैं राज बोल रहा हूँ।", False),
    ],
)
def test_what_somebody_sees_buys_or_sells_without_a_case_is_a_thing(word, text, is_taken):
    assert is_said(word, text) is is_taken


def test_a_name_that_is_told_is_not_looked_for_where_the_line_has_the_word():
    told = Context(characters=(Character(name="Jugnu"), Character(name="Lattu")))
    known = glossary(told, [], Pair("hi", "en"))
    assert [entry.target for entry in known.in_line("जुगनू को बुलाओ।")] == ["Jugnu"]
    assert not known.in_line("अँधेरे में जुगनू टिमटिमा रहे थे।")
    assert not known.in_line("वो लट्टू घुमा रहा है।")
