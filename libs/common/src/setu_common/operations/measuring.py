"""What an attempt at an operation takes: measured around it, and written to the ledger by the child, several at a time."""

import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import structlog

from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.kinds import stage_of
from setu_common.cost.metering import Attribution
from setu_common.cost.stages import write_stage_metrics
from setu_common.errors import DependencyUnavailable, WorkerDied
from setu_common.observability import tracing
from setu_common.observability.tracing import Attributes
from setu_common.operations.claims import Claim
from setu_common.operations.connection import Connection
from setu_common.operations.sampling import Sampler

log = structlog.get_logger()

Json = Mapping[str, Any]  # Any: JSON

_MOST_KEPT: Final = 1000  # while the database is away
_RESET_PEAK: Final = "5"  # proc(5), clear_refs: the peak resident set size begins anew
_FLAT: Final = 1.02  # a peak so little over what the process holds now is as good as begun anew
_KIB: Final = 1024


def attribution_of(claim: Claim, service: str) -> Attribution:
    """Whom the paid calls of an attempt are put down to."""
    return Attribution(
        tenant=claim.tenant,
        service=service,
        job_id=claim.job_id,
        stage=stage_of(claim.kind),
        target=_target(claim.request),
        operation_id=claim.id,
        attempt=claim.attempt,
    )


def told_of(claim: Claim, to: Attribution) -> Attributes:
    """What the span of an attempt tells."""
    return {
        tracing.JOB_ID: str(to.job_id) if to.job_id is not None else None,
        tracing.OPERATION_ID: str(claim.id),
        tracing.TENANT: to.tenant,
        tracing.STAGE: to.stage,
        tracing.ATTEMPT: to.attempt,
        tracing.QUEUE_WAIT_S: claim.queue_wait_s,
    }


class Measure:
    """Begins when it is made, and is ended or abandoned.

    Args:
        claim: the attempt's.
        service: whose operation it is.
        sampler: looks at it while it runs; None where that is switched off.
    """

    def __init__(self, claim: Claim, service: str, sampler: Sampler | None = None) -> None:
        self._claim = claim
        self._service = service
        _PEAK.reset()
        self._sampler = sampler
        self._samples = sampler.begin() if sampler is not None else None
        self._began_s = time.monotonic()
        self._began_cpu_s = _cpu_s()

    def end(self, outcome: str, result: Json, problem: str | None) -> StageMetrics:
        """What it took until now.

        Args:
            outcome: what became of it.
            result: as it is stored; empty if there is none.
            problem: the code of what went wrong.
        """
        self.abandon()
        claim, samples = self._claim, self._samples
        profile = result.get("profile")
        plan = result.get("plan")
        return StageMetrics(
            tenant=claim.tenant,
            service=self._service,
            job_id=claim.job_id,
            stage=stage_of(claim.kind),
            target=_target(claim.request),
            operation_id=claim.id,
            attempt=claim.attempt,
            outcome=outcome,
            problem=problem,
            wall_s=time.monotonic() - self._began_s,
            cpu_s=_cpu_s() - self._began_cpu_s,
            peak_rss_bytes=max(_PEAK.bytes(), samples.peak_rss_bytes if samples is not None else 0),
            mean_rss_bytes=samples.mean_rss_bytes if samples is not None else None,
            gpu_percent=samples.gpu_percent if samples is not None else None,
            peak_gpu_bytes=samples.peak_gpu_bytes if samples is not None else None,
            queue_wait_s=_waited_s(claim),
            bytes_in=sum(_sizes(claim.request)),
            bytes_out=sum(_sizes(result)),
            cached=result.get("cached") is True,
            model=_text(result.get("model") or (plan.get("model") if isinstance(plan, dict) else None)),
            model_load_s=_number(result.get("model_load_s")),
            model_time_s=_number(result.get("model_time_s")),
            audio_s=_number(profile.get("duration_s") if isinstance(profile, dict) else result.get("duration_s")),
        )

    def abandon(self) -> None:
        """Look at it no longer: it has ended, or waits for others."""
        if self._sampler is not None and self._samples is not None:
            self._sampler.end(self._samples)


def buried(row: Json, service: str, outcome: str) -> StageMetrics:
    """What is known of an attempt whose process can't tell it any more.

    Args:
        row: the operation's, with ``wall_s`` (from its claim to when it was last heard of) and ``queue_wait_s``, both seconds.
        service: whose operation it is.
        outcome: ``died`` or ``lost``.
    """
    return StageMetrics(
        tenant=row["tenant"],
        service=service,
        job_id=row["job_id"],
        stage=stage_of(row["kind"]),
        target=_target(row["request"]),
        operation_id=row["id"],
        attempt=row["attempt"],
        outcome=outcome,
        problem=WorkerDied.code,
        wall_s=row["wall_s"],
        cpu_s=None,
        queue_wait_s=row["queue_wait_s"],
        bytes_in=sum(_sizes(row["request"])),
        bytes_out=0,
    )


