"""What was done of one kind, added up: of a job, or of all jobs in a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from setu_common.contracts.cost import StageMetrics

WAY: Final = (
    "fetches",
    "profiles",
    "plans",
    "transcriptions",
    "translations",
    "speech-translations",
    "enhancements",
    "renderings",
)
"""The kinds of operation that a job's subtitles wait for. What else is done for a job (notices, muxing, learning) holds nobody up."""
IN_VAIN: Final = ("failed", "died", "lost")
"""What became of attempts that gave nothing, though they were to."""


@dataclass(frozen=True)
class Part:
    """Attempts of one kind together.

    Args:
        service: who does it.
        stage: the kind of operation.
        target: the language that it was done for; empty where all are taken together.
        attempts: how many.
        in_vain: how many of them gave nothing, by what became of them; under an empty name where that is not known.
        problems: the codes of why.
        wall_s: how long they took,
        vain_s: and how long of it those that gave nothing.
        queue_wait_s: how long they waited to be begun.
        model_load_s: how long models were loaded for them.
        cpu_s: processor time,
        cpu_wall_s: and how long those took that could tell it.
        gpu_s: how long a GPU was at work for them,
        gpu_wall_s: and how long those took that had one.
        peak_rss_bytes: the most memory that a process held.
        audio_s: how much sound they were about.
    """

    service: str
    stage: str
    target: str
    attempts: int
    in_vain: dict[str, int]
    problems: tuple[str, ...]
    wall_s: float
    vain_s: float
    queue_wait_s: float
    model_load_s: float
    cpu_s: float
    cpu_wall_s: float
    gpu_s: float
    gpu_wall_s: float
    peak_rss_bytes: int | None
    audio_s: float

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"{self.stage} [{self.target}]" if self.target else self.stage


def parts_of(attempts: Iterable[StageMetrics]) -> list[Part]:
    """A job's attempts, by what was done for which language."""
    stages: dict[tuple[str, str, str], list[StageMetrics]] = {}
    for attempt in attempts:
        stages.setdefault((attempt.service, attempt.stage, attempt.target), []).append(attempt)
    return [_part(*key, found) for key, found in stages.items()]


def _part(service: str, stage: str, target: str, attempts: list[StageMetrics]) -> Part:
    in_vain = [each for each in attempts if each.outcome in IN_VAIN]
    on_gpu = [(each.gpu_percent, each.wall_s) for each in attempts if each.gpu_percent is not None]
    told = [(each.cpu_s, each.wall_s) for each in attempts if each.cpu_s is not None]
    return Part(
        service=service,
        stage=stage,
        target=target,
        attempts=len(attempts),
        in_vain={outcome: count for outcome in IN_VAIN if (count := sum(each.outcome == outcome for each in in_vain))},
        problems=tuple(dict.fromkeys(each.problem for each in in_vain if each.problem)),
        wall_s=sum(each.wall_s for each in attempts),
        vain_s=sum(each.wall_s for each in in_vain),
        queue_wait_s=sum(each.queue_wait_s for each in attempts),
        model_load_s=sum(each.model_load_s or 0.0 for each in attempts),
        cpu_s=sum(cpu_s for cpu_s, _ in told),
        cpu_wall_s=sum(wall_s for _, wall_s in told),
        gpu_s=sum(percent / 100 * wall_s for percent, wall_s in on_gpu),
        gpu_wall_s=sum(wall_s for _, wall_s in on_gpu),
        peak_rss_bytes=max((each.peak_rss_bytes for each in attempts if each.peak_rss_bytes is not None), default=None),
        audio_s=sum(each.audio_s or 0.0 for each in attempts),
    )
