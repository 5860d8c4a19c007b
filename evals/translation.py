"""How well dialogue is translated into English, of the text that was spoken and of what was heard: ``make eval-translation``.

The films and clips of ``make eval-asr`` in French, Portuguese, Spanish and Hindi, whose English stands in evals/translations.toml. Their
true lines go through the translation service's own code as segments of a transcript; then the recordings go through the whole
way, recognised by Setu's default plan and translated. Each sentence is scored against what was translated from the segments that lie
mostly within it. Scores are sacreBLEU's chrF and BLEU.

Every engine that is here is measured: ``llm`` (the embedded model, or the server that SETU_TRANSLATE_LLM_URL names), and ``nllb`` and
``indictrans2`` if their models have been pulled.
"""

import asyncio
import os
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Figure, judged
from bench.prompts import llm_server
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from evals.corpus import Recording, clips, film, scenes
from evals.systems import Alone, Setu
from setu_common.contracts import AsrPlan, Segment, Transcript
from setu_common.errors import SetuError
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_translate.dialogue import Dialogue
from setu_translate.engines.translator import Translator
from setu_translate.settings import LlmSettings, LocalSettings
from setu_translate.worker import language_model, local_engines

LANGUAGES: Final = ("fr", "pt", "es", "hi")
TARGET: Final = "en"
MODEL: Final = "whisper-base"
ROUNDS: Final = 3  # the embedded server computes several lines at once, and its sums differ by what comes together
THREADS: Final = 2
GOOD_ENOUGH: Final = 50.0  # chrF
GIST: Final = 20.0  # BLEU
REFERENCES: Final = tomllib.loads((Path(__file__).parent / "translations.toml").read_text("utf-8"))

CHRF_SCORE: Final = CHRF()
BLEU_SCORE: Final = BLEU(effective_order=False)


@dataclass(frozen=True)
class Spoken:
    """One recording: what was said and when, what it means, and what was heard.

    Args:
        kind: ``film`` or ``clip``.
        language: that was spoken.
        lines: its sentences.
        times: of each, (start, end) in seconds.
        english: of each.
        heard: what Setu recognised.
    """

    kind: str
    language: str
    lines: tuple[str, ...]
    times: tuple[tuple[float, float], ...]
    english: tuple[str, ...]
    heard: tuple[Segment, ...]


def measure() -> list[Figure]:
    """Score every engine that is here, one language after the other."""
    catalogue = Catalogue.load(ModelSettings())
    figures: list[Figure] = []
    print("engine       from  of     round  chrF true  chrF heard  BLEU true  BLEU heard", flush=True)
    with tempfile.TemporaryDirectory(prefix="setu-eval-") as folder, _language_model_settings() as llm:
        setu = Setu(catalogue, Path(folder), THREADS)
        for language in LANGUAGES:
            spoken = list(_recorded(setu, catalogue, language))
            figures.extend(asyncio.run(_scored(spoken, language, llm)))
        setu.close()
    return figures


def _recorded(setu: Setu, catalogue: Catalogue, language: str) -> Iterator[Spoken]:
    made = film(language, lambda note: print(f"  {note}", flush=True))
    script = (Path(__file__).parent / "texts" / f"{language}.txt").read_text("utf-8")
    lines = tuple(line.text for scene in scenes(script) for line in scene)
    yield _spoken(setu, made, "film", lines, REFERENCES["film"][language])
    for clip in clips(catalogue):
        if clip.language == language:
            yield _spoken(setu, clip, "clip", (clip.reference,), [REFERENCES["clip"][clip.name]])


def _spoken(setu: Setu, recording: Recording, kind: str, lines: tuple[str, ...], english: Sequence[str]) -> Spoken:
    if len(lines) != len(english) or len(lines) != len(recording.spoken):
        raise ValueError(f"evals/translations.toml has {len(english)} lines for {recording.name}, which has {len(lines)}")
    pieces = setu.transcribe(recording.samples, recording.language, AsrPlan(model=MODEL)).pieces
    heard = tuple(
        Segment(index=number, start_s=piece.start_s, end_s=max(piece.start_s, piece.end_s), text=piece.text)
        for number, piece in enumerate(pieces)
    )
    return Spoken(kind, recording.language, lines, recording.spoken, tuple(english), heard)


