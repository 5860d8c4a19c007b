"""What would make it faster: the cause, what says so, and the setting that mends it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from setu_common.contracts.performance import Bottleneck, Recommendation, RecommendationCause
from setu_metrics.domain.performance.parts import Part

WAITED: Final = 0.2
"""Of the time from when work could have been begun to its end: so much spent waiting is too much."""
LOADED: Final = 0.2
"""Of an attempt: so much spent on loading a model is too much."""
NEAR: Final = 0.9
"""Of what a process may hold."""
IDLE: Final = 0.3
"""A GPU that is used less than this has room."""
STARVED: Final = (0.1, 0.6)
"""Of one processor: who computes uses more than the second, who waits for others outside less than the first."""
IN_VAIN: Final = 0.02
"""Of all that was worked: less is chance."""
_LEAST_S: Final = 1.0
_MIB: Final = 1 << 20

CONCURRENCY: Final = "SETU_WORKER_CONCURRENCY"
RETENTION: Final = "SETU_OPERATIONS_RETENTION_DAYS"
MODEL: Final = "SETU_ASR_MODEL"
LEASE: Final = "SETU_OPERATIONS_LEASE_S"
BREAKERS: Final = "setu breakers list"
BATCH: Final = "SETU_ASR_BATCH_SIZE"
# Whose models come and go, and for how long they stay. Others hold theirs as long as they live.
POOLS: Final[Mapping[str, str]] = {"asr": "SETU_ASR_IDLE_TTL_S"}
# What computes on processors of ours, where no GPU does it.
_COMPUTES: Final = frozenset({"profiles", "transcriptions", "speech-translations"})
_HEARS: Final = "transcriptions"


@dataclass(frozen=True)
class Repeated:
    """Work that was done before, of the same sound with the same model, and was done again.

    Args:
        stage: the kind of operation.
        target: the language.
        wall_s: what it took this time.
    """

    stage: str
    target: str
    wall_s: float


@dataclass(frozen=True)
class Around:
    """What else is known.

    Args:
        memory_limit_bytes: what a process may hold.
        repeated: what was done again.
        bottlenecks: what holds up.
    """

    memory_limit_bytes: int
    repeated: tuple[Repeated, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()


def advise(parts: Sequence[Part], around: Around) -> tuple[Recommendation, ...]:
    """What to do, what saves most first."""
    work_s = sum(part.wall_s for part in parts)
    found = [each for part in parts for each in _of_part(part, work_s, around)]
    found += [_missed(each) for each in around.repeated]
    return tuple(sorted(found, key=lambda each: -(each.saves_s or 0.0)))


def _of_part(part: Part, work_s: float, around: Around) -> Iterator[Recommendation]:
    waits = _waits(part)
    if waits:
        yield _waiting(part)
    if waits and part.gpu_wall_s and part.gpu_s / part.gpu_wall_s < IDLE:
        yield _idle(part)
    if part.service in POOLS and part.model_load_s >= max(_LEAST_S, LOADED * part.wall_s):
        yield _loading(part)
    if part.peak_rss_bytes is not None and part.peak_rss_bytes >= NEAR * around.memory_limit_bytes:
        yield _near(part, part.peak_rss_bytes, around.memory_limit_bytes)
    if _starved(part):
        yield _starving(part)
    if part.in_vain and part.vain_s >= IN_VAIN * work_s:
        yield _vain(part)
    if part.stage == _HEARS:
        yield from _slow(part, around.bottlenecks)


def _waits(part: Part) -> bool:
    """Whether waiting is a good part of it, and more than a second each time."""
    return part.queue_wait_s >= max(WAITED * (part.queue_wait_s + part.wall_s), _LEAST_S * part.attempts)


def _starved(part: Part) -> bool:
    if part.stage not in _COMPUTES or part.gpu_wall_s or part.cpu_wall_s < _LEAST_S:
        return False
    low, high = STARVED
    return low <= part.cpu_s / part.cpu_wall_s < high


def _said(part: Part, cause: RecommendationCause, setting: str, saves_s: float | None, detail: str) -> Recommendation:
    return Recommendation(
        cause=cause, stage=part.stage, target=part.target, setting=setting, saves_s=None if saves_s is None else round(saves_s, 3),
        detail=detail,
    )  # fmt: skip


def _waiting(part: Part) -> Recommendation:
    return _said(
        part, "queue_wait", CONCURRENCY, part.queue_wait_s,
        f"{part.name} waited {part.queue_wait_s:.1f} s for a worker, and took {part.wall_s:.1f} s. Start another worker of the "
        f"{part.service} service, or raise {CONCURRENCY} for it where processors and memory are left.",
    )  # fmt: skip


def _idle(part: Part) -> Recommendation:
    return _said(
        part, "gpu_idle", BATCH if part.service == "asr" else CONCURRENCY, part.queue_wait_s,
        f"The GPU was used {part.gpu_s / part.gpu_wall_s:.0%} of the time while {part.name} waited {part.queue_wait_s:.1f} s. Give it "
        f"more at once: raise {BATCH if part.service == 'asr' else CONCURRENCY}, or start another worker on the same GPU.",
    )  # fmt: skip


def _loading(part: Part) -> Recommendation:
    setting = POOLS[part.service]
    return _said(
        part, "model_load", setting, part.model_load_s,
        f"Models were loaded for {part.model_load_s:.1f} s of the {part.wall_s:.1f} s that {part.name} took. Keep them in memory longer: "
        f"raise {setting}, and SETU_ASR_LOADED_MODELS where jobs take turns between models.",
    )  # fmt: skip


def _near(part: Part, peak_bytes: int, limit_bytes: int) -> Recommendation:
    setting = BATCH if part.service == "asr" else CONCURRENCY
    return _said(
        part, "memory_near_limit", setting, None,
        f"A process of {part.name} held {peak_bytes / _MIB:.0f} MiB of the {limit_bytes / _MIB:.0f} MiB that it may. Lower {setting}, or "
        "give it more memory, before the kernel ends it.",
    )  # fmt: skip


def _starving(part: Part) -> Recommendation:
    return _said(
        part, "cpu_starved", CONCURRENCY, part.cpu_wall_s - part.cpu_s,
        f"{part.name} computes, and had {part.cpu_s / part.cpu_wall_s:.0%} of a processor: others take the rest. Lower {CONCURRENCY} so "
        "that fewer run at once on this machine, or give it more processors.",
    )  # fmt: skip


def _vain(part: Part) -> Recommendation:
    lost, died = part.in_vain.get("lost", 0), part.in_vain.get("died", 0)
    count = sum(part.in_vain.values())
    why = f" ({', '.join(part.problems)})" if part.problems else ""
    told = f"{count} of {part.attempts} attempts at {part.name} gave nothing and took {part.vain_s:.1f} s{why}."
    if died:
        return _said(
            part, "attempts_in_vain", CONCURRENCY, part.vain_s,
            f"{told} {died} died with their process, which memory is the usual reason for: lower {CONCURRENCY}.",
        )  # fmt: skip
    if lost:
        return _said(
            part, "attempts_in_vain", LEASE, part.vain_s,
            f"{told} {lost} were lost with their worker. See that workers stay up; if they do, and are only slow to be heard of, raise "
            f"{LEASE}.",
        )  # fmt: skip
    return _said(
        part, "attempts_in_vain", BREAKERS, part.vain_s,
        f"{told} `{BREAKERS}` tells whether what they call outside is down; the job's stages and the log tell the rest.",
    )  # fmt: skip


def _slow(part: Part, bottlenecks: Sequence[Bottleneck]) -> Iterator[Recommendation]:
    slower = next((each for each in bottlenecks if each.stage == part.stage and each.cause == "slower_than_usual"), None)
    if slower is not None and slower.usual_p95_s is not None:
        saves_s, why = slower.wall_s - slower.usual_p95_s, slower.detail
    elif part.audio_s and part.wall_s > part.audio_s:
        saves_s = part.wall_s - part.audio_s
        why = f"{part.name} took {part.wall_s:.1f} s for {part.audio_s:.1f} s of sound: longer than it lasts."
    else:
        return
    yield _said(
        part, "model_slow", MODEL, saves_s,
        f"{why} A smaller model ({MODEL}, or `quality: speed` for a job), or a GPU (SETU_ASR_DEVICE), is faster.",
    )  # fmt: skip


def _missed(again: Repeated) -> Recommendation:
    return Recommendation(
        cause="cache_missed", stage=again.stage, target=again.target, setting=RETENTION, saves_s=round(again.wall_s, 3),
        detail=f"The same sound was heard before with the same model, and was heard again in {again.wall_s:.1f} s: what it gave was "
        f"erased, is older than {RETENTION}, or other settings were asked for. Keep it longer, or submit with the same overrides.",
    )  # fmt: skip
