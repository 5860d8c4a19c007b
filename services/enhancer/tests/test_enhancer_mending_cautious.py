"""Names that stand where the line has them: beside their own word, a verb that no list has, or a noun that the draft has otherwise."""

import time

import pytest

from setu_common.contracts import Character, Context, Reason
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import mended, repeated
from setu_enhancer.domain.readings import Called, Readings
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Instruments
from testbed.editing import Model, edit

HINDI = Pair("hi", "en")
REAL = Instruments(breaches, score, better)


def known(source, draft, told, *, read=False) -> tuple[Line, Glossary]:
    line = Line(0, 0.0, 4.0, source, draft)
    said, name = told.split("|")
    if read:
        return line, glossary(Context(), [line], HINDI, readings=Readings({source: (Called(said, name, "male"),)}))
    return line, glossary(Context(characters=[Character(name=name, source=said)]), [line], HINDI)


def of(source, draft, told, *, read=False):
    line, names = known(source, draft, told, read=read)
    return mended(line, names.in_line(source), HINDI)


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    ("source", "draft", "told", "text"),
    [
        ("शेर सिंह ने शेर को मारा।", "Lion Singh killed the lion.", "शेर सिंह|Sher Singh", "Sher Singh killed the lion."),
        ("शेर सिंह ने शेर को मारा।", "Lion Lion killed the lion.", "शेर सिंह|Sher Singh", "Sher Singh killed the lion."),
        ("शेर ख़ान ने शेर पकड़ा।", "Lion Khan caught a lion.", "शेर ख़ान|Sher Khan", "Sher Khan caught a lion."),
        ("फूल सिंह ने फूल तोड़े।", "Flower Singh picked flowers.", "फूल सिंह|Phool Singh", "Phool Singh picked flowers."),
        ("मोती लाल ने मोती बेचा।", "Pearl Red sold the pearl.", "मोती लाल|Moti Lal", "Moti Lal sold the pearl."),
        ("हीरा लाल ने हीरा बेचा।", "Diamond Red sold the diamond.", "हीरा लाल|Heera Lal", "Heera Lal sold the diamond."),
        (
            "जंगल सिंह जंगल में रहता है।",
            "Forest Lion lives in the forest.",
            "जंगल सिंह|Jangal Singh",
            "Jangal Singh lives in the forest.",
        ),
        (
            "राज ने अपने बेटे को राज सिंह के पास भेजा।",
            "The king sent his son to King Singh.",
            "राज|Raj",
            "The king sent his son to Raj Singh.",
        ),
        ("पीपल टोला के पीपल के नीचे।", "Under the fig of the fig gang.", "पीपल टोला|Peepal Tola", "Under the fig of Peepal Tola."),
    ],
)
def test_a_full_name_stands_where_it_is_said_and_not_where_a_word_of_it_is(source, draft, told, text, read):
    assert of(source, draft, told, read=read) == text


@pytest.mark.parametrize(
    ("source", "draft", "told"),
    [
        ("फूल सिंह ने फूल दिए।", "He gave flowers.", "फूल सिंह|Phool Singh"),
        ("हीरा लाल ने हीरा बेचा।", "He sold the diamond.", "हीरा लाल|Heera Lal"),
        ("मोती लाल ने मोती की माला पहनी।", "He wore a pearl choker.", "मोती लाल|Moti Lal"),
        ("शेर सिंह ने शेर देखा।", "The lion saw the lion.", "शेर सिंह|Sher Singh"),
        ("लाल चौक पर लाल गाड़ी है।", "There is a red car there.", "लाल चौक|Lal Chowk"),
    ],
)
def test_a_draft_that_only_has_the_word_is_left(source, draft, told):
    assert of(source, draft, told) == draft


