"""A score says what is wrong with a translation, and beats another's only where that is better."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import QualityScore
from setu_enhancer.corpus import corpus_scores
from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring import LEARNED, MARGIN, WEIGHTS, Judgement, better, score, signals

HINDI = Pair("hi", "en")
NOTHING = Glossary(())
CASES = tomllib.loads((Path(__file__).parent / "data" / "edits.toml").read_text(encoding="utf-8"))["line"]
TEXTS = st.one_of(
    st.text(max_size=80), st.sampled_from([text for case in CASES for text in (case["draft"], *case.get("good", ()))])
)


def names_of(*pairs: str) -> Glossary:
    split = (pair.split(" = ") for pair in pairs)
    return Glossary([Entry((source,), target, (), "name", "caller") for source, target in split])


def line_of(source: str, draft: str, confidence: float | None = None) -> Line:
    return Line(0, 0.0, 5.0, source, draft, confidence)


def is_kept(line: Line, edit: str, glossary: Glossary = NOTHING) -> bool:
    """Whether an edit passes the whole gate, by rules alone."""
    if breaches(line, edit, HINDI, glossary, characters_per_s=20):
        return False
    return better(score(line, line.draft, HINDI, glossary), score(line, edit, HINDI, glossary), MARGIN)


def gain(source: str, draft: str, edit: str, glossary: Glossary = NOTHING) -> float:
    line = line_of(source, draft)
    return score(line, edit, HINDI, glossary).total - score(line, draft, HINDI, glossary).total


def signs(source: str, text: str, *, pair: Pair = HINDI, draft: str | None = None) -> set[str]:
    return {
        each.name for each in signals(line_of(source, text if draft is None else draft), text, pair, NOTHING) if each.severity
    }


def test_rules_alone_keep_most_good_edits_and_no_broken_one_and_few_needless_ones():
    good, broken, worse = [], [], []
    for case in CASES:
        line, glossary = line_of(case["source"], case["draft"]), names_of(*case.get("names", ()))
        good += [is_kept(line, edit, glossary) for edit in case.get("good", ())]
        broken += [
            edit["text"] for edit in case.get("broken", ()) if not edit.get("skip") and is_kept(line, edit["text"], glossary)
        ]
        worse += [is_kept(line, edit, glossary) for edit in case.get("worse", ())]
    assert sum(good) >= 0.9 * len(good)
    assert broken == []
    assert sum(worse) <= 0.3 * len(worse)  # an edit is preferred unless something speaks against it


@pytest.mark.parametrize(
    ("source", "draft", "edit", "names"),
    [
        ("राज बहुत अच्छा दोस्त है।", "King is a very good friend.", "Raj is a very good friend.", ["राज = Raj"]),
        ("अरे बाप रे!", "Oh father!", "Oh my God!", []),
        ("वो नौ दो ग्यारह हो गया।", "He has become nine two eleven.", "He ran away.", []),
        ("मुझे पाँच किताबें दो।", "Give me fifty books.", "Give me five books.", []),
        ("मैं नहीं जाऊँगा।", "I will go.", "I won't go.", []),
        ("वह कल आएगी।", "He will come tomorrow.", "She will come tomorrow.", []),
        ("वह अच्छा डॉक्टर है।", "He is good doctor.", "He is a good doctor.", []),
        ("तुम कहाँ रहते हो?", "Where you live?", "Where do you live?", []),
    ],
)
def test_an_edit_that_mends_a_fault_is_better_by_rules_alone(source, draft, edit, names):
    assert gain(source, draft, edit, names_of(*names)) >= MARGIN


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I am knowing him.", "progressive of a state"),
        ("Where you are going?", "question in the order of a statement"),
        ("He have a car.", "verb form"),
        ("I him saw.", "word order"),
        ("Went to market.", "no subject"),
        ("Come slowly slowly.", "doubled word"),
        ("Don't take tension.", "calque"),
        ("He is good friend.", "noun without an article"),
        ("It is an car.", "article of the wrong form"),
        ("I do not know.", "not contracted"),
        ("We shall depart.", "stiff word"),
        ("Come on yaar.", "left in Hindi"),
        ("come here.", "small letter at the start"),
        ("Come here", "no mark at the end"),
        ("Come here , now.", "punctuation"),
        ("COME HERE NOW.", "all in capitals"),
    ],
)
def test_each_sign_of_a_literal_translation_is_told_by_its_name(text, sign):
    assert sign in signs("यहाँ आओ।", text)


@pytest.mark.parametrize(
    "text",
    ["I know him.", "Where are you going?", "He has a car.", "I saw him.", "He's a good friend.", "It's a car.", "I don't know.",
     "What I mean is this.", "I don't know what you are.", "Have you no shame?", "She's as good as she was.", "An hour ago.",
     "Thank you, friend.", "Is that who I think it is?", "You're just like him."],
)  # fmt: skip
def test_plain_english_bears_no_sign_of_a_translation(text):
    found = signs("இங்கே வா?" if text.endswith("?") else "இங்கே வா.", text, pair=Pair("ta", "en"))
    assert found <= {"unfamiliar turns", "surprising words", "rare words", "as the machine put it"}


@pytest.mark.parametrize(
    ("pair", "wrong", "right"),
    [
        (Pair("en", "fr"), "Je ai faim, je est ici.", "J'ai faim, je suis ici."),
        (Pair("en", "es"), "Vengo de el mercado.", "Vengo del mercado."),
        (Pair("en", "pt"), "Eu venho de o mercado.", "Eu venho do mercado."),
        (Pair("en", "hi"), "मैं घर जा रहा है।", "मैं घर जा रहा हूँ।"),
    ],
)
def test_other_languages_have_rules_of_their_own(pair, wrong, right):
    line = line_of("I am here.", wrong)
    assert score(line, right, pair, NOTHING).fluency > score(line, wrong, pair, NOTHING).fluency


def test_a_text_with_the_words_of_the_draft_is_still_the_draft_and_another_is_not():
    line = line_of("मैं नहीं जाऊँगा।", "I will not go there.")

    def still(text: str) -> bool:
        return "as the machine put it" in {each.name for each in signals(line, text, HINDI, NOTHING)}

    assert still("I will not go there.")
    assert still("I won't go there")
    assert not still("I'm not going there.")
    assert "as the machine put it" not in {each.name for each in signals(line, line.draft, Pair("hi", "fr"), NOTHING)}


def test_what_neither_draft_nor_line_speaks_of_costs_and_what_the_line_speaks_of_does_not():
    line = line_of("पानी लाओ।", "Bring the liquid.")

    def beside(text: str) -> float:
        return sum(each.severity for each in signals(line, text, HINDI, NOTHING) if each.name == "said beside the draft")

    assert beside("Bring some water.") == 0
    assert beside("Bring some elephants and a trumpet.") > beside("Bring some elephants.") > 0


def test_the_translation_of_a_line_around_is_worse_than_that_of_the_line():
    line = line_of("मैं घर जा रहा हूँ।", "I am going house.")
    around = ["The police caught the thief yesterday.", "Give me some water."]
    taken = score(line, "The police caught that thief.", HINDI, NOTHING, neighbours=around)
    assert taken.accuracy < score(line, "The police caught that thief.", HINDI, NOTHING).accuracy
    own = score(line, "I'm going home.", HINDI, NOTHING, neighbours=around)
    assert own == score(line, "I'm going home.", HINDI, NOTHING)


def test_every_learned_weight_is_of_a_sign_and_none_of_a_fact():
    assert LEARNED
    assert all(value >= 0 and name.partition(".")[0] in WEIGHTS for name, value in LEARNED.items())
    assert not {"number", "negation", "name", "script"} & {name.partition(".")[2] for name in LEARNED}


def test_the_total_is_the_weighted_mean_of_the_parts():
    found = score(line_of("अरे बाप रे!", "Oh father!"), "Oh father!", HINDI, NOTHING)
    parts = {part: getattr(found, part) for part in WEIGHTS}
    assert WEIGHTS == {"accuracy": 30, "fluency": 30, "consistency": 20, "cultural": 20}
    assert found.total == pytest.approx(sum(WEIGHTS[part] * value for part, value in parts.items()) / 100, abs=0.01)


def test_methods_and_confidence_say_what_was_asked():
    line = line_of("तुम ठीक हो?", "Are you okay?")
    alone = score(line, line.draft, HINDI, NOTHING)
    judged = score(line, line.draft, HINDI, NOTHING, judgement=Judgement(90, 90, 90, 90, 0.9))
    both = score(line, line.draft, HINDI, NOTHING, judgement=Judgement(90, 90, 90, 90, 0.9), mean_logprob=-3.0)
    assert (alone.methods, judged.methods, both.methods) == (
        ("signals",),
        ("signals", "judge"),
        ("signals", "logprob", "judge"),
    )
    assert alone.confidence <= 0.3 < judged.confidence < both.confidence <= 0.95
    assert score(line_of("x", "y"), "y", Pair("ta", "bn"), NOTHING).confidence < alone.confidence


def test_a_judge_counts_by_how_sure_it_is():
    line = line_of("तुम ठीक हो?", "Are you okay?")

    def total(confidence: float) -> float:
        return score(line, line.draft, HINDI, NOTHING, judgement=Judgement(0, 0, 0, 0, confidence)).total

    assert total(0.0) == score(line, line.draft, HINDI, NOTHING).total
    assert total(0.0) > total(0.3) > total(0.9) > 0


def test_a_more_probable_text_is_more_fluent_the_more_so_the_longer_it_is():
    def spread(text: str) -> float:
        line = line_of("क्या?", text)
        high, low = (score(line, text, HINDI, NOTHING, mean_logprob=value).fluency for value in (-1.0, -9.0))
        return high - low

    assert spread("Where are you going so late tonight?") > spread("Where to?") > 0


def test_the_engines_doubt_weighs_on_its_own_wording_only():
    sure, doubtful = (line_of("बहुत देर हो गई।", "Very late has become.", value) for value in (0.9, 0.2))

    def cost(text: str) -> float:
        return score(sure, text, HINDI, NOTHING).accuracy - score(doubtful, text, HINDI, NOTHING).accuracy

    assert cost("Very late has become.") > 2 * cost("It's too late now.")
    assert cost("That took forever.") == 0


def test_a_name_that_the_lines_around_spell_otherwise_is_inconsistent():
    line = line_of("वो शीला है।", "That is Sheela.")
    around = ["Tell Shila to come.", "Where is Shila?"]
    assert score(line, "That is Sheela.", HINDI, NOTHING, neighbours=around).consistency < 100
    assert score(line, "That is Shila.", HINDI, NOTHING, neighbours=around).consistency == 100


def test_scores_that_were_found_in_different_ways_are_not_compared():
    low = QualityScore(total=10, accuracy=10, fluency=10, consistency=10, cultural=10, confidence=0.3)
    high = low.model_copy(update={"total": 90.0})
    assert better(low, high, 5)
    assert not better(low, high.model_copy(update={"methods": ("signals", "judge")}), 5)
    assert not better(low, low, 0)
    assert not better(high, low, 0)
    assert not better(low, low.model_copy(update={"total": 14.9}), 5)


@settings(max_examples=200, deadline=None)
@given(
    TEXTS, TEXTS, TEXTS, st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["hi-en", "en-hi", "fr-es", "xx-yy"])
)
def test_whatever_the_texts_a_score_is_within_bounds_and_always_the_same(source, draft, text, logprob, codes):
    line, pair = Line(0, 0.0, 1.0, source, draft, 0.4), Pair(*codes.split("-"))
    judgement = Judgement(150.0, -3.0, 50.0, 50.0, 0.5)
    for options in ({}, {"mean_logprob": logprob, "judgement": judgement}):
        found = score(line, text, pair, NOTHING, neighbours=(draft,), **options)
        assert all(
            0 <= value <= 100 for value in (found.total, found.accuracy, found.fluency, found.consistency, found.cultural)
        )
        assert 0 <= found.confidence <= 1
        assert score(line, text, pair, NOTHING, neighbours=(draft,), **options) == found


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, st.floats(min_value=0.001, max_value=100))
def test_an_edit_that_changes_nothing_is_never_better(source, draft, margin):
    line = line_of(source, draft)
    before = score(line, draft, HINDI, NOTHING)
    assert not better(before, score(line, draft, HINDI, NOTHING), margin)
    assert not better(before, score(line, draft, HINDI, NOTHING), 0)


def test_bleu_and_chrf_are_of_the_lines_that_have_references():
    same = corpus_scores([("Where are you going today?", "Where are you going today?"), ("No idea at all.", None)], "en")
    assert (same.bleu, same.chrf, same.lines) == (100.0, 100.0, 1)
    other = corpus_scores([("He ran away from home.", "He fled his house.")], "en")
    assert other.chrf is not None
    assert 0 < other.chrf < 60
    assert corpus_scores([("Nothing.", None), ("Nothing.", " ")], "en").chrf is None
    chinese = corpus_scores([("我们今天去哪里吃饭", "我们今天去哪里吃饭")], "zh")
    assert chinese.bleu == 100.0