async def _scored(spoken: Sequence[Spoken], language: str, llm: LlmSettings) -> list[Figure]:
    figures: list[Figure] = []
    async with language_model(llm) as engine:
        for each in (engine, *local_engines(LocalSettings(), ModelSettings())):
            if _can(each, language):
                for kind in ("film", "clip"):
                    figures.extend(await _figures(each, language, kind, [one for one in spoken if one.kind == kind]))
    return figures


async def _figures(engine: Translator, language: str, kind: str, spoken: Sequence[Spoken]) -> list[Figure]:
    english = [line for each in spoken for line in each.english]
    scores: dict[str, list[float]] = {name: [] for name in ("chrf_true", "chrf_heard", "bleu_true", "bleu_heard")}
    for turn in range(ROUNDS):
        true = [line for each in spoken for line in await _translated(engine, each, _as_written(each))]
        heard = [line for each in spoken for line in await _translated(engine, each, each.heard)]
        for name, said in (("true", true), ("heard", heard)):
            scores[f"chrf_{name}"].append(CHRF_SCORE.corpus_score(said, [english]).score)
            scores[f"bleu_{name}"].append(BLEU_SCORE.corpus_score(said, [english]).score)
        row = "".join(f"{scores[name][-1]:11.1f}" for name in ("chrf_true", "chrf_heard", "bleu_true", "bleu_heard"))
        print(f"{engine.engine:11}  {language:4}  {kind:5}  {turn + 1:5}{row}", flush=True)
    label = f"{engine.engine}_{language}_{kind}"
    about = f"{len(english)} sentences of {kind}s, {language} into English, {engine.model(language, TARGET)}"
    how = {
        "chrf_true": f"chrF of the translation of the true text: {about}",
        "chrf_heard": f"chrF from sound to English, recognised by {MODEL} and laid onto sentences by time: {about}",
    }
    return [
        judged(f"{name}_{label}", scores[name], unit="chrF", goal=GOOD_ENOUGH, better="more", how=text)
        for name, text in how.items()
    ] + [
        judged(f"{name}_{label}", scores[name], unit="BLEU", goal=GIST, better="more", how=f"sacreBLEU, likewise: {about}")
        for name in ("bleu_true", "bleu_heard")
        if kind == "film"
    ]


def _as_written(spoken: Spoken) -> tuple[Segment, ...]:
    return tuple(
        Segment(index=number, start_s=start_s, end_s=end_s, text=line)
        for number, (line, (start_s, end_s)) in enumerate(zip(spoken.lines, spoken.times, strict=True))
    )


async def _translated(engine: Translator, spoken: Spoken, segments: Sequence[Segment]) -> list[str]:
    """The English of each sentence."""
    transcript = Transcript(
        language=spoken.language,
        language_probability=1.0,
        duration_s=spoken.times[-1][1],
        segments=tuple(segments),
        engine="eval",
        model="eval",
    )
    translations = await Dialogue(transcript, TARGET, (), join_sentences=True, kept={}, work=Alone()).through([engine])
    texts: list[list[str]] = [[] for _ in spoken.times]
    for segment, translation in zip(segments, translations, strict=True):
        texts[_sentence_of(segment, spoken.times)].append(translation.text)
    return [" ".join(parts) for parts in texts]


def _sentence_of(segment: Segment, times: Sequence[tuple[float, float]]) -> int:
    """The sentence that a segment shares most time with, or the nearest."""
    shared = [min(segment.end_s, end_s) - max(segment.start_s, start_s) for start_s, end_s in times]
    return shared.index(max(shared))


@contextmanager
def _language_model_settings() -> Iterator[LlmSettings]:
    if os.environ.get("SETU_TRANSLATE_LLM_URL"):
        yield LlmSettings()
        return
    with llm_server() as url:
        yield LlmSettings(url=url, style="completion", timeout_s=300)


def _can(engine: Translator, language: str) -> bool:
    try:
        engine.check(language, TARGET)
    except SetuError as error:
        print(f"{engine.engine:11}  {language:4}  not measured: {error.detail}", flush=True)
        return False
    return True
