"""Which lines are worth a call, and why."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import Character, Context, Term
from setu_enhancer.domain.glossary import Glossary, glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.selection import select
from setu_enhancer.domain.text.words import words
from setu_enhancer.domain.thresholds import Thresholds

HINDI = Pair("hi", "en")
CONTEXT = Context(
    characters=(Character(name="Raj", source="राज", gender="male"), Character(name="Simran", source="सिमरन", gender="female")),
    terms=(Term(source="हवेली", target="mansion"),),
)


def line(source, draft, *, index=0, start_s=0.0, duration_s=6.0, confidence=None):
    return Line(index, start_s, start_s + duration_s, source, draft, confidence)


def reasons(source, draft, *, pair=HINDI, context=CONTEXT, before=(), thresholds=None, **how):
    lines = [line(*each, index=index, start_s=index * 7.0) for index, each in enumerate(before)]
    lines.append(line(source, draft, index=len(lines), start_s=len(lines) * 7.0, **how))
    chosen = select(lines, pair, glossary(context, lines, pair), thresholds or Thresholds(), "selective")
    return {reason.kind: reason.detail for reason in chosen.get(len(before), ())}


@pytest.mark.parametrize(
    ("kind", "source", "draft"),
    [
        ("name", "राज, तुम कहाँ थे?", "King, where were you?"),
        ("name", "सिमरन ने फ़ोन किया", "The remembrance called"),
        ("name", "कमल, ज़रा सुनो", "Lotus, listen"),
        ("term", "पुरानी हवेली में चलो", "Come to the old house"),
        ("idiom", "अरे बाप रे, ये क्या हुआ?", "Oh father, what is this?"),
        ("idiom", "चोर नौ दो ग्यारह हो गए", "The thieves became nine two eleven"),
        ("idiom", "मेरा दिल गार्डन-गार्डन हो गया", "My heart became a garden"),
        ("idiom", "दिमाग़ का दही मत कर", "Don't curd my brain"),
        ("idiom", "साले, इधर आ", "Years, come here"),
        ("script", "राज आज घर आएगा", "Raj will come घर today"),
        ("script", "तुम कहाँ जा रहे हो राज", "Tum kahan ja rahe ho Raj"),
        ("number", "मुझे तीन दिन चाहिए", "I need two days"),
        ("number", "दो लाख रुपये लाओ", "Bring two thousand rupees"),
        ("number", "साढ़े तीन बजे आना", "Come at three o'clock"),
        ("negation", "मैं कल नहीं आऊँगा", "I will come tomorrow"),
        ("negation", "मैं कल आऊँगा", "I won't come tomorrow"),
        ("negation", "अब खतरे की कोई बात नहीं है", "It's a matter of danger now"),
        ("reference", "वो गाना गा रही है", "He is singing a song"),
        ("reference", "वो कल आएगा", "She will come tomorrow"),
        ("length", "तुम यहाँ क्या कर रहे हो, मुझे सच सच बताओ", "What"),
        ("length", "तुम क्या कर रहे हो?", "..."),
        ("length", "तुम यहाँ क्या कर रहे हो?", "What are you doing, what are you doing, what are you doing, what are you doing?"),
    ],
)
def test_what_is_wrong_is_the_reason(kind, source, draft):
    assert kind in reasons(source, draft)


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("राज, तुम कहाँ थे?", "Raj, where were you?"),
        ("सिमरन का नाम मत लो", "Don't take Simran's name"),
        ("मेरा सपना टूट गया", "My dream was shattered"),
        ("पुरानी हवेली में चलो", "Come to the old mansion"),
        ("अरे बाप रे, ये क्या हुआ?", "Oh my God, what is this?"),
        ("चोर नौ दो ग्यारह हो गए", "The thieves ran away"),
        ("भैया, ज़रा सुनिए", "Brother, listen please"),
        ("मुझे तीन दिन चाहिए", "I need three days"),
        ("दो लाख रुपये लाओ", "Bring 200,000 rupees"),
        ("साढ़े तीन बजे आना", "Come at 3:30"),
        ("एक आदमी आया था", "A man came"),
        ("तुम आओगे, है ना?", "You'll come, won't you?"),
        ("कोई बात नहीं", "It's all right"),
        ("अब तुम इतना मत रोओ बेटा", "Stop crying so much, son"),
        ("वो गाना गा रही है", "She is singing a song"),
        ("वो मेरे दोस्त हैं", "They are my friends"),
        ("क्या?", "What?"),
        ("जाने दो", "Let it go"),
        ("ठीक है, मैं मार्केट जा रहा हूँ", "OK, I am going to the market"),
    ],
)
def test_what_is_right_is_left_alone(source, draft):
    assert reasons(source, draft) == {}


@pytest.mark.parametrize(
    ("source", "draft", "name"),
    [
        ("उजाला, तूने क्या किया?", "Light, what did you do?", "उजाला"),
        ("ज्वाला सिंह आ गया।", "Flame lion has come.", "ज्वाला"),
        ("हिम्मत और मैं वहीं थे।", "Courage and I were there.", "हिम्मत"),
        ("बारिश काका घर पर हैं।", "Rain uncle is at home.", "बारिश"),
    ],
)
def test_a_word_where_a_name_stands_may_be_one_that_nobody_listed(source, draft, name):
    (reasons,) = select([Line(0, 0, 3, source, draft)], Pair("hi", "en"), Glossary(), Thresholds(), "selective").values()
    assert [(reason.kind, reason.detail) for reason in reasons] == [("name", f"{name} may be a name")]


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("उजाला, तूने क्या किया?", "Ujala, what did you do?"),
        ("उजाला हो गया, तूने देखा?", "It's light. Did you see?"),
        ("हिम्मत रखो और आगे बढ़ो।", "Have courage and go on."),
        ("छोटे काका घर पर हैं।", "Little uncle is at home."),
        ("कल काका आए थे।", "Yesterday uncle came."),
        ("सुनो, तुम घर जाओ।", "Listen, you go home."),
        ("अकेली, तुम?", "Alone, you?"),
    ],
)
def test_a_word_is_no_name_where_none_stands_or_the_draft_has_it(source, draft):
    assert select([Line(0, 0, 3, source, draft)], Pair("hi", "en"), Glossary(), Thresholds(), "selective") == {}


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("मेरे बाल पक गए।", "My hair has ripened."),
        ("ज़बान तो सँभालो!", "Handle the tongue!"),
        ("मेरे घुटने जवाब दे गए।", "My knees gave an answer."),
    ],
)
def test_a_part_of_the_body_does_in_hindi_what_none_does_in_english(source, draft):
    (reasons,) = select([Line(0, 0, 3, source, draft)], Pair("hi", "en"), Glossary(), Thresholds(), "selective").values()
    assert [reason.kind for reason in reasons] == ["idiom"]


def test_a_saying_that_a_draft_has_in_words_of_its_own_is_no_reason():
    line, own = "अरे, मैं तो तारे गिन रहा था।", "Oh, I lay there with my eyes open."
    assert select([Line(0, 0, 3, line, own)], Pair("hi", "en"), Glossary(), Thresholds(), "selective") == {}
    assert select([Line(0, 0, 3, line, "Oh, I was counting stars.")], Pair("hi", "en"), Glossary(), Thresholds(), "selective")


@pytest.mark.parametrize(
    ("source", "draft"),
    [
        ("पहले हाथ धो लो।", "First wash your hands."),
        ("मेरे बाल पक गए।", "I've gone grey."),
        ("मेरा दिल मत तोड़ो।", "Don't break my heart."),
        ("कुआँ बीस हाथ गहरा है।", "The well is twenty hands deep."),
        ("उसके हाथ में चाबी थी।", "He had a key in his hand."),
        ("मेरे कान हैं।", "I have ears."),
        ("सिर। घूम गया वो।", "The head. He went around."),
    ],
)
def test_what_english_says_of_the_body_as_well_is_no_idiom(source, draft):
    assert select([Line(0, 0, 3, source, draft)], Pair("hi", "en"), Glossary(), Thresholds(), "selective") == {}


def test_what_people_are_called_by_may_be_written_small_and_a_name_may_not():
    names = glossary(
        Context(characters=(Character(name="Papa", source="पापा"), Character(name="Roshni", source="रोशनी"))), [], HINDI
    )

    def reasons(source, draft):
        return [
            each
            for found in select([Line(0, 0, 3, source, draft)], HINDI, names, Thresholds(), "selective").values()
            for each in found
        ]

    assert reasons("पापा घर पर हैं।", "My papa is at home.") == []
    assert [each.kind for each in reasons("पापा घर पर हैं।", "My dog is at home.")] == ["name"]
    assert [each.kind for each in reasons("रोशनी को बुलाओ।", "Call the roshni.")] == ["name"]


def test_each_reason_names_its_evidence():
    found = reasons("राज, मुझे तीन दिन चाहिए", "King, I need two days")
    assert found["name"] == "राज is to be Raj"
    assert found["number"] == "3 is missing, 2 is not said"


def test_who_was_spoken_of_tells_who_is_meant():
    before = [("सिमरन कल आई थी", "Simran came yesterday")]
    assert reasons("उसने मुझे बताया", "He told me", before=before) == {"reference": "Simran is female, and the draft says male"}
    assert reasons("उसने मुझे बताया", "She told me", before=before) == {}
    assert reasons("उसने मुझे बताया", "He told me") == {}


def test_one_who_is_honoured_is_not_several():
    before = [("पापा कहाँ हैं?", "Where is Dad?")]
    assert "reference" in reasons("मैं उनसे मिल सकता हूँ?", "Can I meet them?", before=before)
    assert reasons("मैं उनसे मिल सकता हूँ?", "Can I meet him?", before=before) == {}
    assert reasons("मैं उनसे मिल सकता हूँ?", "Can I meet them?", before=[("बच्चे और पापा कहाँ हैं?", "Where are the kids?")]) == {}


def test_nobody_is_meant_across_scenes():
    lines = [line("सिमरन कल आई थी", "Simran came yesterday"), line("उसने मुझे बताया", "He told me", index=1, start_s=60.0)]
    assert select(lines, HINDI, glossary(CONTEXT, lines, HINDI), Thresholds(), "selective") == {}


@pytest.mark.parametrize(
    ("source", "draft", "kind"),
    [("Elle arrive demain.", "He arrives tomorrow.", "reference"), ("Il est cinq heures.", "It is four o'clock.", "number")],
)
def test_french_lines_are_looked_at_too(source, draft, kind):
    assert set(reasons(source, draft, pair=Pair("fr", "en"))) == {kind}


def test_a_line_left_in_its_language_is_untranslated():
    assert "script" in reasons("Je ne sais pas où il est.", "Je ne sais pas où il est.", pair=Pair("fr", "en"))
    assert reasons("Paris.", "Paris.", pair=Pair("fr", "en")) == {}


def test_into_a_script_that_is_not_latin_latin_names_may_stay():
    pair = Pair("en", "hi")
    assert reasons("I use WhatsApp every day at home", "मैं घर पर रोज़ WhatsApp चलाता हूँ", pair=pair, context=Context()) == {}
    assert "script" in reasons("I am going home now", "Main ghar ja raha hoon", pair=pair, context=Context())


def test_an_unsure_engine_is_a_reason_from_the_threshold_on():
    assert set(reasons("क्या हाल है?", "How are you?", confidence=0.2)) == {"confidence"}
    assert reasons("क्या हाल है?", "How are you?", confidence=0.9) == {}
    assert set(reasons("क्या हाल है?", "How are you?", confidence=0.9, thresholds=Thresholds(confidence=0.95))) == {"confidence"}


def test_what_can_not_be_read_in_time_is_a_reason():
    draft = "I have been waiting here for you for a very long time"
    assert set(reasons("मैं बहुत देर से यहाँ तुम्हारा इंतज़ार कर रहा हूँ", draft, duration_s=1.0)) == {"reading-speed"}
    slow = Thresholds(characters_per_s=100.0)
    assert reasons("मैं बहुत देर से यहाँ तुम्हारा इंतज़ार कर रहा हूँ", draft, duration_s=1.0, thresholds=slow) == {}


def test_modes_take_none_or_all_that_say_anything():
    lines = [line("राज, सुनो", "King, listen"), line("ठीक है", "All right", index=4), line("♪", "♪", index=7)]
    names = glossary(CONTEXT, lines, HINDI)
    assert select(lines, HINDI, names, Thresholds(), "off") == {}
    assert set(select(lines, HINDI, names, Thresholds(), "selective")) == {0}
    everything = select(lines, HINDI, names, Thresholds(), "all")
    assert {index: [reason.kind for reason in found] for index, found in everything.items()} == {0: ["name"], 4: ["asked"]}


def test_an_unknown_language_is_looked_at_as_far_as_it_is_understood():
    pair = Pair("ja", "en")
    assert reasons("5時に来て", "Come at 5", pair=pair) == {}
    assert set(reasons("5時に来てください", "Come at 7 please", pair=pair)) == {"number"}
    assert set(reasons("5時に来てください", "Come at 5時 please", pair=pair)) == {"script"}


def test_no_lines_are_no_work():
    assert select([], HINDI, Glossary(), Thresholds(), "all") == {}


SIGNS = "़ँंः्ािीेॉ\u200c\u200d\u0301०५12½.,।?!’- कखसहनमaAbe"
PIECES = ["़", "़़", "सिंह", "और", "मैं", "तुम", "काका", "अरे,", "आया।", "२ बजे", "Singh", "came", "light,", "1,000"]
some = st.one_of(st.text(SIGNS, max_size=12), st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join))
behind = st.sampled_from(["", " सिंह आया।", " और मैं", ", तुम कहाँ हो?", " काका", " Singh", " came, uncle"])
odd = st.tuples(some, behind).map("".join)


@pytest.mark.parametrize("source", ["़ सिंह आया।", "़ और मैं", "़, तुम कहाँ थे?", "़ काका आए।"])
def test_a_nukta_without_its_letter_is_no_word_and_no_name(source):
    assert "़" not in words(source)
    assert reasons(source, "Light Singh, came uncle.", before=(("आओ।", "Come."),)).keys() == set()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(odd, odd), min_size=1, max_size=3), st.sampled_from(["hi", "mr", "en", "fr"]))
def test_whatever_signs_a_line_is_of_it_is_read_to_the_end(rows, language):
    pair = Pair(language, "hi" if language == "en" else "en")
    lines = [line(*row, index=index, start_s=index * 7.0) for index, row in enumerate(rows)]
    chosen = select(lines, pair, glossary(CONTEXT, lines, pair), Thresholds(), "selective")
    assert chosen.keys() <= {each.index for each in lines}
