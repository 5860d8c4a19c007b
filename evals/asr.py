"""How well speech is recognised, and what is made of sound without any: ``make eval-asr``.

Every recording goes through three systems in one run: Setu's default plan, and faster-whisper called directly, sequentially and in
batches. Recordings are the catalogue's short clips, and films of five minutes and more, spoken by voices that come as packages from
texts that were written for this (evals/texts), with pauses, music, noise and a crowd behind them; and sound without words.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Figure

from evals.corpus import Recording, clips, film, long_pauses, wordless
from evals.scoring import NOTHING, Errors, Piece, errors, invented, lost, right, text_of
from evals.systems import WINDOW, Direct, Heard, Setu, everything
from evals.voices import RATE_HZ
from setu_common.contracts import AsrPlan
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

# Each model with the films that it hears; and whether the clips of nine languages too.
FILMS: Final[Mapping[str, Sequence[str]]] = {
    "whisper-base": ("en-harbour", "fr", "es", "pt", "hi"),
    "whisper-tiny.en": ("en-market",),
}
ECHOES: Final = "en-echoes"  # people who repeat themselves
WORDLESS_S: Final = 60.0
MARGIN_S: Final = 1.0  # errors of words' times
THREADS: Final = 2
SYSTEMS: Final = ("default", "sequential", "batched")


@dataclass
class Tally:
    """What adds up over a run."""

    errors: defaultdict[tuple[str, str, str, str], Errors]  # by kind, model, language, system
    invented: defaultdict[str, int]
    minutes: defaultdict[str, float]
    lost: int = 0
    right: int = 0


def measure() -> list[Figure]:
    """Hear everything by everyone."""
    catalogue = Catalogue.load(ModelSettings())
    tally = Tally(errors=defaultdict(lambda: NOTHING), invented=defaultdict(int), minutes=defaultdict(float))
    short = list(clips(catalogue))
    english = [each for each in short if each.language == "en"]
    with tempfile.TemporaryDirectory(prefix="setu-eval-") as folder:
        for model, names in FILMS.items():
            systems = Systems(catalogue, Path(folder), model)
            recordings = [film(name, _tell) for name in names]
            recordings += short if model == "whisper-base" else english
            for recording in recordings:
                systems.compare(recording, tally)
            systems.repeats(film(ECHOES, _tell), tally)
            systems.without_words([*wordless(WORDLESS_S, english), long_pauses(english)], tally)
            systems.close()
    return [*_rates(tally), *_guarded(tally)]


class Systems:
    """All that hears, with one model.

    Args:
        catalogue: has it.
        folder: for the service's store.
        model: its name.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, model: str) -> None:
        self._model = model
        self._plan = AsrPlan(model=model)
        self._direct = Direct(catalogue.ensure(model), THREADS)
        self._setu = Setu(catalogue, folder, THREADS)
        self._credulous = Setu(catalogue, folder, THREADS, everything)
        self._plain = AsrPlan(model=model, redecode=False)

    def compare(self, recording: Recording, tally: Tally) -> None:
        """Hear speech by each system and count the errors; and what the guard took from it."""
        ways: dict[str, Callable[[], Heard]] = {
            "default": lambda: self._setu.transcribe(recording.samples, recording.language, self._plan),
            "sequential": lambda: self._direct.sequential(recording.samples, recording.language),
            "batched": lambda: self._direct.batched(recording.samples, recording.language),
        }
        told = []
        for name, hear in ways.items():
            heard = hear()
            found = errors(recording.reference, text_of(heard.pieces, recording.language), recording.language)
            tally.errors[recording.kind, self._model, recording.language, name] += found
            told.append(f"{name} {found.rate:.1f} % in {heard.took_s:.1f} s")
            if name == "default":
                self._count_lost(recording, heard, tally)
                if heard.transliterated:
                    told.append(f"{heard.transliterated} transliterated")
        if recording.kind == "long":
            print(f"  {self._model} {recording.name} ({recording.duration_s:.0f} s): {', '.join(told)}", flush=True)

    def repeats(self, recording: Recording, tally: Tally) -> None:
        """Hear people who repeat themselves, and count what the guard took from them."""
        heard = self._setu.transcribe(recording.samples, recording.language, self._plan)
        found = errors(recording.reference, text_of(heard.pieces, recording.language), recording.language)
        tally.errors["repeats", self._model, recording.language, "default"] += found
        self._count_lost(recording, heard, tally)

    def without_words(self, recordings: Sequence[Recording], tally: Tally) -> None:
        """Hear sound without words, with the detector and with the guard alone, and count what is invented."""
        for recording in recordings:
            tally.minutes["default"] += recording.duration_s / 60
            tally.minutes["guard alone"] += min(recording.duration_s, WINDOW / RATE_HZ) / 60
            ways = {
                "default": self._setu.transcribe(recording.samples, recording.language, self._plan),
                "guard alone": self._credulous.transcribe(recording.samples[:WINDOW], recording.language, self._plain),
            }
            counts = {}
            for name, heard in ways.items():
                counts[name] = _invented(recording, heard.pieces)
                counts[f"{name}, before the guard"] = _invented(recording, heard.before)
                for removal in heard.removed:
                    print(f"    {name}: took out {removal.text[:60]!r} ({removal.reason}): {removal.evidence}", flush=True)
                for piece in heard.pieces:
                    if recording.kind == "wordless":
                        print(f"    {name}: LEFT IN {piece.text[:60]!r} {piece.start_s:.1f}-{piece.end_s:.1f}", flush=True)
            for name, count in counts.items():
                tally.invented[name] += count
            print(
                f"  {self._model} {recording.name}: {', '.join(f'{count} {name}' for name, count in counts.items())}",
                flush=True,
            )
            if recording.spoken:
                self._count_lost(recording, ways["default"], tally)

    def close(self) -> None:
        """Drop the models."""
        self._setu.close()
        self._credulous.close()

    def _count_lost(self, recording: Recording, heard: Heard, tally: Tally) -> None:
        language = recording.language
        before, after = text_of(heard.before, language), text_of(heard.pieces, language)
        gone = lost(recording.reference, before, after, language) if heard.removed else 0
        tally.lost += gone
        tally.right += len(right(recording.reference, before, language))
        for removal in heard.removed:
            said = f"{recording.name}: took out {removal.text[:60]!r} ({removal.reason}; {gone} right words lost)"
            print(f"    {said}: {removal.evidence}", flush=True)


