"""Names of a known cast that a draft has as a phrase, has dropped, or has as the word that they are, too."""

import pytest

from setu_common.contracts import Character
from setu_enhancer.domain.mending.meant import hinted, sites
from setu_enhancer.domain.words import stem
from testbed.mending import put_right


def of(source, draft, *cast):
    return put_right(source, draft, [Character(name=each) for each in cast])


@pytest.mark.parametrize(
    ("source", "draft", "cast", "text"),
    [
        ("बादामी, दरवाज़ा खोल!", "Open the door!", "Badami", "Badami, open the door!"),
        ("सुनो बिजली, वापस आओ।", "Listen, come back.", "Bijli", "Bijli, listen, come back."),
        ("चल कजरी, घर चल।", "Come on, let's go home.", "Kajri", "Come on, Kajri, let's go home."),
        ("ख़ुश रह, धीरज!", "Be happy!", "Dheeraj", "Be happy, Dheeraj!"),
        ("छोड़ दे, धीरज।", "Leave the patience.", "Dheeraj", "Leave it, Dheeraj."),
        ("धीरज, ज़रा तू देख।", "Have patience, you just see.", "Dheeraj", "Dheeraj, you just see."),
        ("ज्योति! रुको!", "Stop!", "Jyoti", "Jyoti, stop!"),
        ("ज्योति! रुको!", "Flame! Stop!", "Jyoti", "Jyoti! Stop!"),
        ("बैठो ज्योति, चाय पियो।", "Sit, drink tea.", "Jyoti", "Sit, Jyoti, drink tea."),
        ("चलो सोहन।", "Let's go.", "Sohan", "Let's go, Sohan."),
        ("अरे ओ छबीली, सुन तो।", "Hey beautiful one, listen.", "Chhabili", "Hey Chhabili, listen."),
        ("बब्बन, नीचे उतरकर देख तो!", "Lion cub, get down and look!", "Babban", "Babban, get down and look!"),
    ],
)
def test_who_is_called_in_the_line_is_called_in_the_draft(source, draft, cast, text):
    assert of(source, draft, cast) == text


@pytest.mark.parametrize(
    ("source", "draft", "cast", "text"),
    [
        ("पानी ममता को दे आओ।", "Give the water to her.", "Mamta", "Give the water to Mamta."),
        ("उसने दीपू को मारा।", "He hit him.", "Deepu", "He hit Deepu."),
        ("दीपू ने सच कहा।", "He told the truth.", "Deepu", "Deepu told the truth."),
        ("पारस का घर यहीं है।", "His house is right here.", "Paras", "Paras's house is right here."),
        (
            "मलाई तीसरी मंज़िल पर उतरी है।",
            "Something has got down on the third floor.",
            "Malai",
            "Malai has got down on the third floor.",
        ),
    ],
)
def test_a_name_stands_for_the_one_pronoun_that_can_only_be_it(source, draft, cast, text):
    assert of(source, draft, cast) == text


@pytest.mark.parametrize(
    ("source", "draft", "cast", "text"),
    [
        ("जुगनू चाचा, छोड़िए।", "Uncle, leave it.", "Jugnu", "Uncle Jugnu, leave it."),
        ("मुन्नी की शादी तय हो गई।", "The little girl's wedding is fixed.", "Munni", "Munni's wedding is fixed."),
        ("घूरन काका कहाँ गए?", "Where did the staring uncle go?", "Ghooran", "Where did Uncle Ghooran go?"),
        ("मीठी बुआ को फ़ोन करो।", "Call the sweet aunt.", "Meethi", "Call Aunt Meethi."),
        ("उजाला बेटा, टॉर्च पकड़ो।", "Son, hold the torch.", "Ujala", "Ujala, hold the torch."),
        ("एक चिट्ठी फुलवा भाभी की है।", "One letter is of flower sister-in-law.", "Phulwa", "One letter is of Phulwa Bhabhi."),
    ],
)
def test_kin_behind_a_name_stands_beside_it(source, draft, cast, text):
    assert of(source, draft, cast) == text


@pytest.mark.parametrize(
    ("source", "draft", "cast", "text"),
    [
        ("बरगद गली से मुड़ जाना।", "Turn from the banyan street.", "Bargad Gali", "Turn from Bargad Gali."),
        ("साहब, मोर टेकरी पर उतरूँगा।", "Sir, I will get down on the hill.", "Mor Tekri", "Sir, I will get down on Mor Tekri."),
        (
            "बैल ईंटवाली गली से बाहर न निकले।",
            "The bull should not get out from the street having bricks.",
            "Eentwali Gali",
            "The bull should not get out from Eentwali Gali.",
        ),
        (
            "चलो, झूला घाट पर खाएँगे।",
            "Come, we will eat on the bank of the swing.",
            "Jhoola Ghat",
            "Come, we will eat on Jhoola Ghat.",
        ),
        (
            "फ़ोन है, पीपल टोला से।",
            "Phone, from the neighbourhood of fig trees.",
            "Peepal Tola",
            "Phone, from Peepal Tola.",
        ),
        ("सोनपुर में मेला लगा है।", "There is a fair in gold town.", "Sonpur", "There is a fair in Sonpur."),
        ("पत्थरकोट की, दादी।", "Of the stone coat, grandma.", "Pattharkot", "Of Pattharkot, grandma."),
        (
            "सबसे ऊपर चवन्नी लाल का नाम है।",
            "At the very top is the name of the red quarter.",
            "Chavanni Lal",
            "At the very top is the name of Chavanni Lal.",
        ),
    ],
)
def test_a_name_of_several_words_is_put_as_a_whole(source, draft, cast, text):
    assert of(source, draft, cast) == text


