"""NLLB and IndicTrans2, with the real libraries, on models that are made here: they translate word by word.

Their weights are set by hand: the decoder looks at the source's word at its own place, and says what stands for it. So what comes out
tells what went in, token by token.
"""

import asyncio
import json
import math
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import sentencepiece
from ctranslate2.specs import TransformerSpec

from setu_common.contracts import LANGUAGE_NAMES, Term
from setu_common.cost import Attribution, Usage, attributed
from setu_common.models import Catalogue, ModelMissing
from setu_common.settings import ModelSettings
from setu_common.testing import RecordingMeter
from setu_translate.domain.flores import FLORES, INDIC
from setu_translate.domain.lines import Line
from setu_translate.engines.decoding import Computing, LocalModels
from setu_translate.engines.local import LocalTranslator, indictrans2, nllb
from setu_translate.errors import EngineMissing, LanguagePairUnsupported

MARKS = ["<unk>", "<s>", "</s>", *sorted(FLORES.values())]
PLACES = 128
CERTAINTY = 0.6  # how far the word that is meant stands out, in logits, a tenth
NLLB_WORDS = {
    "bonjour": "hello", "monde": "world", "nous": "we", "partons": "leave", "demain": "tomorrow", "la": "the", "pluie": "rain",
    "oui.": "yes.", "non.": "no.", "maison.": "house.", "больница": "больница", "je": "i", "pars.": "go.",
    "chat": "chat", "botté": "botté", "minuit": "minuit",
}  # fmt: skip
INDIC_WORDS = {"मैं": "i", "घर": "home", "आज": "today", "जाता": "go", "हूँ": "am", "।": ".", "<ID1>": "<ID1>", "पर": "at", ",": ","}


def write_model(folder: Path, words: dict[str, str], *, first_word: int, add_source_eos: bool) -> None:
    """A Transformer of one layer that says at each place what stands for the source's word at that place, ``first_word`` further on."""
    pieces = [f"▁{word}" for word in dict.fromkeys([*words, *words.values()])]
    vocabulary = [*MARKS, *pieces]
    count, depth = len(vocabulary), len(vocabulary) + PLACES
    spec = TransformerSpec.from_config(1, 1)
    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = False
        side.position_encodings.encodings = np.eye(PLACES, depth, count, dtype=np.float32)
        for norm in [side.layer_norm, side.layer[0].self_attention.layer_norm, side.layer[0].ffn.layer_norm]:
            norm.gamma, norm.beta = np.ones(depth, np.float32), np.zeros(depth, np.float32)
        set_linear(side.layer[0].self_attention.linear[0], np.zeros((3 * depth, depth)))
        set_linear(side.layer[0].self_attention.linear[1], np.zeros((depth, depth)))
        set_linear(side.layer[0].ffn.linear_0, np.zeros((4, depth)))
        set_linear(side.layer[0].ffn.linear_1, np.zeros((depth, 4)))
    spec.encoder.embeddings[0].weight = np.eye(count, depth, dtype=np.float32)
    spec.decoder.embeddings.weight = np.zeros((count, depth), np.float32)
    look = spec.decoder.layer[0].attention
    look.layer_norm.gamma, look.layer_norm.beta = np.ones(depth, np.float32), np.zeros(depth, np.float32)
    query, key, value = np.zeros((depth, depth)), np.zeros((depth, depth)), np.zeros((depth, depth))
    for place in range(PLACES - first_word):
        query[count + place + first_word, count + place] = 20
    key[count:, count:] = np.eye(PLACES)
    value[:count, :count] = np.eye(count)
    set_linear(look.linear[0], query)
    set_linear(look.linear[1], np.concatenate([key, value]))
    set_linear(look.linear[2], np.eye(depth))
    says = np.zeros((count, depth))
    says[vocabulary.index("</s>"), vocabulary.index("</s>")] = CERTAINTY
    for source, target in words.items():
        says[vocabulary.index(f"▁{target}"), vocabulary.index(f"▁{source}")] = CERTAINTY
    set_linear(spec.decoder.projection, says)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.decoder_start_token = "</s>"
    spec.config.add_source_eos = add_source_eos
    spec.validate()
    folder.mkdir(parents=True)
    spec.save(str(folder))
    assert json.loads((folder / "config.json").read_text())["add_source_eos"] is add_source_eos


def set_linear(linear, weight) -> None:
    linear.weight, linear.bias = weight.astype(np.float32), np.zeros(len(weight), np.float32)