def _invented(recording: Recording, pieces: Sequence[Piece]) -> int:
    return invented(pieces, recording.spoken, recording.language, MARGIN_S)


def _tell(said: str) -> None:
    print(f"  {said}", end="\r", flush=True)


def _rates(tally: Tally) -> list[Figure]:
    figures = []
    for kind, model, language in sorted({key[:3] for key in tally.errors}):
        rates = {
            name: tally.errors[kind, model, language, name] for name in SYSTEMS if (kind, model, language, name) in tally.errors
        }
        how = f"words (characters where there are no spaces) wrong, missing or added, of {rates['default'].reference} that are said"
        figures += [
            _figure(f"error rate, {kind}, {model}, {language}, {name}", found.rate, "%", None, how)
            for name, found in rates.items()
        ]
    for kind in ("long", "clips"):
        for model in FILMS:
            pooled = {name: _pooled(tally, kind, model, name) for name in SYSTEMS}
            for other, goal in (("sequential", 1.0), ("batched", None)):
                above = pooled["default"].rate - pooled[other].rate
                how = f"error rate of the default plan less that of faster-whisper, {other}, on {pooled[other].reference} words"
                figures.append(_figure(f"default above {other}, {kind}, {model}", above, "points", goal, how))
    return figures


def _pooled(tally: Tally, kind: str, model: str, system: str) -> Errors:
    chosen = (found for key, found in tally.errors.items() if (key[0], key[1], key[3]) == (kind, model, system))
    return sum(chosen, NOTHING)


def _guarded(tally: Tally) -> list[Figure]:
    figures = []
    for name, count in tally.invented.items():
        way, _, before = name.partition(", ")
        how = (
            f"words outside of speech in {tally.minutes[way]:.1f} minutes of silence, noise, music, humming, a crowd and long pauses"
            f"{'; all sound is taken for speech' if way == 'guard alone' else ''}"
        )
        figures.append(_figure(f"invented words, {name}", count / tally.minutes[way], "a minute", None if before else 0.0, how))
    share = 100 * tally.lost / max(1, tally.right)
    how = f"words that were heard right and taken out: {tally.lost} of {tally.right}, on all speech, people who repeat themselves among it"
    return [*figures, _figure("speech lost to the guard", share, "%", 0.5, how)]


def _figure(name: str, value: float, unit: str, goal: float | None, how: str) -> Figure:
    return Figure(
        figure=name,
        value=round(value, 3),
        unit=unit,
        goal="reported" if goal is None else f"≤ {goal:g}",
        holds=goal is None or value <= goal,
        how=how,
    )
