"""What is said of a job's figures: percentiles, what holds it up, what to do about it, and that the settings that are named exist."""

import importlib
import math
import re
from dataclasses import replace
from inspect import getsource
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_cli.main import commands
from setu_common.contracts.cost import StageMetrics
from setu_common.settings import SettingsBlock
from setu_metrics.domain.performance import advice
from setu_metrics.domain.performance.advice import Around, Repeated, advise
from setu_metrics.domain.performance.bottlenecks import LEAST_SAMPLES, Kind, Sample, Usual, bottlenecks, usual
from setu_metrics.domain.performance.histograms import GROWTH, SHORTEST, percentile, value_of
from setu_metrics.domain.performance.parts import Part, parts_of
from setu_metrics.performance.machine import memory_bytes

GIB = 1 << 30
AROUND = Around(memory_limit_bytes=4 * GIB)
QUIET = Part(
    service="asr", stage="transcriptions", target="", attempts=1, in_vain={}, problems=(), wall_s=100, vain_s=0, queue_wait_s=0,
    model_load_s=0, cpu_s=180, cpu_wall_s=100, gpu_s=0, gpu_wall_s=0, peak_rss_bytes=GIB, audio_s=600,
)  # fmt: skip


def an_attempt(stage: str = "transcriptions", wall_s: float = 10, **more: object) -> StageMetrics:
    values = {
        "tenant": "acme", "service": "asr", "operation_id": uuid4(), "attempt": 1, "outcome": "succeeded", "queue_wait_s": 0, "bytes_in": 0,
        "bytes_out": 0, "stage": stage, "wall_s": wall_s, **more,
    }  # fmt: skip
    return StageMetrics.model_validate(values)


def counted(times: list[float]) -> tuple[list[int], list[int]]:
    """As the ledger's function ``bucket`` does."""
    found = sorted(math.ceil(math.log(each) / math.log(GROWTH)) if each > 0.001 else SHORTEST for each in times)
    buckets = sorted(set(found))
    return buckets, [found.count(bucket) for bucket in buckets]


@given(
    st.lists(st.floats(min_value=0, max_value=100_000), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.5, 0.9, 0.95, 1.0]),
)
def test_a_percentile_of_counted_times_is_that_of_the_times_within_a_fortieth(times, share):
    exact = sorted(times)[max(1, math.ceil(share * len(times))) - 1]
    assert percentile(*counted(times), share) == pytest.approx(exact, rel=0.0245, abs=0.001)


def test_counts_of_several_hours_are_told_together_in_any_order():
    assert percentile([30, -5, 30, -5], [1, 1, 2, 6], 0.7) == value_of(-5)
    assert percentile([30, -5, 30, -5], [1, 1, 2, 6], 0.8) == value_of(30)


def test_of_no_times_there_is_no_percentile_and_what_takes_no_time_takes_none():
    assert percentile([], [], 0.5) is None
    assert value_of(SHORTEST) == 0


def test_what_is_usual_is_what_95_of_100_stay_below_each_as_if_its_recording_had_been_as_long():
    kind = ("transcriptions", "whisper-base")
    samples = [Sample(kind, float(number), 30) for number in range(1, 101)]
    assert usual(samples, 60) == {kind: Usual(p95_s=190, samples=100)}
    assert usual(samples[: LEAST_SAMPLES - 1], 60) == {}


def test_a_stage_that_is_slower_than_usual_holds_its_job_up_unless_it_takes_next_to_nothing_of_it():
    known: dict[Kind, Usual] = {
        ("plans", None): Usual(p95_s=1, samples=50),
        ("transcriptions", None): Usual(p95_s=99, samples=50),
    }
    found = bottlenecks([an_attempt(wall_s=98), an_attempt("plans", 2)], known)
    assert [(each.stage, each.cause, each.usual_p95_s) for each in found] == [("transcriptions", "share", 99)]
    found = bottlenecks([an_attempt(wall_s=20), an_attempt("plans", 2)], known)
    assert [(each.stage, each.cause) for each in found] == [("transcriptions", "share"), ("plans", "slower_than_usual")]


def test_what_was_in_vain_or_taken_from_earlier_work_is_not_compared_with_what_is_usual():
    known: dict[Kind, Usual] = {("transcriptions", None): Usual(p95_s=5, samples=50)}
    for attempt in (an_attempt(outcome="failed"), an_attempt(cached=True)):
        assert [each.cause for each in bottlenecks([attempt], known)] == ["share"]
    retried = [an_attempt(outcome="died", wall_s=50), an_attempt(wall_s=4)]
    assert [each.cause for each in bottlenecks(retried, known)] == ["share"]


def test_a_fifth_is_not_over_a_fifth_and_attempts_at_one_target_count_together():
    four = [
        an_attempt("profiles", 20),
        an_attempt("translations", 15, target="hi"),
        an_attempt("translations", 15, target="hi"),
    ]
    found = bottlenecks([*four, an_attempt("translations", 20, target="es"), an_attempt("renderings", 30)], {})
    assert [(each.stage, each.target, each.share) for each in found] == [("translations", "hi", 0.3), ("renderings", "", 0.3)]
    assert bottlenecks([], {}) == bottlenecks([an_attempt(wall_s=0)], {}) == ()


