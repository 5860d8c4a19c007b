"""The engine by itself, in processes of one thread each that know which clips are theirs: what fan-out is measured against."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

import numpy as np

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.clips import pack
from setu_asr.domain.wav import HEADER_BYTES
from setu_asr.ears import CUT_WITHIN_S, STRETCH_S
from setu_asr.engines.faster_whisper import ENGINE, FasterWhisper
from setu_asr.engines.recogniser import ModelKey
from setu_asr.engines.speech import SileroDetector
from setu_common.contracts import AsrPlan
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

PATIENCE_S: Final = 1800.0
READY_S: Final = 300.0


@dataclass(frozen=True)
class Work:
    """What processes hear.

    Args:
        sound: WAV, 16 bits, mono, 16 kHz.
        clips: in samples.
        language: the one that is spoken.
        plan: how.
    """

    sound: Path
    clips: Sequence[Region]
    language: str
    plan: AsrPlan

    def halves(self) -> list["Work"]:
        """Cut where half of the sound is on either side, as near as clips allow."""
        until = np.cumsum([clip.length for clip in self.clips])
        cut = int(np.abs(until - until[-1] / 2).argmin()) + 1
        return [Work(self.sound, clips, self.language, self.plan) for clips in (self.clips[:cut], self.clips[cut:])]


def opened(sound: Path) -> Recording:
    """The sound of a file as it lies."""
    return Recording(np.memmap(sound, dtype="<i2", mode="r", offset=HEADER_BYTES))


def clips_of(sound: Path, vad_threshold: float) -> list[Region]:
    """What a worker gives the engine at a time."""
    recording, find_speech = opened(sound), SileroDetector(vad_threshold)
    return list(
        pack(
            Region(stretch.start + found.start, stretch.start + found.end)
            for stretch in recording.stretches(STRETCH_S, CUT_WITHIN_S)
            for found in find_speech(recording.samples(stretch))
        )
    )


def together(shares: Sequence[Work]) -> float:
    """Wall time in which processes hear their shares, all at once; neither loading nor ending is counted."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(len(shares) + 1)
    ended: SimpleQueue[float] = context.SimpleQueue()
    processes = [context.Process(target=_hear, args=(share, ready, ended), daemon=True) for share in shares]
    for process in processes:
        process.start()
    ready.wait(READY_S)
    began_s = time.monotonic()
    for process in processes:
        process.join(PATIENCE_S)
    if any(process.exitcode != 0 for process in processes):
        raise RuntimeError(f"an engine ended with {[process.exitcode for process in processes]}")
    return max(ended.get() for _ in processes) - began_s


def _hear(share: Work, ready: Barrier, ended: "SimpleQueue[float]") -> None:
    recording, plan = opened(share.sound), share.plan
    key = ModelKey(ENGINE, plan.model, plan.compute_type)
    engine = FasterWhisper(key, Catalogue.load(ModelSettings()).ensure(plan.model), "cpu", 1)
    engine.recognise([recording.samples(share.clips[0])], share.language, plan)
    ready.wait(READY_S)
    for first in range(0, len(share.clips), plan.batch_size):
        batch = [recording.samples(clip) for clip in share.clips[first : first + plan.batch_size]]
        engine.recognise(batch, share.language, plan)
    ended.put(time.monotonic())  # one clock for all processes of a machine