@pytest.mark.parametrize(
    ("source", "draft", "told", "text"),
    [
        ("कजरी जुगाली करती है।", "The kohl ruminates.", "कजरी|Kajri", "Kajri ruminates."),
        (
            "कजरी रोज़ शहर आती-जाती है।",
            "The kohl commutes to the city daily.",
            "कजरी|Kajri",
            "Kajri commutes to the city daily.",
        ),
        ("कजरी जुगाली करती है और सोती है।", "The kohl ruminates and sleeps.", "कजरी|Kajri", "Kajri ruminates and sleeps."),
        ("मैंने कहा कि कजरी जुगाली करती है।", "I said the kohl ruminates.", "कजरी|Kajri", "I said Kajri ruminates."),
        ("क्या कजरी जुगाली करती है?", "Does the kohl ruminate?", "कजरी|Kajri", "Does Kajri ruminate?"),
        ("क्या कजरी सोएगी?", "Will the kohl girl sleep?", "कजरी|Kajri", "Will Kajri sleep?"),
        ("कजरी चुपके से घूमती है।", "The kohl lurks quietly.", "कजरी|Kajri", "Kajri lurks quietly."),
        ("मोती गाँव में रहता है।", "The pearl farms in the village.", "मोती|Moti", "Moti farms in the village."),
    ],
)
def test_the_only_verb_of_a_clause_is_of_no_name(source, draft, told, text):
    assert of(source, draft, told, read=True) == text


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("फगुनी स्टेशन पर है।", "It's at the depot."),
        ("फगुनी का टिकट कहाँ है?", "Where is the fare slip?"),
        ("फगुनी की सास आई।", "The hag came."),
        ("फगुनी डॉक्टर से मिली।", "The medic was seen."),
        ("फगुनी बाज़ार गई है।", "Gone to the mart."),
        ("फगुनी ने मालिक को बताया।", "The gaffer was informed."),
    ],
)
def test_what_is_left_over_may_be_another_noun_that_the_draft_has_otherwise(source, draft):
    assert of(source, draft, "फगुनी|Phaguni") == draft


def test_what_is_left_over_is_the_name_where_all_else_is_told():
    assert of("फगुनी को बुखार है।", "The girl has a fever.", "फगुनी|Phaguni") == "Phaguni has a fever."
    constable = of("हवलदार बजरंग को भेजा है।", "Constable Bajaj is sent.", "बजरंग|Bajrang")
    assert constable == "Constable Bajrang is sent."


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    ("source", "draft", "told", "text"),
    [
        ("चाँदी, चाँदी कहाँ है?", "Silver, where is the silver?", "चाँदी|Chandi", "Chandi, where is the silver?"),
        ("सोना, वो सोना किसका है?", "Gold, whose gold is that?", "सोना|Sona", "Sona, whose gold is that?"),
        ("पिंजरे में मुनिया है, मुनिया!", "There's a bird in the cage, bird!", "मुनिया|Muniya", "There's a bird in the cage, Muniya!"),
    ],
)
def test_who_is_called_is_the_name_and_what_is_spoken_of_is_the_word(source, draft, told, text, read):
    assert of(source, draft, told, read=read) == text


def test_a_name_that_a_model_read_counts_for_its_place():
    source, draft = "सोना, सोना मत बेचो!", "Gold, don't sell gold!"
    assert of(source, draft, "सोना|Sona", read=True) in (draft, "Sona, don't sell gold!")


async def test_a_model_is_asked_where_a_line_has_a_name_more_often_than_its_draft_after_rules():
    line, names = known("चाँदी, चाँदी कहाँ है?", "Silver, where is the silver?", "चाँदी|Chandi")
    model, reasons = Model(), (Reason(kind="name", detail="Chandi"),)
    edited = await edit(model, lines=[line], names=names.entries, selected={0: reasons}, instruments=REAL)
    assert edited[0].text == "Chandi, where is the silver?"
    assert model.ids[0] == [0]
    assert repeated(line.source, "Chandi, where is Chandi?", names.entries) == frozenset()


def test_lines_as_long_as_may_be_take_no_long_time():
    of("शेर सिंह आया।", "Lion Singh came.", "शेर सिंह|Sher Singh", read=True)  # dictionaries are read at the first look
    began_s = time.process_time()
    of(" ".join(["शेर सिंह ने शेर को मारा"] * 80)[:2000], "Lion Singh killed the lion " * 70, "शेर सिंह|Sher Singh", read=True)
    of("चाँदी, चाँदी कहाँ है, " * 90, "Silver, where is the silver, " * 65, "चाँदी|Chandi", read=True)
    assert time.process_time() - began_s < 2.0
