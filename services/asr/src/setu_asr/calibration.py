"""How long each way to transcribe takes on this machine, measured on a short sound."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Recording, Region, Samples
from setu_asr.domain.calibration import ONE_BY_ONE, Machine, ways
from setu_asr.engines.demuxer import decode
from setu_asr.engines.machine import compute_types
from setu_asr.engines.recogniser import Load, ModelKey, Recogniser
from setu_asr.errors import UnusablePlan
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import AsrPlan, Candidate, InstalledCandidate
from setu_common.models import Catalogue

LANGUAGE: Final = "en"  # every speech model knows it
CLIP_S: Final = 24.0  # as long as clips of a recording are, mostly
CLIPS: Final = 4
LONGEST_S: Final = 600.0

ENGINE: Final = "faster-whisper"


def installed(catalogue: Catalogue, settings: RecognitionSettings) -> list[str]:
    """The speech models that lie in the models folder, and the one of the settings in any case; the smallest first."""
    models = [catalogue[name] for name in catalogue.names()]
    here = [
        model for model in models if model.purpose == "speech" and (model.name == settings.model or catalogue.has(model.name))
    ]
    return [model.name for model in sorted(here, key=lambda model: model.bytes)]


def likely(catalogue: Catalogue, settings: RecognitionSettings) -> list[Candidate]:
    """Ways that there are without anything measured: the installed models, with the numbers and batches of the settings."""
    return ways(
        installed(catalogue, settings),
        batch_sizes=[settings.batch_size],
        compute_types=[settings.compute_type],
    )


def every(catalogue: Catalogue, settings: RecognitionSettings) -> list[Candidate]:
    """All ways that there are: also clip by clip, and with all numbers that the device computes with."""
    return ways(
        installed(catalogue, settings),
        batch_sizes=[settings.batch_size, ONE_BY_ONE],
        compute_types=[settings.compute_type, *compute_types(settings.device)],
    )


def spoken_sound(catalogue: Catalogue, scratch: Path | None) -> list[Samples]:
    """The clips that are heard: the catalogue's sample, over and over.

    Returns:
        Four of 24 s, each float32, mono, -1..1, 16 kHz.
    """
    recording = decode(catalogue.sample(LANGUAGE), scratch, LONGEST_S, lambda _share: None)
    once = recording.samples(Region(0, len(recording.pcm)))
    whole = Recording((np.resize(once, int(CLIPS * CLIP_S * RATE_HZ)) * 32767).astype(np.int16))
    length = int(CLIP_S * RATE_HZ)
    return [whole.samples(Region(start, start + length)) for start in range(0, CLIPS * length, length)]


class Stopwatch:
    """Hears a short sound in one way after the other.

    What is measured is the processor's time, which other work on the machine does not change, or the clock's where a GPU computes.

    Args:
        clips: the sound.
        catalogue: has the models.
        load: loads one.
        machine: this one.
    """

    def __init__(self, clips: Sequence[Samples], catalogue: Catalogue, load: Load, machine: Machine) -> None:
        self._clips = clips
        self._sound_s = sum(len(clip) for clip in clips) / RATE_HZ
        self._catalogue = catalogue
        self._load = load
        self._clock = time.process_time if machine.device == "cpu" else time.monotonic

    def measured(self, asked: Iterable[Candidate], skipped: Callable[[Candidate, str], None]) -> Iterator[InstalledCandidate]:
        """How long each takes. Blocks, for seconds to minutes each.

        Args:
            asked: the ways; those of one model with the same numbers are best beside each other, for it is loaded once for them.
            skipped: told of ways that can't be, and why.
        """
        for (model, numbers), group in groupby(asked, key=lambda way: (way.model, way.compute_type)):
            key = ModelKey(ENGINE, model, numbers)
            ways_of_it = list(group)
            try:
                recogniser = self._load(key, self._catalogue.ensure(model))
            except UnusablePlan as error:
                for way in ways_of_it:
                    skipped(way, error.detail)
                continue
            self._hear(recogniser, ways_of_it[0], self._clips[:1])  # what is made once is made now
            for way in ways_of_it:
                began_s = self._clock()
                self._hear(recogniser, way, self._clips)
                took_s = self._clock() - began_s
                yield InstalledCandidate(candidate=way, time_factor=took_s / self._sound_s, measured_at=datetime.now(UTC))

    def _hear(self, recogniser: Recogniser, way: Candidate, clips: Sequence[Samples]) -> None:
        # Whether stretches are heard again depends on the recording more than on the machine.
        plan = AsrPlan(**way.model_dump(), redecode=False)
        for start in range(0, len(clips), way.batch_size):
            recogniser.recognise(clips[start : start + way.batch_size], LANGUAGE, plan)
