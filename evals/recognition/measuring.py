"""Hearing every recording with every candidate: errors against what was said, time, and what the recogniser says of itself."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from evals.recognition.recordings import Made, Spec, Studio
from evals.recognition.rows import HEARD, Cells, append, read, recording_of
from evals.scoring import errors, text_of, tokens
from evals.systems import Heard, Setu
from evals.voices import RATE_HZ, Samples
from setu_common.contracts import AsrPlan, Transcript
from setu_common.models import Catalogue

BATCH: Final = 8
LANGUAGE: Final = "en"
THREADS: Final = 1  # so that the processor's time is the same whatever else runs on the machine
WARM_UP_S: Final = 20
LOW: Final = 0.1  # the quantile of log-probabilities that stands for the worst stretches


@dataclass(frozen=True)
class Candidate:
    """A way of recognising that the optimizer may choose."""

    model: str
    beam_size: int

    @property
    def plan(self) -> AsrPlan:
        """As production does it."""
        return AsrPlan(model=self.model, beam_size=self.beam_size, batch_size=BATCH)


CANDIDATES: Final = tuple(Candidate(model, beam) for model in ("whisper-tiny.en", "whisper-base") for beam in (1, 5))


@dataclass(frozen=True)
class Row:
    """What one candidate made of one recording.

    Args:
        recording: which one.
        wer: (substitutions + deletions + insertions) / words, 0..; above 1 where more is invented than was said.
        cpu_s: the processor's time, one thread, the model being in memory.
        wall_s: time that passed, other work on the machine included.
        avg_logprob: mean of the segments', weighted by their length; None where nothing was heard.
        low_logprob: their tenth percentile, weighted likewise.
        removed_s: of what the guard took out.
        words_per_s: heard, per second of the recording.
    """

    recording: Cells
    duration_s: float
    model: str
    beam_size: int
    batch_size: int
    compute_type: str
    words: int
    substitutions: int
    deletions: int
    insertions: int
    wer: float
    cpu_s: float
    wall_s: float
    segments: int
    avg_logprob: float | None
    low_logprob: float | None
    no_speech_prob: float | None
    compression_ratio: float | None
    removed_s: float
    words_per_s: float

    @property
    def cells(self) -> Cells:
        """As it stands in the table."""
        return self.recording | {name: value for name, value in asdict(self).items() if name != "recording"}


class Measuring:
    """The candidates, loaded, and the file that rows are put into.

    Args:
        catalogue: has the models.
        folder: for the service's store.
        rows: what was measured before is not measured again.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, rows: Path = HEARD) -> None:
        self._systems = {model: Setu(catalogue, folder, THREADS) for model in {each.model for each in CANDIDATES}}
        self._studio = Studio(catalogue)
        self._rows = rows

    def warm_up(self, samples: Samples) -> None:
        """Load the models, and let everything be made that is made once."""
        for candidate in CANDIDATES:
            self._systems[candidate.model].transcribe(samples, LANGUAGE, candidate.plan)

    def missing(self, specs: Sequence[Spec]) -> list[Spec]:
        """Those that not every candidate has heard."""
        done = self._done()
        return [spec for spec in specs if any(self._key(spec, each) not in done for each in CANDIDATES)]

    def measure(self, spec: Spec) -> Iterator[Row]:
        """Hear a recording with the candidates that have not, one after the other, and put each row into the file at once."""
        made = self._studio.make(spec)
        for candidate in CANDIDATES:
            if self._key(spec, candidate) in self._done():
                continue
            cpu_s, wall_s = time.process_time(), time.monotonic()
            heard = self._systems[candidate.model].transcribe(made.samples, LANGUAGE, candidate.plan)
            row = _row(spec, candidate, made, heard, (time.process_time() - cpu_s, time.monotonic() - wall_s))
            append(self._rows, row.cells)
            yield row

    def _done(self) -> set[tuple[tuple[str, ...], str, int]]:
        """What is in the file by now: another process may add to it."""
        return {(recording_of(row), str(row["model"]), int(str(row["beam_size"]))) for row in read(self._rows)}

    @staticmethod
    def _key(spec: Spec, candidate: Candidate) -> tuple[tuple[str, ...], str, int]:
        return recording_of(spec.cells), candidate.model, candidate.beam_size


def _row(spec: Spec, candidate: Candidate, made: Made, heard: Heard, took_s: tuple[float, float]) -> Row:
    duration_s = len(made.samples) / RATE_HZ
    text = text_of(heard.pieces, LANGUAGE)
    found = errors(made.reference, text, LANGUAGE)
    segments = heard.transcript.segments if heard.transcript else ()
    average, low = _logprobs(heard.transcript)
    return Row(
        recording=spec.cells,
        duration_s=round(duration_s, 3),
        model=candidate.model,
        beam_size=candidate.beam_size,
        batch_size=candidate.plan.batch_size,
        compute_type=candidate.plan.compute_type,
        words=found.reference,
        substitutions=found.wrong,
        deletions=found.missing,
        insertions=found.added,
        wer=round(found.rate / 100, 5),
        cpu_s=round(took_s[0], 4),
        wall_s=round(took_s[1], 4),
        segments=len(segments),
        avg_logprob=average,
        low_logprob=low,
        no_speech_prob=_mean(heard.transcript, "no_speech_prob"),
        compression_ratio=_mean(heard.transcript, "compression_ratio"),
        removed_s=round(sum(each.end_s - each.start_s for each in heard.removed), 3),
        words_per_s=round(len(tokens(text, LANGUAGE)) / duration_s, 4),
    )


def _weighted(transcript: Transcript | None, name: str) -> tuple[list[float], list[float]]:
    segments = [each for each in transcript.segments if getattr(each, name) is not None] if transcript else []
    return [getattr(each, name) for each in segments], [max(each.end_s - each.start_s, 0.01) for each in segments]


def _mean(transcript: Transcript | None, name: str) -> float | None:
    values, weights = _weighted(transcript, name)
    return round(float(np.average(values, weights=weights)), 5) if values else None


def _logprobs(transcript: Transcript | None) -> tuple[float | None, float | None]:
    values, weights = _weighted(transcript, "avg_logprob")
    if not values:
        return None, None
    order = np.argsort(values)
    reached = np.cumsum(np.asarray(weights)[order]) / sum(weights)
    return _mean(transcript, "avg_logprob"), round(float(np.asarray(values)[order][int(np.searchsorted(reached, LOW))]), 5)
