"""Jobs as reports know them, made up for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from setu_common.contracts.cost import JobCost, StageMetrics
from setu_common.contracts.performance import Bottleneck, JobOutcome, JobPerformance, JobReport, TargetQuality

JOB = UUID("3f6c1a52-9c1e-4b1e-a1f7-0c2d9a7b54e1")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEEDED = {"service": "asr", "tenant": "acme", "job_id": JOB, "bytes_in": 0, "bytes_out": 0}


# Any, here and below: values of the contracts' fields.
def attempt(  # noqa: PLR0917  (when, how long it waited and how long it worked, as they follow)
    stage: str, at_s: float, wait_s: float, wall_s: float, number: int = 1, target: str = "", **more: Any
) -> StageMetrics:
    """One attempt that could have begun ``at_s`` seconds after noon."""
    ended = NOON + timedelta(seconds=at_s + wait_s + wall_s)
    told = {"outcome": "succeeded", "cpu_s": wall_s / 2, **more}
    return StageMetrics(
        **NEEDED, stage=stage, target=target, operation_id=JOB, attempt=number, wall_s=wall_s, queue_wait_s=wait_s, created_at=ended,
        **told,
    )  # fmt: skip


def sums(usd: str = "0", wasted: str = "0", unresolved: str = "0", **more: int) -> dict[str, Any]:
    """Figures of ``CostSums``."""
    counts = {
        "calls": 1,
        "failed": 0,
        "cached": 0,
        "unresolved": int(unresolved != "0"),
        "unpriced": 0,
        "input_tokens": 0,
        "output_tokens": 0,
    }
    amounts = {"usd": Decimal(usd), "wasted_usd": Decimal(wasted), "unresolved_usd": Decimal(unresolved)}
    return {**counts, **amounts, **more}


def job(
    *stages: StageMetrics, bottlenecks: tuple[Bottleneck, ...] = (), cost: dict[str, Any] | None = None, **more: Any
) -> JobReport:
    """A report of a job with these attempts."""
    took = sum(each.wall_s for each in stages)
    ends = [each.created_at for each in stages if each.created_at is not None]
    begins = [end - timedelta(seconds=each.wall_s + each.queue_wait_s) for each, end in zip(stages, ends, strict=True)]
    return JobReport(
        performance=JobPerformance(
            job_id=JOB, duration_s=(max(ends) - min(begins)).total_seconds() if stages else 0, work_s=took, queue_wait_s=0, cpu_s=took / 2,
            stages=stages, bottlenecks=bottlenecks, audio_s=120 if stages else None, recommendations=more.pop("recommendations", ()),
        ),
        cost=JobCost(job_id=JOB, **(cost or sums()), stages=more.pop("costs", ())),
        **more,
    )  # fmt: skip


SLOW = Bottleneck(
    stage="transcriptions", cause="share", wall_s=60, share=0.6, detail="transcriptions took 60.0 s, 60% of it all."
)
OUTCOME = JobOutcome(
    tenant="acme", job_id=JOB, state="succeeded", degraded=True, created_at=NOON, ended_at=NOON + timedelta(seconds=118),
    targets=(TargetQuality(target="hi", lines=40, edited=9, score_before=61, score_after=70.5),),
)  # fmt: skip
FILM = job(
    attempt("profiles", 0, 1, 9),
    attempt("transcriptions", 10, 5, 15, outcome="died", problem="worker-died"),
    attempt("transcriptions", 40, 0, 45, 2, model_load_s=8),
    attempt("translations", 85, 2, 31, target="hi", cached=True),
    bottlenecks=(SLOW,),
    cost=sums("1.5", "0.5", "0.25", calls=12, unpriced=2),
    outcome=OUTCOME,
)