@pytest.mark.parametrize(
    ("source", "draft", "cast", "text"),
    [
        (
            "कुबेर ने। मैंने अपनी आँखों से देखा।",
            "The god of wealth. I saw it with my own eyes.",
            ["Kuber"],
            "Kuber. I saw it with my own eyes.",
        ),
        ("वो सतवीर के साथ रह गया।", "It remained with seven heroes.", ["Satveer"], "It remained with Satveer."),
        ("दुखहरन को दवा किसने दी?", "Who gave medicine to Dukh's deer?", ["Dukhharan"], "Who gave medicine to Dukhharan?"),
        ("मैं और जोरावर बाएँ से जाते हैं।", "I and the forceful one go from left.", ["Zorawar"], "I and Zorawar go from left."),
        ("फूलमती, तुम सच बोलती हो।", "Flower-minded one, you speak truth.", ["Phulmati"], "Phulmati, you speak truth."),
        ("पहले फेंकनी, फिर सोमारी।", "First the thrower, then Monday.", ["Phenkni", "Somari"], "First Phenkni, then Somari."),
        ("यह सितारा का कमरा है।", "This is the star room.", ["Sitara"], "This is Sitara's room."),
        (
            "तू तो मेरी भोली की नातिन निकली!",
            "You turned out my innocent granddaughter!",
            ["Bholi"],
            "You turned out my Bholi's granddaughter!",
        ),
        ("क्रांति से पूछ।", "Ask for a revolution.", ["Kranti"], "Ask Kranti."),
    ],
)
def test_the_whole_phrase_that_nothing_else_accounts_for_is_the_name(source, draft, cast, text):
    assert of(source, draft, *cast) == text


@pytest.mark.parametrize(
    ("source", "draft", "cast"),
    [
        ("बाहर जुगनू चमक रहे हैं।", "There are fireflies out there.", "Jugnu"),
        ("सामने मोर बैठा है सड़क पर!", "There's a peacock sitting in the road!", "Mor"),
        ("शीतल हवा चल रही है।", "There's a cool breeze.", "Sheetal"),
        ("माँ की ममता झूठ नहीं बोलती।", "A mother's love doesn't lie.", "Mamta"),
        ("कब तक धीरज रखें?", "How long must we be patient?", "Dheeraj"),
        ("नींद नहीं आती।", "I can't sleep.", "Neend"),
        ("गली में बच्चे खेल रहे हैं।", "Kids are playing in the lane.", "Hing Gali"),
        ("ज़्यादा मलाई वाला?", "The one with extra cream?", "Malai"),
        ("बुलबुल कितना मीठा बोल रही है, सुनिए!", "How sweetly the nightingale is singing, listen!", "Suhani"),
        ("वो दीपू को जानता है, उसे बुलाओ।", "He knows him, call him.", "Deepu"),
        ("चावल, दाल, मलाई, सब ले आना।", "Bring rice, lentils, cream, everything.", "Malai"),
        ("बारिश में नहीं चढ़ेंगी।", "They won't climb in the rain.", "Barish"),
        ("संध्या को सात बजे आना।", "Come at seven in the evening.", "Sandhya"),
        ("मलाई वाली चाय लाना।", "Bring the cream tea.", "Malai"),
        ("विकास होगा गाँव का।", "The village will develop.", "Vikas"),
        ("रमेश बाबू, नमस्ते।", "Hello, sir.", "Ramesh"),
        ("पिंकी मौसी की बिल्ली मर गई।", "My aunt's cat has died.", "Pinky"),
    ],
)
def test_the_word_and_not_the_name_stays(source, draft, cast):
    assert of(source, draft, cast) == draft


def test_people_of_a_list_are_called_by_nobody():
    assert of("राजू, श्याम और गीता आए थे।", "They had all come.", "Raju", "Shyam", "Geeta") == "They had all come."


def test_of_two_names_that_are_missing_a_pronoun_is_the_one_that_it_can_be_said_of():
    made = of("गोपाल ने मुझे बताया कि मीना बीमार है।", "I was told that she's ill.", "Gopal", "Meena")
    assert made == "I was told that Meena's ill."


def test_somebody_does_something_and_the_word_for_it_stays():
    assert of("तो शेर को नचाओ।", "Then make the lion dance.", "Sher") == "Then make Sher dance."


def test_a_title_stands_before_a_name():
    assert of("डॉक्टर नीलम को बुलाओ।", "Call the sapphire doctor.", "Neelam") == "Call Doctor Neelam."


def test_a_name_may_be_made_of_words():
    assert {stem("stone"), stem("coat")} <= hinted("पत्थरकोट", "hi")
    assert "red" in hinted("ललिया", "hi")
    assert sites()["गली"][0] == "Gali"