def write_vocabulary(path: Path, words) -> None:
    """A SentencePiece model whose pieces are whole words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as writer:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([" ".join(words)] * 3),
            model_writer=writer,
            model_type="word",
            vocab_size=len(set(words)) + 3,
            character_coverage=1.0,
            normalization_rule_name="identity",
            minloglevel=2,
        )


@pytest.fixture(scope="session")
def nllb_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "nllb-tiny"
    write_model(folder, NLLB_WORDS, first_word=0, add_source_eos=False)
    write_vocabulary(folder / "sentencepiece.bpe.model", [*NLLB_WORDS, *NLLB_WORDS.values()])
    return folder


@pytest.fixture(scope="session")
def indic_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "indic-tiny"
    home = folder / "indic-en-ct2" / "ctranslate2_model"  # where the repositories have it
    write_model(home, INDIC_WORDS, first_word=2, add_source_eos=True)
    write_vocabulary(home / "vocab" / "model.SRC", list(INDIC_WORDS))
    write_vocabulary(home / "vocab" / "model.TGT", list(INDIC_WORDS.values()))
    return folder


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory) -> Catalogue:
    return Catalogue.load(ModelSettings(folder=tmp_path_factory.mktemp("shelf"), offline=True))


@pytest.fixture
def models(catalogue) -> LocalModels:
    return LocalModels(catalogue, Computing(device="cpu", threads=1))


@pytest.fixture
def nllb_engine(models, nllb_folder) -> LocalTranslator:
    return LocalTranslator(nllb(str(nllb_folder)), models)


@pytest.fixture
def indic_engine(models, indic_folder) -> LocalTranslator:
    return LocalTranslator(indictrans2(str(indic_folder), "indictrans2-en-indic-200m"), models)


def texts_of(renderings):
    return [rendering.text for rendering in renderings]


async def test_nllb_is_given_the_languages_and_an_end_and_its_answer_comes_without_them(translate_lines, nllb_engine):
    (rendering,) = await translate_lines(nllb_engine, "bonjour monde")
    assert rendering.text == "hello world"
    assert 0.9 < rendering.confidence < 1
    assert nllb_engine.model("fr", "en") == "nllb-tiny"


async def test_lines_of_all_lengths_keep_their_order(translate_lines, nllb_engine):
    lines = ["demain nous partons", "bonjour", "la pluie demain la pluie", "monde", "nous partons"] * 40
    renderings = await translate_lines(nllb_engine, *lines)
    expected = [" ".join(NLLB_WORDS[word] for word in line.split()) for line in lines]
    assert texts_of(renderings) == expected


async def test_a_line_of_several_sentences_is_translated_sentence_by_sentence(translate_lines, nllb_engine):
    (rendering,) = await translate_lines(nllb_engine, "oui. non.  je pars.\nla maison. demain")
    assert rendering.text == "yes. no. i go. the house. tomorrow"
    (rendering,) = await translate_lines(nllb_engine, "oui. non. " * 250)  # more than a model could hold as one
    assert rendering.text == " ".join(["yes. no."] * 250)


async def test_confidence_is_the_models_own_probability_of_its_tokens(translate_lines, nllb_engine, nllb_folder):
    translator = ctranslate2.Translator(str(nllb_folder), device="cpu")
    source = ["fra_Latn", "▁bonjour", "▁monde", "</s>"]
    (scored,) = translator.score_batch([source], [["eng_Latn", "▁hello", "▁world"]])
    own = scored.log_probs[1:]  # the language is told, not said
    (rendering,) = await translate_lines(nllb_engine, "bonjour monde")
    assert math.log(rendering.confidence) == pytest.approx(sum(own) / len(own), rel=0.02)


async def test_what_can_t_be_a_translation_is_tried_again_and_then_stays(translate_lines, nllb_engine):
    renderings = await translate_lines(nllb_engine, "bonjour", "больница", "monde")
    assert texts_of(renderings) == ["hello", "больница", "world"]
    assert [(each.usable, each.confidence == 0) for each in renderings] == [(True, False), (False, True), (True, False)]


async def test_words_that_the_caller_wants_kept_are_no_leftovers(translate_lines, nllb_engine):
    text, term = "bonjour chat botté minuit", Term(source="chat botté minuit", target="chat botté minuit")
    renderings = await translate_lines(nllb_engine, Line(text), Line(text, terms=(term,)))
    assert [(each.text, each.usable) for each in renderings] == [(text, False), ("hello chat botté minuit", True)]


async def test_a_line_that_no_model_could_hold_stays_and_costs_the_others_nothing(translate_lines, nllb_engine):
    long = "nous " * 500
    renderings = await translate_lines(nllb_engine, long, "bonjour")
    assert [each.usable for each in renderings] == [False, True]
    assert renderings[0].text == long


async def test_what_a_model_of_ours_takes_is_on_record_and_how_long_it_took_to_load(models, nllb_folder, errand):
    meter = RecordingMeter()
    engine = LocalTranslator(nllb(str(nllb_folder)), models, meter)
    with attributed(Attribution("acme", "translate")):
        for _ in range(2):
            await engine.translate([Line("bonjour")] * 50, "fr", "en", errand)
    assert [(call.provider, call.model, call.bound, call.outcome) for call in meter.calls] == [
        ("own", nllb_folder.name, Usage(), "ok")
    ] * 2
    usage = meter.calls[0].usage
    assert usage is not None
    assert (usage.cpu_s > 0, usage.gpu_s, usage.input_tokens) == (True, 0, 0)
    first_s, second_s = errand.loads_s
    assert first_s > second_s == 0


async def test_a_cancellation_is_heeded_between_batches(nllb_engine):
    class Stopped:
        cancelled = False
        batches = 0

        def done(self, place, rendering):
            pass

        def loaded(self, took_s):
            pass

        async def in_thread(self, function, *args, **kwargs):
            result = await asyncio.to_thread(function, *args, **kwargs)
            if function.__name__ == "translate":
                self.batches += 1
                raise asyncio.CancelledError
            return result

    errand = Stopped()
    lines = [Line("bonjour monde demain la pluie")] * 1000
    with pytest.raises(asyncio.CancelledError):
        await nllb_engine.translate(lines, "fr", "en", errand)
    assert errand.batches == 1


async def test_indictrans2_is_given_both_languages_and_tokens_apart(translate_lines, indic_engine):
    (rendering,) = await translate_lines(indic_engine, "मैं घर जाता हूँ।", source="hi")
    assert rendering.text == "i home go am."
    assert 0.9 < rendering.confidence < 1


async def test_numbers_and_addresses_come_out_as_they_went_in(translate_lines, indic_engine):
    lines = ["आज १२:३० पर घर।", "आज a.b@example.com पर।", "घर, आज घर, 12/05/2024 पर।"]
    assert texts_of(await translate_lines(indic_engine, *lines, source="hi")) == [
        "today 12:30 at home.",
        "today a.b@example.com at.",
        "home, today home, 12/05/2024 at.",
    ]


async def test_other_indian_scripts_reach_the_model_in_devanagari(translate_lines, indic_engine):
    (rendering,) = await translate_lines(indic_engine, "আজ ঘর।", source="bn")
    assert rendering.text == "today home."


async def test_a_model_is_loaded_once_for_all_threads(translate_lines, nllb_engine, monkeypatch):
    made = []
    real = ctranslate2.Translator

    def counted(*args, **kwargs):
        made.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(ctranslate2, "Translator", counted)
    await asyncio.gather(*(translate_lines(nllb_engine, "bonjour") for _ in range(4)))
    assert len(made) == 1


def test_every_language_of_the_table_is_one_that_speech_is_recognised_in():
    assert FLORES.keys() < LANGUAGE_NAMES.keys()
    assert FLORES.keys() > INDIC
    assert len(set(FLORES.values())) == len(FLORES)


@pytest.mark.parametrize(("pair", "named"), [(("br", "en"), "Breton"), (("en", "la"), "Latin")])
def test_nllb_says_which_languages_it_lacks(nllb_engine, pair, named):
    with pytest.raises(LanguagePairUnsupported, match=named):
        nllb_engine.check(*pair)


@pytest.mark.parametrize("pair", [("fr", "en"), ("hi", "ta"), ("en", "fr")])
def test_indictrans2_translates_from_and_into_english_only(indic_engine, pair):
    with pytest.raises(LanguagePairUnsupported, match="English and any of Assamese, Bengali"):
        indic_engine.check(*pair)


@pytest.mark.parametrize(
    ("family", "pair", "name"),
    [
        (nllb("nllb-200-distilled-600m"), ("fr", "hi"), "nllb-200-distilled-600m"),
        (indictrans2("indictrans2-indic-en-200m", "x/y"), ("hi", "en"), "indictrans2-indic-en-200m"),
        (indictrans2("x/y", "indictrans2-en-indic-200m"), ("en", "hi"), "indictrans2-en-indic-200m"),
    ],
)
def test_a_model_that_is_not_here_is_named_with_the_command_that_gets_it(models, catalogue, family, pair, name):
    licence = catalogue[name].licence
    with pytest.raises(ModelMissing, match=rf"setu models pull {name}.*{licence}"):
        LocalTranslator(family, models).check(*pair)


def test_libraries_that_are_not_here_are_named_with_the_extra_that_has_them(catalogue, nllb_folder):
    models = LocalModels(catalogue, Computing(), has_library=lambda name: name != "ctranslate2")
    with pytest.raises(EngineMissing, match=r"needs ctranslate2\..*setu-translate\[nllb\]"):
        LocalTranslator(nllb(str(nllb_folder)), models).check("fr", "en")


def test_a_name_that_the_catalogue_lacks_is_said_to_be_none(models):
    with pytest.raises(EngineMissing, match="no model 'nllb-54b'"):
        LocalTranslator(nllb("nllb-54b"), models).check("fr", "en")


def test_a_folder_without_a_model_is_said_to_have_none(models, tmp_path):
    with pytest.raises(ModelMissing, match=r"no model\.bin"):
        LocalTranslator(nllb(str(tmp_path)), models).check("fr", "en")


@pytest.mark.parametrize("broken", ["model.bin", "sentencepiece.bpe.model"])
async def test_files_that_are_no_model_are_a_missing_engine_that_says_what_to_look_at(
    translate_lines, models, nllb_folder, tmp_path, broken
):
    for file in nllb_folder.iterdir():
        (tmp_path / file.name).write_bytes(b"nonsense" if file.name == broken else file.read_bytes())
    with pytest.raises(EngineMissing, match=r"can't be loaded by the engine nllb.*setu models verify"):
        await translate_lines(LocalTranslator(nllb(str(tmp_path)), models), "bonjour")
