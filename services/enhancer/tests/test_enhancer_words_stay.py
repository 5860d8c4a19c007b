"""Words that are names as well, and stay in a right draft where they are said as words, be the name told or not."""

import pytest

from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.said import is_said, may_be_said
from setu_enhancer.domain.strangers import called_as_word
from setu_enhancer.domain.text.words import folded
from testbed.mending import cast_of, put_right

PAIR = Pair("hi", "en")
_CAST = [
    ("Asha", "आशा", "female"),
    ("Kiran", "किरण", "female"),
    ("Jyoti", "ज्योति", "female"),
    ("Prem", "प्रेम", "male"),
    ("Vijay", "विजय", "male"),
    ("Suraj", "सूरज", "male"),
    ("Shanti", "शांति", "female"),
    ("Moti", "मोती", "male"),
    ("Gulab", "गुलाब", "male"),
    ("Kamal", "कमल", "male"),
    ("Sapna", "सपना", "female"),
    ("Khushi", "खुशी", "female"),
    ("Mangal", "मंगल", "male"),
    ("Pawan", "पवन", "male"),
    ("Pooja", "पूजा", "female"),
    ("Vishwas", "विश्वास", "male"),
    ("Santosh", "संतोष", "male"),
    ("Daya", "दया", "female"),
    ("Jeevan", "जीवन", "male"),
]
CAST = cast_of(_CAST)


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("माँ की आँखों में अब भी आशा थी।", "There was still hope in Mother's eyes."),
        ("सूरज की पहली किरण पहाड़ पर पड़ी।", "The first ray of the sun fell on the mountain."),
        ("प्रेम से खाओ, बेटा।", "Eat with love, son."),
        ("सेना विजय के बाद लौट आई।", "The army returned after the victory."),
        ("भाइयों का प्रेम देखो।", "Look at the love of the brothers."),
        ("मोती समुद्र में मिलते हैं।", "Pearls are found in the sea."),
        ("मोती बहुत महँगे हैं।", "Pearls are very expensive."),
        ("माला के मोती बिखर गए।", "The beads of the necklace scattered."),
        ("कमल हमारा राष्ट्रीय फूल है।", "The lotus is our national flower."),
        ("कमल को वोट दो।", "Vote for the lotus."),
        ("गुलाब कितने का है?", "How much is the rose?"),
        ("चाय में इलायची और गुलाब डालो।", "Put cardamom and rose in the tea."),
        ("शांति! सब चुप हो जाओ!", "Silence! Everyone be quiet!"),
        ("हमें शांति की ज़रूरत है।", "We need peace."),
        ("खुशी पैसों से नहीं आती।", "Happiness does not come from money."),
        ("मंगल और बुध को छुट्टी है।", "Tuesday and Wednesday are holidays."),
        ("मंगल से शनि तक दुकान खुली है।", "The shop is open from Tuesday to Saturday."),
        ("धरती सूरज का चक्कर लगाती है।", "The earth goes around the sun."),
        ("आशा के अनुरूप परिणाम आया।", "The result came as expected."),
        ("आशा और आदत में फ़र्क़ होता है।", "There is a difference between hope and habit."),
        ("सपना और सच एक नहीं।", "Dream and reality are not one."),
        ("पवन तेज़ चल रही है।", "The wind is blowing hard."),
        ("सुबह पूजा होती है।", "There is worship in the morning."),
        ("विश्वास और शक में अंतर है।", "There is a difference between trust and doubt."),
        ("संतोष सबसे बड़ा धन है।", "Contentment is the greatest wealth."),
        ("जीवन और मृत्यु", "Life and death"),
        ("उस बूढ़े पर दया आ गई।", "I took pity on that old man."),
    ],
)
def test_a_right_draft_keeps_a_word_whose_name_is_told(source, draft):
    assert put_right(source, draft, CAST) == draft


@pytest.mark.parametrize(
    ("source", "draft", "wanted"),
    [
        ("सूरज ने टपरी पर चाय सुड़की।", "The sun slurped tea at the stall.", "Suraj slurped tea at the stall."),
        ("सूरज का क्या हुआ?", "What happened to the sun?", "What happened to Suraj?"),
        ("मोती ने जूता चबाया।", "The pearl chewed the shoe.", "Moti chewed the shoe."),
        ("शांति बर्तन माँज रही है।", "Peace is scrubbing dishes.", "Shanti is scrubbing dishes."),
        ("गुलाब सिंह ज़मींदार था।", "Rose Singh was a landlord.", "Gulab Singh was a landlord."),
        ("सपना ने चूड़ियाँ पहनीं।", "The dream wore bangles.", "Sapna wore bangles."),
    ],
)
def test_who_does_what_people_do_has_the_name_again(source, draft, wanted):
    assert put_right(source, draft, CAST) == wanted


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("आशा", "आशा दिखी थी कल बाज़ार में।"),
        ("किरण", "किरण पहाड़ पर चढ़ रही है।"),
        ("किरण", "किरण सीधे घर आई।"),
        ("प्रेम", "प्रेम से बात करो।"),
        ("विजय", "विजय पर सब हँसे।"),
        ("राज", "मेरा राज कहाँ है?"),
        ("सूरज", "सूरज और तारा आए थे।"),
        ("शांति", "पहले शांति आई, फिर रमेश।"),
        ("मोती", "मोती समुद्र में कूद गया।"),
        ("माधवी", "माधवी कपड़े डाल रही है।"),
        ("चमेली", "चमेली पेड़ पर चढ़ गई।"),
        ("मंगल", "मंगल होगा दरवाज़े पर।"),
        ("मंगल", "मंगल और रवि खेत में हैं।"),
    ],
)
def test_what_may_be_said_of_somebody_is_not_said_of_the_word_alone(word, text):
    assert not is_said(word, text)
    assert not may_be_said(folded(word), text)


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("उसे प्रेम की ज़रूरत है।", "He needs love."),
        ("विजय निश्चित है।", "Victory is certain."),
        ("सूरज में दाग़ नहीं होते।", "There are no spots in the sun."),
        ("मोती असली हैं क्या?", "Are the pearls real?"),
        ("गुलाब मुरझा गया।", "The rose withered."),
        ("तुलसी सूख गई।", "The basil has withered."),
        ("प्रकाश कम है।", "The light is dim."),
        ("ममता अंधी होती है।", "A mother's love is blind."),
    ],
)
def test_nobody_is_asked_of_a_word_that_plainly_is_one(source, draft):
    assert called_as_word(Line(0, 0.0, 4.0, source, draft), PAIR) == ""
