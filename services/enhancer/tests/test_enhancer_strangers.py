"""Names that nobody listed, told by what a draft made of them, or by nothing in it that sounds like them."""

import pytest

from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.strangers import called_as_word
from setu_enhancer.domain.unheard import is_heard, is_strange

HINDI = Pair("hi", "en")


def asked_about(source, draft, index=0):
    return called_as_word(Line(index=index, start_s=0.0, end_s=2.5, source=source, draft=draft), HINDI)


@pytest.mark.parametrize(
    ("source", "draft", "word"),
    [
        ("जुगनू जी, आपकी चिट्ठी है।", "Firefly ji, there is your letter.", "जुगनू"),
        ("हाँ, जुगनू चाचा को सब जानते हैं।", "Yes, everyone knows the glow-worm uncle.", "जुगनू"),
        ("जुगनू चाचा, छोड़िए ना।", "Uncle, leave it.", "जुगनू"),
        ("देखो, बल्ली मामा!", "Look, Uncle pole!", "बल्ली"),
        ("तकिया काका कहाँ गए?", "Where did pillow uncle go?", "तकिया"),
        ("मोर टेकरी पर उतरूँगा।", "I will get down on the hill.", "मोर"),
        ("वो चूड़ी मोहल्ले में रहता है।", "He lives in the bangle locality.", "चूड़ी"),
        ("कौन लौंग?", "Which clove?", "लौंग"),
        ("नगीना की बकरी खो गई।", "The gem's goat has got lost.", "नगीना"),
        ("छुटकी से कहना, जल्दी आए।", "Tell the younger sister to come soon.", "छुटकी"),
        ("चवन्नी लाल का पैसा बाक़ी है।", "The red quarter's money is left.", "चवन्नी"),
        ("धीरज को कल से दुकान पर बैठाओ।", "Make him sit at the shop from tomorrow.", "धीरज"),
        ("ज्योति के साथ कौन गया?", "Who went with the flame?", "ज्योति"),
        ("कल ज्योति वहाँ थी।", "Yesterday the flame was there.", "ज्योति"),
        ("सुगनवा काका आ रहे हैं।", "Parrot uncle is coming.", "सुगनवा"),
        ("रतनडीह में मेला लगा है।", "There is a fair in the jewel mound.", "रतनडीह"),
        ("ढोलकिया को बुला लो।", "Call the drum one.", "ढोलकिया"),
    ],
)
def test_a_draft_that_says_what_nobody_would_is_a_reason_to_ask(source, draft, word):
    assert asked_about(source, draft) == word


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("माँ, काका आए हैं।", "Ma, Kaka has come."),
        ("ड्राइवर भैया, गाड़ी रोको।", "Driver, stop the car."),
        ("पुराने टोले में आग लगी है।", "There's a fire in the old hamlet."),
        ("सब्ज़ी बाज़ार बंद है।", "The vegetable market is closed."),
        ("कौन आदमी?", "Which man?"),
        ("बाहर जुगनू चमक रहे हैं।", "There are fireflies out there."),
        ("क्लच धीरे छोड़िए।", "Let go of the clutch slowly."),
        ("सब लोग उसके घर जाएँगे, तुम भी चलोगी?", "Everyone will go to his place, will you come too?"),
        ("मंदिर में ज्योति जल रही थी।", "A flame was burning in the temple."),
        ("एक किलो धनिया देना।", "A kilo of coriander, please."),
        ("साड़ी लाल है।", "The sari is red."),
        ("बुधराम काका कहाँ हैं?", "Where is Budhram Kaka?"),
    ],
)
def test_a_draft_that_is_right_is_none(source, draft):
    assert asked_about(source, draft) == ""


def test_what_is_in_no_list_is_strange_and_heard_in_any_spelling():
    assert is_strange("सोनबरसा")
    assert not is_strange("किताब")
    assert not is_strange("होगी")
    assert is_heard("क्लच", ["the", "clutch"])
    assert is_heard("बुधराम", ["Boodhraam"])
    assert not is_heard("सोनबरसा", ["gold", "rain"])
