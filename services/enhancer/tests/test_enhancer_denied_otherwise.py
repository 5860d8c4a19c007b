"""What Hindi denies by asking or by telling to leave it, which of two things is denied, and which denials a translation need not share."""

import pytest

from setu_enhancer.domain.contraries import opposed
from setu_enhancer.domain.contrasts import contrast
from setu_enhancer.domain.denial import denial_fault
from setu_enhancer.domain.excused import distinct_denials, without_idioms
from setu_enhancer.domain.lines import Line, Pair


def fault(source: str, draft: str, text: str) -> str:
    return denial_fault(source, text, draft, "hi", "en")


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मुझे तैरना कहाँ आता है।", "Where do I come to swim.", "I know how to swim."),
        ("इतने पैसे कहाँ से लाऊँ।", "From where should I bring so much money.", "I'll bring that much money."),
        ("वो किसी की सुनता ही कब है।", "When does he listen to anyone.", "He always listens to people."),
        ("कौन सा हमें वहाँ जाना है।", "Which we have to go there.", "We have to go there."),
        ("उसने थोड़े ही चोरी की है।", "He has stolen a little.", "He's the one who stole it."),
        ("मुझे क्या मालूम।", "What do I know.", "I know."),
    ],
)
def test_a_question_that_denies_is_not_stated(source, draft, text):
    assert fault(source, draft, text)
    assert not fault(source, draft, draft)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मुझे तैरना कहाँ आता है।", "Where do I come to swim.", "I can't swim."),
        ("इतने पैसे कहाँ से लाऊँ।", "From where should I bring so much money.", "Where am I supposed to get that kind of money?"),
        ("वो किसी की सुनता ही कब है।", "When does he listen to anyone.", "He never listens to anyone."),
        ("कौन सा हमें वहाँ जाना है।", "Which we have to go there.", "It's not like we have to go there."),
        ("कब से इंतज़ार कर रहा हूँ।", "Since when I am waiting.", "I've been waiting for ages."),
        ("बताओ कौन आया था।", "Tell who had come.", "Tell me, somebody came."),
        ("थोड़ी ही देर में आता हूँ।", "I come in a little while only.", "I'll be there in a little while."),
        ("मैंने तुझे कहाँ नहीं ढूँढा।", "Where did I not search you.", "I looked everywhere for you."),
    ],
)
def test_a_question_may_be_asked_denied_or_meant(source, draft, text):
    assert not fault(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मुँह बंद रखो।", "Keep mouth closed.", "Keep your mouth shut."),
        ("मुँह बंद रखो।", "Keep mouth closed.", "Keep that mouth quiet."),
        ("दरवाज़ा बंद कर दो।", "Do the door closed.", "Get the door, will you."),
        ("फ़ोन बंद रखो।", "Keep the phone closed.", "Keep your phone off."),
        ("मुझे अकेला छोड़ दो।", "Leave me alone.", "Let me be alone."),
        ("खिड़की खुली छोड़ दो।", "Leave the window open.", "Keep the window open."),
    ],
)
def test_what_is_shut_or_left_as_it_is_is_not_left_off(source, draft, text):
    assert not fault(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        ("रोना बंद करो।", "Close crying.", "Don't cry.", "Start crying."),
        ("ग़ुस्सा छोड़ो यार।", "Leave anger friend.", "Don't be angry, man.", "Get angry, man."),
        ("शरमाना छोड़िए।", "Leave shyness.", "Don't be shy.", "Be shy."),
        ("डरना छोड़ दिया मैंने।", "I left fearing.", "I'm not afraid anymore.", "I've started to fear."),
        ("ज़िद छोड़िए।", "Leave the stubbornness.", "Stop being so stubborn.", "Be stubborn."),
        ("शोर बंद करो!", "Close noise!", "Stop making noise!", "Keep the noise up!"),
    ],
)
def test_what_is_to_be_left_off_is_not_taken_up(source, draft, right, wrong):
    assert fault(source, draft, wrong)
    assert not fault(source, draft, right)


