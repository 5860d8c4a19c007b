"""A word's contrary in its place, and a number of another unit, are found where the line does not speak for them."""

import pytest

from setu_enhancer.domain.contraries import opposed, turned
from setu_enhancer.domain.denial import denial_fault
from setu_enhancer.domain.facts import number_faults, script_fault, swapped_units
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair

HINDI = Pair("hi", "en")


def said(source: str, draft: str) -> Line:
    return Line(0, 0.0, 5.0, source, draft)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("यह बहुत ज़रूरी है।", "This is very necessary.", "It's quite unnecessary."),
        ("मैं तुम पर भरोसा करता हूँ।", "I do trust on you.", "I distrust you."),
        ("मुझे यह घर पसंद है।", "To me this house is liked.", "I hate this house."),
        ("पुलिस ने उसे ढूँढ लिया।", "Police searched him.", "The police failed to find him."),
        ("हम जीत सकते हैं।", "We can win.", "It's impossible for us to win."),
    ],
)
def test_who_denies_in_a_word_what_the_draft_affirms_is_found(source, draft, text):
    line = said(source, draft)
    assert turned(line, text, HINDI)
    assert "negation" in {each.kind for each in breaches(line, text, HINDI, Glossary(), characters_per_s=20)}


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("यह मुमकिन नहीं है।", "This is not possible.", "That's impossible."),  # denied on both sides, in other words
        ("मुझे नफ़रत है उससे।", "I like him.", "I hate him."),  # the draft is what is wrong
        ("वो खुश नहीं है।", "She is not happy.", "She's unhappy."),
        ("मैं तुम पर भरोसा करता हूँ।", "I do trust on you.", "I trust you."),
    ],
)
def test_what_says_the_same_in_another_word_is_let_through(source, draft, text):
    assert not turned(said(source, draft), text, HINDI)


def test_a_contrary_is_found_where_the_line_is_known_to_say_the_drafts_word_alone():
    line = said("शादी से पहले आओ।", "Come before the wedding.")
    assert opposed(line, "Come after the wedding.", HINDI) == "after"
    assert not opposed(line, "Come before the wedding.", HINDI)
    assert not opposed(said("अबक गखच दकर।", "Come before the wedding."), "Come after the wedding.", HINDI)  # nothing known
    assert not opposed(line, "Don't come after the wedding.", HINDI)  # denies more: that is another rule's


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("दस मिनट रुको।", "Wait ten hours.", ("minute", "hour")),
        ("मुझे पाँच सौ रुपये दो।", "Give me $500.", ("rupee", "dollar")),
        ("पाँच साल का बच्चा", "a five-month-old child", ("year", "month")),
        ("दस मिनट रुको।", "Give it ten minutes.", None),
        ("मुझे पाँच सौ रुपये दो।", "Give me 500 bucks.", None),
        ("पंद्रह दिन बाद आना।", "Come back in two weeks.", None),  # of other numbers another unit may be right
        ("दस मिनट में दो दिन का काम", "two days' work in ten minutes", None),
    ],
)
def test_a_number_keeps_its_unit(source, text, found):
    assert swapped_units(said(source, ""), text, HINDI) == found


def test_who_hardly_does_something_does_not_simply_do_it():
    source, draft = "मैं मुश्किल से चल पा रहा हूँ।", "I with difficulty am able to walk."
    assert denial_fault(source, "I can easily walk.", draft, "hi", "en")
    for text in ("I can barely walk.", "I'm having trouble walking.", "I can't really walk."):
        assert not denial_fault(source, text, draft, "hi", "en")


def test_no_longer_is_a_denial_where_the_line_has_none():
    source, draft = "वो अब भी यहीं काम करता है।", "He now also works here only."
    assert denial_fault(source, "He no longer works here.", draft, "hi", "en")
    assert not denial_fault("अब मैं वहाँ नहीं रहता।", "I no longer live there.", "Now I do not live there.", "hi", "en")


