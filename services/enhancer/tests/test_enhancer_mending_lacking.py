"""Names that a draft has dropped: who is called takes no pronoun, and no pronoun is a name if it may be somebody else."""

import pytest

from testbed.mending import cast_of, put_right

CAST = (
    ("Raj", "राज", "male"),
    ("Vijay", "विजय", "male"),
    ("Suraj", "सूरज", "male"),
    ("Moti", "मोती", "male"),
    ("Ramesh", "रमेश", "male"),
    ("Suresh", "सुरेश", "male"),
    ("Imran", "इमरान", "male"),
    ("Samir", "समीर", "male"),
    ("Asha", "आशा", "female"),
    ("Sunita", "सुनीता", "female"),
)


def of(source, draft):
    return put_right(source, draft, cast_of(CAST))


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("राज! विजय मर गया!", "He is dead!", "Raj, Vijay is dead!"),
        ("रमेश, इमरान आ गया।", "He has come.", "Ramesh, Imran has come."),
        ("राज, विजय कहाँ है?", "Where is he?", "Raj, where is Vijay?"),
        ("ओ राज! विजय भाग रहा है!", "He is running away!", "Raj, Vijay is running away!"),
        ("राज, क्या विजय आया?", "Has he come?", "Raj, has Vijay come?"),
        ("सुनीता, बच्चा रो रहा है।", "She is crying.", "Sunita, she is crying."),
        ("रमेश, चला गया।", "He has left.", "Ramesh, he has left."),
    ],
)
def test_a_pronoun_is_nobody_who_is_called(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("रमेश चला गया।", "He has left.", "Ramesh has left."),
        ("राज को बुलाओ।", "Call him.", "Call Raj."),
        ("राज का घर यहीं है।", "His house is right here.", "Raj's house is right here."),
        ("सुरेश ने सुनीता को मारा।", "Suresh hit her.", "Suresh hit Sunita."),
    ],
)
def test_a_pronoun_that_can_be_one_name_only_is_that(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("राज और विजय आए।", "He came."),
        ("बच्चे ने राज को मारा।", "She hit him."),
        ("विजय का दोस्त राज को मारता है।", "His friend hits him."),
        ("उसे राज मिला।", "He found him."),
        ("सुनीता चली गई।", "He has left."),
        ("रमेश को सुरेश अच्छा लगता है।", "He likes him."),
        ("उसको सुरेश पसंद है।", "He likes him."),
        ("रमेश को राज चाहिए।", "He wants him."),
    ],
)
def test_a_pronoun_that_may_be_somebody_else_stays(source, draft):
    assert of(source, draft) == draft


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("सुनीता, इमरान, समीर नहीं आए।", "They did not come."),
        ("रमेश, सुरेश गए थे, पर कुछ नहीं मिला।", "They had gone, but found nothing."),
        ("सुनीता, मेरी बहन, कल आएगी।", "My sister will come tomorrow."),
        ("राज, मेरा भाई, मर गया।", "My brother died."),
        ("आशा, राज की बहन, नर्स है।", "Raj's sister is a nurse."),
    ],
)
def test_who_is_listed_or_said_to_be_somebody_is_not_called(source, draft):
    assert of(source, draft) == draft


def test_a_number_is_nobody_of_a_list():
    assert of("राज, 20 लोग आए।", "20 people came.") == "Raj, 20 people came."


def test_a_name_behind_who_is_called_stays_a_name():
    assert of("आशा, राज नहीं आया।", "Raj did not come.") == "Asha, Raj did not come."


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("यहाँ रुको, सूरज।", "Stop the sun here.", "Stop the sun here."),
        ("सूरज, यहाँ रुको।", "Stop the sun here.", "Stop the sun here."),
        ("जाने दो, राज।", "Let the secret go.", "Let the secret go."),
        ("सुनो, आशा।", "Listen to hope.", "Listen, Asha."),
        ("मोती, मोती ला।", "Bring the pearl.", "Bring the pearl."),
        ("इधर आ, मोती।", "Come here pearl.", "Come here, Moti."),
        ("यहाँ रुको, सूरज।", "Stop here, sun.", "Stop here, Suraj."),
    ],
)
def test_who_is_bidden_is_not_whom_it_is_done_to(source, draft, text):
    assert of(source, draft) == text


@pytest.mark.parametrize(
    ("source", "draft", "text"),
    [
        ("रमेश ने झूठ कहा था।", "That guy lied.", "Ramesh lied."),
        ("मुझे पता है कि राज आया है।", "I know that the secret has come.", "I know that Raj has come."),
    ],
)
def test_a_name_is_not_pointed_at_where_the_line_does_not_do_so(source, draft, text):
    assert of(source, draft) == text