def write_buried(db: Connection, metrics: StageMetrics) -> None:
    """Write down an attempt that was buried, with what buries it, which does not fail for it."""
    try:
        with db.transaction():
            write_stage_metrics(db, [metrics])
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except psycopg.errors.UndefinedTable:
        log.warning("stage_metrics.no_ledger")
    except psycopg.Error:
        log.exception("stage_metrics.refused", rows=1)


class Burials:
    """Writes down attempts that their own process ends with itself. No end fails for it.

    Args:
        service: whose operations they are.
        transaction: of a connection that only the calling thread uses.
        counted: told of each as well.
    """

    def __init__(
        self,
        service: str,
        transaction: Callable[[], AbstractContextManager[Connection]],
        counted: Callable[[StageMetrics], None] = lambda _metrics: None,
    ) -> None:
        self._service = service
        self._transaction = transaction
        self._counted = counted

    def __call__(self, claim: Claim, outcome: str, problem: str | None, wall_s: float) -> None:
        """See ``Heart``."""
        metrics = StageMetrics(
            tenant=claim.tenant,
            service=self._service,
            job_id=claim.job_id,
            stage=stage_of(claim.kind),
            target=_target(claim.request),
            operation_id=claim.id,
            attempt=claim.attempt,
            outcome=outcome,
            problem=problem,
            wall_s=wall_s,
            queue_wait_s=_waited_s(claim),
            bytes_in=sum(_sizes(claim.request)),
            bytes_out=0,
        )
        self._counted(metrics)
        try:
            with self._transaction() as connection:
                write_buried(connection, metrics)
        except DependencyUnavailable as error:
            log.warning("stage_metrics.lost", reason=error.detail)


class Recorder:
    """Keeps what attempts took until they are written together.

    Args:
        service: whose operations they are.
        transaction: of a connection that only the calling thread uses.
        counted: told of each as well.
    """

    def __init__(
        self,
        service: str,
        transaction: Callable[[], AbstractContextManager[Connection]],
        counted: Callable[[StageMetrics], None] = lambda _metrics: None,
    ) -> None:
        self.service = service
        self._transaction = transaction
        self._counted = counted
        self._kept: list[tuple[UUID, StageMetrics]] = []
        self._off = False

    def keep(self, metrics: StageMetrics) -> None:
        """Have it written with the next ``write``."""
        self._counted(metrics)
        if not self._off:
            self._kept.append((uuid4(), metrics))
            del self._kept[:-_MOST_KEPT]

    def write(self) -> None:
        """Write what was kept. No work fails for it: while the database is away they wait, and where it refuses them they are dropped.

        What it took without our hearing of it is not written again.
        """
        if not self._kept:
            return
        try:
            with self._transaction() as connection:
                write_stage_metrics(connection, [metrics for _, metrics in self._kept], [name for name, _ in self._kept])
        except DependencyUnavailable:
            return
        except psycopg.errors.UndefinedTable:
            log.warning("stage_metrics.no_ledger")
            self._off = True
        except psycopg.Error:
            log.exception("stage_metrics.refused", rows=len(self._kept))
        self._kept.clear()


def _waited_s(claim: Claim) -> float:
    """How long work waited for a worker: not of a part, which waits for the parts before it as the rest of any work does."""
    return 0.0 if claim.parent_id is not None else claim.queue_wait_s


def _target(request: Json) -> str:
    target = request.get("target_language")
    return target if isinstance(target, str) else ""


def _sizes(value: object) -> Iterator[int]:
    """The sizes of the objects that JSON names."""
    if isinstance(value, dict):
        size = value.get("bytes")
        if isinstance(size, int) and "uri" in value:
            yield size
        for item in value.values():
            yield from _sizes(item)
    elif isinstance(value, list):
        for item in value:
            yield from _sizes(item)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value >= 0 else None


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class _Peak:
    """The most memory that this process has held since it was last asked to begin anew."""

    def __init__(self) -> None:
        self._flat = False

    def reset(self) -> None:
        """Begin anew, where there is anything to forget: it takes as long as a small operation."""
        if self._flat:
            return
        try:
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        except OSError:  # not Linux, or forbidden: the peak is then that of the process's life
            return

    def bytes(self) -> int:
        """The peak until now."""
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
        peak, now = (int(status.partition(f"{name}:")[2].split(maxsplit=1)[0]) * _KIB for name in ("VmHWM", "VmRSS"))
        self._flat = peak <= now * _FLAT
        return peak


_PEAK: Final = _Peak()  # one for the process, as the kernel's own is