def test_neither_nor_denies_two_things_in_one_clause():
    source, draft = "न वो आया, न उसका भाई।", "Neither he came, nor his brother."
    assert not denial_fault(source, "Neither he nor his brother came.", draft, "hi", "en")
    assert denial_fault(source, "Both he and his brother came.", draft, "hi", "en")


def test_dozens_are_reckoned_and_half_an_hour_more_may_be_in_minutes():
    dozens = said("दो दर्जन अंडे लाओ।", "Bring two dozen eggs.")
    assert not any(number_faults(dozens, "Bring twenty-four eggs.", HINDI))
    assert any(number_faults(dozens, "Get a dozen eggs.", HINDI))
    assert not any(number_faults(said("डेढ़ घंटा लगेगा।", ""), "It'll take ninety minutes.", HINDI))


def test_digits_and_stops_of_another_script_are_left_over_as_its_letters_are():
    line = said("उसे पाँच किताबें दो।", "Give him five books.")
    assert script_fault(line, "Give him ५ books.", HINDI, Glossary())
    assert script_fault(line, "Give him five books।", HINDI, Glossary())
    assert not script_fault(line, "Give him 5 books.", HINDI, Glossary())


@pytest.mark.parametrize(
    ("source", "draft", "right", "wrong"),
    [
        ("बाईं तरफ़ मुड़ो।", "Left side turn.", "Turn left.", "Turn right."),
        ("उसका बेटा फ़ौज में है।", "His son is in army.", "Her son's in the army.", "Her daughter's in the army."),
        ("पिताजी बहुत गुस्से में हैं।", "Father is in very anger.", "Dad's really angry.", "Dad's really happy."),
        ("बच्चा सो रहा है।", "Child is sleeping.", "The baby's asleep.", "The baby's awake."),
        (
            "ये मेरा घर है, तुम्हारा नहीं।",
            "This is my house, yours not.",
            "This is my house, not yours.",
            "This is your house, not mine.",
        ),
        ("अंदर आओ, बाहर ठंड है।", "Come inside, outside is cold.", "Come in, it's cold outside.", "Go out, it's cold inside."),
        ("अंदर आओ, बाहर ठंड है।", "Come inside, outside is cold.", "It's cold outside, come in.", "It's cold inside, go out."),
        (
            "पहले खाना खा लो, फिर बात करेंगे।",
            "First eat food, then will talk.",
            "Eat first, then we'll talk.",
            "Talk first, then we'll eat.",
        ),
        ("कल मेरा इम्तिहान है।", "Yesterday my exam is.", "I have an exam tomorrow.", "I had an exam yesterday."),
        ("मैं कल आऊँगा।", "I yesterday will come.", "I'll come tomorrow.", "I came yesterday."),
        ("कल मेरा जन्मदिन था।", "Tomorrow my birthday was.", "It was my birthday yesterday.", "It's my birthday tomorrow."),
    ],
)
def test_the_contrary_of_what_the_line_says_is_found_in_its_place(source, draft, right, wrong):
    line = said(source, draft)
    assert opposed(line, wrong, HINDI)
    assert not opposed(line, right, HINDI)


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("हीरा रात-दिन पंप चलाता है, जी।", "Hira runs the pump night and day, sir.", "Hira runs his pump day and night, sir."),
        ("कल से बुख़ार है।", "Fever is since tomorrow.", "I've had a fever since yesterday."),
        ("कल वो आया होगा।", "Tomorrow he will have come.", "He must have come yesterday."),
        ("कल उसने पैसे माँगे।", "Tomorrow he asked for money.", "He asked for money yesterday."),
    ],
)
def test_what_may_be_meant_is_not_its_contrary(source, draft, text):
    assert not opposed(said(source, draft), text, HINDI)


def test_an_hour_of_the_night_may_be_one_of_the_morning_before_dawn_only():
    assert not opposed(said("रात के दो बजे हैं।", "It is two o'clock of night."), "It's two in the morning.", HINDI)
    assert opposed(said("रात के नौ बजे हैं।", "It is nine o'clock of night."), "It's nine in the morning.", HINDI)