@pytest.mark.parametrize(
    ("changes", "cause", "setting"),
    [
        ({"queue_wait_s": 25.0}, "queue_wait", "SETU_WORKER_CONCURRENCY"),
        ({"model_load_s": 20.0}, "model_load", "SETU_ASR_IDLE_TTL_S"),
        ({"peak_rss_bytes": int(3.61 * GIB)}, "memory_near_limit", "SETU_ASR_BATCH_SIZE"),
        (
            {"service": "translate", "stage": "translations", "peak_rss_bytes": 4 * GIB},
            "memory_near_limit",
            "SETU_WORKER_CONCURRENCY",
        ),
        ({"cpu_s": 59.0}, "cpu_starved", "SETU_WORKER_CONCURRENCY"),
        ({"attempts": 2, "in_vain": {"failed": 1}, "vain_s": 2.0}, "attempts_in_vain", "setu breakers list"),
        ({"attempts": 2, "in_vain": {"died": 1}, "vain_s": 2.0}, "attempts_in_vain", "SETU_WORKER_CONCURRENCY"),
        ({"attempts": 2, "in_vain": {"lost": 1}, "vain_s": 2.0}, "attempts_in_vain", "SETU_OPERATIONS_LEASE_S"),
        ({"audio_s": 99.0}, "model_slow", "SETU_ASR_MODEL"),
    ],
)
def test_each_cause_is_told_with_its_setting(changes, cause, setting):
    (told,) = advise([replace(QUIET, **changes)], AROUND)
    assert (told.cause, told.setting) == (cause, setting)
    assert setting in told.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"queue_wait_s": 24.9},
        {"queue_wait_s": 90.0, "wall_s": 90.0, "attempts": 100},  # less than a second each
        {"model_load_s": 19.9},
        {"service": "translate", "stage": "translations", "model_load_s": 50.0},  # it keeps its models for good
        {"peak_rss_bytes": int(3.5 * GIB)},
        {"cpu_s": 60.0},
        {"cpu_s": 5.0},  # another computes it
        {"cpu_s": 30.0, "gpu_s": 80.0, "gpu_wall_s": 100.0},
        {"stage": "translations", "cpu_s": 30.0},
        {"attempts": 2, "in_vain": {"failed": 1}, "vain_s": 1.9},
        {"audio_s": 101.0},
    ],
)
def test_where_there_is_nothing_to_do_nothing_is_recommended(changes):
    assert advise([replace(QUIET, **changes)], AROUND) == ()


def test_a_gpu_that_is_idle_while_work_waits_is_to_be_given_more():
    idle = replace(QUIET, queue_wait_s=30.0, gpu_s=29.0, gpu_wall_s=100.0)
    assert {each.cause: each.setting for each in advise([idle], AROUND)} == {
        "queue_wait": "SETU_WORKER_CONCURRENCY",
        "gpu_idle": "SETU_ASR_BATCH_SIZE",
    }
    assert [each.cause for each in advise([replace(idle, gpu_s=30.0)], AROUND)] == ["queue_wait"]
    assert advise([replace(idle, queue_wait_s=0.0)], AROUND) == ()


def test_what_saves_most_comes_first_and_work_that_is_done_again_is_told():
    around = replace(AROUND, repeated=(Repeated("transcriptions", "", 44.0),))
    told = advise([replace(QUIET, queue_wait_s=43.0), replace(QUIET, stage="profiles", queue_wait_s=45.0)], around)
    assert [(each.cause, each.saves_s) for each in told] == [("queue_wait", 45), ("cache_missed", 44), ("queue_wait", 43)]


def test_a_jobs_attempts_are_added_up_by_what_was_done_for_which_language():
    hi = [
        an_attempt("translations", 3, target="hi", outcome="failed", problem="llm-refused"),
        an_attempt("translations", 4, target="hi"),
    ]
    first, second = parts_of([*hi, an_attempt("translations", 5, target="es", gpu_percent=40.0, cpu_s=1.5)])
    assert (first.target, first.attempts, first.in_vain, first.vain_s, first.problems) == (
        "hi",
        2,
        {"failed": 1},
        3,
        ("llm-refused",),
    )
    assert (second.gpu_s, second.gpu_wall_s, second.cpu_s, second.cpu_wall_s) == (2, 5, 1.5, 5)


def test_every_setting_and_command_that_is_recommended_exists():
    for service in ("gateway", "asr", "translate", "enhancer", "optimizer", "metrics"):
        importlib.import_module(f"setu_{service}.settings")
    known = {
        f"{block.model_config.get('env_prefix', '')}{name}".upper()
        for block in SettingsBlock.__subclasses__()
        for name in block.model_fields
    }
    source = getsource(advice)
    named = set(re.findall(r"SETU_[A-Z_]+[A-Z]", source))
    assert len(named) >= 7
    assert named <= known
    called = set(re.findall(r"\"setu ([a-z-]+) [a-z-]+\"", source))
    assert called == {"breakers"} <= set(commands())


def test_what_processes_may_hold_is_the_containers_limit_or_the_machines_memory(tmp_path: Path):
    limit = tmp_path / "memory.max"
    total = memory_bytes(limit)
    limit.write_text("max\n")
    assert memory_bytes(limit) == total > 0
    limit.write_text(f"{1 << 20}\n")
    assert memory_bytes(limit) == 1 << 20