def test_who_is_told_to_let_go_is_not_told_not_to():
    assert fault("मेरी डोर छोड़ो!", "Leave my thread!", "Don't let go of my string!")


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        (
            "पाँच को नहीं, पंद्रह को शादी है।",
            "Not five, wedding is on fifteen.",
            "The wedding's on the fifteenth, not the fifth.",
            "The wedding's on the fifth, not the fifteenth.",
        ),
        (
            "मैं नौकर नहीं, मालिक हूँ।",
            "I am not servant, I am owner.",
            "I'm the owner here, not a servant.",
            "I'm the servant, not the owner.",
        ),
        ("टूट जाऊँगा पर झुकूँगा नहीं।", "I will break but not bend.", "I'll break before I bend.", "I'll bend but I won't break."),
        ("राम ने कहा था, मैंने नहीं।", "Ram had said, not I.", "That was Ram, not me.", "I said it, not Ram."),
        (
            "सर दे देंगे, पर सर झुकाएँगे नहीं।",
            "We'll give the head, but will bow the head.",
            "We'll give our heads, but we won't bow them.",
            "We'll bow our heads, but we won't give them.",
        ),
    ],
)
def test_of_two_things_the_denied_one_is_told_from_the_other(source, draft, right, wrong):
    assert contrast(source, wrong, draft, "hi") == "moved"
    assert contrast(source, right, draft, "hi") == "kept"
    assert fault(source, draft, wrong)
    assert not fault(source, draft, right)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("ये तो ऊँट के मुँह में जीरा है।", "This is cumin in the camel's mouth.", "That won't even begin to cover it."),
        ("कुछ नहीं, बस ऐसे ही, कुछ भी नहीं।", "Nothing, just like this, nothing.", "Nothing, really."),
        ("मैं झूठ नहीं बोल रहा।", "I am not lying.", "I'm telling the truth."),
        ("बिना बताए मत जाना।", "Don't go without telling.", "Tell me before you go."),
        ("मैंने आज तक इतनी अच्छी चाय नहीं पी।", "I have not drunk so good tea till today.", "That's the best tea I've ever had."),
        ("बस? हो गई न बोलती बंद?", "Enough? The talking got closed, no?", "That's all? Lost your tongue?"),
        ("मेरे सामने नहीं ली।", "Did not take before me.", "Not in front of me, he didn't."),
        ("मैं मना नहीं करूँगा।", "I will not refuse.", "I'd be glad to."),
        ("पहली बार हवाई जहाज़ देखा।", "Saw the airplane first time.", "I'd never seen a plane before."),
        ("मैं उसे जानता हूँ।", "I know him.", "He's no stranger to me."),
    ],
)
def test_a_denial_may_be_said_without_denying_and_the_other_way_round(source, draft, text):
    assert not fault(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मेरे तो हाथ-पाँव फूल गए हैं।", "My hands and feet have swollen.", "I'm not scared at all."),
        ("छोड़ना मत!", "Don't let go!", "Got it! Let go!"),
        ("कोई अनाथ नहीं होगा आज।", "Nobody will be orphan today.", "Somebody will be orphaned today."),
        ("बिना फ़ॉर्म के कुछ नहीं दे सकती।", "Can't give anything without form.", "With the form I can't give you anything."),
        ("मूँछ तो आपकी शान है।", "The moustache is your pride.", "The moustache is hardly your pride."),
        ("नहीं तो। कहाँ आया।", "No then. Where did it come.", "Yes, it has come."),
        ("मुझे किसी ने बताया क्यों नहीं?", "Why did nobody tell me?", "Why did anyone tell me?"),
    ],
)
def test_what_only_looks_like_another_way_is_found(source, draft, text):
    assert fault(source, draft, text)


def test_what_is_denied_twice_counts_once():
    assert distinct_denials("कुछ नहीं, बस ऐसे ही, कुछ भी नहीं।", "hi") == 1
    assert distinct_denials("मैं नहीं गया, उसने नहीं बुलाया।", "hi") == 2


def test_what_an_idiom_denies_is_no_denial_of_its_line():
    source, draft = "आगे कुआँ पीछे खाई, मैं घर नहीं जाऊँगा।", "Well ahead ditch behind, I will not go home."
    assert "no way out" not in without_idioms(source, "There's no way out, I won't go home.", "hi")
    assert not fault(source, draft, "There's no way out, I won't go home.")
    assert fault(source, draft, "There's no way out, I'll go home.")
    assert without_idioms("मैं घर जाता हूँ।", "There's no way out.", "hi") == "There's no way out."


def test_an_idiom_may_be_said_by_a_denial_of_what_is_not_in_the_line():
    assert not fault("ऊँची दुकान, फीका पकवान।", "High shop, insipid dish.", "All that glitter and nothing behind it.")
    assert not fault(
        "अब पछताए होत क्या, जब चिड़िया चुग गई खेत।",
        "Now what happens by regretting, when the bird has pecked the field.",
        "It's no use being sorry now.",
    )
    assert fault("ऊँची दुकान, फीका पकवान।", "High shop, insipid dish.", "The shop isn't high, and the dish is good.")


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("भूलना मत, कल इम्तिहान है।", "Don't forget, exam is tomorrow.", "Remember, the exam's tomorrow."),
        ("वो कभी झूठ नहीं बोलता।", "He never tells lie.", "He always tells the truth."),
        ("आज दुकान बंद है।", "Shop is closed today.", "The shop isn't open today."),
        ("पैसे की कमी है।", "There is lack of money.", "We don't have enough money."),
        ("वो मरा नहीं, ज़िंदा है।", "He not died, is alive.", "He's alive."),
        ("इंसान हूँ, फ़रिश्ता नहीं।", "I am human, not angel.", "I'm only human."),
        ("मैं कुछ भी कर सकता हूँ।", "I can do anything.", "There's nothing I can't do."),
        ("मैंने कब कहा कि तुम चोर हो?", "When did I say that you are thief?", "I never said you were a thief."),
        ("उसके सिवा कोई नहीं जानता।", "No one knows except him.", "He's the only one who knows."),
        ("शायद वो न आए।", "Perhaps he may not come.", "He might not make it."),
    ],
)
def test_a_denial_may_be_said_by_the_opposite(source, draft, text):
    assert not fault(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("भूलना मत, कल इम्तिहान है।", "Don't forget, exam is tomorrow.", "Forget it, the exam's tomorrow."),
        ("आज दुकान बंद है।", "Shop is closed today.", "The shop isn't closed today."),
        (
            "आज दुकान खुली है, दूध है।",
            "Shop is open today, milk is there.",
            "The shop isn't closed today, and there isn't any milk.",
        ),
        ("वो मरा नहीं, ज़िंदा है।", "He not died, is alive.", "He's dead, not alive."),
        ("मुझे अँधेरे से डर लगता है।", "I fear from darkness.", "I'm not afraid of the dark."),
        ("उसके सिवा कोई नहीं जानता।", "No one knows except him.", "Everyone knows except him."),
        ("शायद वो न आए।", "Perhaps he may not come.", "Perhaps he'll come."),
        ("न खाता है न सोता है।", "Neither eats nor sleeps.", "He eats but doesn't sleep."),
    ],
)
def test_the_opposite_of_the_opposite_is_found(source, draft, text):
    assert fault(source, draft, text)


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        ("ऐसा कौन करता है?", "Who does such?", "Who does a thing like that?", "Everybody does that."),
        ("मुझे कौन रोकेगा?", "Who will stop me?", "Nobody's going to stop me.", "Somebody will stop me."),
        ("तुमसे किसने पूछा?", "Who asked from you?", "Nobody asked you.", "Somebody asked you."),
        ("मैं क्यों डरूँ उससे?", "Why should I fear from him?", "I'm not afraid of him.", "I'm afraid of him."),
        (
            "अब पछताने से क्या फ़ायदा।",
            "What benefit from regretting now.",
            "It's no use regretting it now.",
            "It'll help to regret it now.",
        ),
        ("यहाँ पार्किंग मना है।", "Parking is forbidden here.", "No parking here.", "Parking is allowed here."),
        ("ग़लती मेरी है, उसकी नहीं।", "Mistake is mine, not his.", "Blame me, not him.", "It's his fault, not mine."),
        ("मुझे नहीं, उसे बचाओ।", "Save him, not me.", "Save him, never mind me.", "Save me, not him."),
        (
            "बारिश नहीं रुकी तो मैच नहीं होगा।",
            "If rain did not stop then match won't happen.",
            "Unless the rain stops, there's no match.",
            "If the rain stops, there won't be a match.",
        ),
        ("दवाई लेना मत छोड़ना।", "Don't leave taking medicine.", "Keep taking your medicine.", "Stop taking the medicine."),
        ("हाथ मत लगाना मुझे।", "Don't put hand on me.", "Get your hands off me.", "Touch me."),
        ("दूध नहीं है।", "There is no milk.", "We're out of milk.", "There's milk."),
        ("शराब छोड़ दी उसने।", "He left liquor.", "He doesn't drink anymore.", "He's taken to drink."),
    ],
)
def test_right_and_wrong_ways_to_say_a_denial_are_told_apart(source, draft, right, wrong):
    assert fault(source, draft, wrong)
    assert not fault(source, draft, right)


def test_what_is_left_out_is_not_in_and_who_is_for_is_not_against():
    for source, draft, text in (
        ("टैक्स मिलाकर?", "Including tax?", "Excluding tax?"),
        ("जो पक्ष में हैं, हाथ उठाएँ।", "Those in favour, raise hands.", "Those against, raise your hands."),
    ):
        line = Line(0, 0.0, 6.0, source, draft)
        assert opposed(line, text, Pair("hi", "en"))
        assert not opposed(line, draft, Pair("hi", "en"))


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        ("मुझे नहीं लगता वो आएगा।", "I don't feel he will come.", "I doubt he'll come.", "I think he'll come."),
        ("कहीं वो मर तो नहीं गया?", "Somewhere he died not?", "What if he's dead?", "He's dead."),
        ("मैं थोड़ी न जानता था।", "I little no knew.", "How was I supposed to know?", "I knew."),
        ("मुझे भूल जाओ।", "Forget me.", "Don't think about me anymore.", "Don't forget me."),
        ("कोई बात नहीं।", "No any talk.", "It's all right.", "It's not all right."),
        ("राज को मत बताना।", "King to don't tell.", "Don't tell Raj.", "Tell Raj."),  # who is told is no secret
    ],
)
def test_what_is_denied_in_the_manner_of_the_language_is_no_plain_statement(source, draft, right, wrong):
    assert not fault(source, draft, right)
    assert fault(source, draft, wrong)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("मैं कहाँ जाऊँगा?", "Where I will go?", "I've got nowhere to go."),
        ("क्या फ़र्क पड़ता है?", "What difference falls?", "It doesn't matter."),
    ],
)
def test_what_nobody_wants_to_know_may_be_denied(source, draft, text):
    assert not fault(source, draft, text)


def test_who_comforts_may_still_say_that_something_is_not_fine():
    source, draft = "कोई बात नहीं, पर वो ठीक नहीं है।", "No matter, but he is not fine."
    assert not fault(source, draft, "No worries, but he's not okay.")
