"""What it takes to be watched: the same jobs on two whole stacks, one with all that watches and one without: ``python -m bench overhead``.

Jobs of a few seconds differ by more than watching takes, on any machine that does something else as well. So what watching takes of processors is
counted where it is taken; how long jobs take is told beside it, with the interval that its noise leaves.
"""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from bench.bare import bare
from bench.dashboard import JOBS, fill
from bench.figures import Figure, judged
from bench.overhead_parts import Parts, measured, scrape, tree_cpu_s
from bench.stack import Json, ended, recording, seconds_between, stack_with, submit
from setu_cli.embedded.ports import free_port
from setu_common.db import connect
from setu_common.operations.figures import EVERY_S
from setu_common.settings import DatabaseSettings, StageSettings

ROUNDS = 5
LANGUAGES = ("fr", "es")
# No stack has a plan of its own, nor anything to do once a job has ended.
THE_SAME: Json = {"asr": {"model": "whisper-base", "beam_size": 5}, "reuse": False, "learn": False, "enhancement": "off"}
SCRAPED_EVERY_S = 5.0  # three times as often as deploy/prometheus has it
DEPLOYED_S = 15.0
SCRAPES = 30
REQUESTS = 300
DRAWS = 10_000
# Ended long ago, and two hundred that wait: what figures of queues are looked up in.
_OPERATIONS = """
INSERT INTO operation (id, tenant, kind, queue, job_id, request, request_sha256, max_attempts, timeout_s, state, ended_at)
SELECT gen_random_uuid(), tenant, 'advances', 'pipeline', id, '{}', '', 3, 60, CASE WHEN ended_at IS NULL THEN 'queued' ELSE 'succeeded' END, ended_at
FROM job
"""


@dataclass(frozen=True)
class Stack:
    """A stack that runs, and whoever asks it."""

    state: Json
    client: httpx2.Client

    @property
    def roots(self) -> list[psutil.Process]:
        """Its processes, as they were started."""
        return [psutil.Process(each["pid"]) for each in self.state["processes"] if each["stage"] == "ready"]

    @property
    def ports(self) -> list[int]:
        """Where they answer Prometheus."""
        return [each["metrics_port"] for each in self.state["processes"] if each.get("metrics_port")]

    def job(self, media: Path) -> Json:
        """A job, done, with what its attempts took."""
        before_s = tree_cpu_s(self.roots)
        job = ended(self.client, submit(self.client, media, source="fr", target="en", overrides=THE_SAME))
        took_s = tree_cpu_s(self.roots) - before_s
        if job["state"] != "succeeded":
            raise RuntimeError(f"a job {job['state']}: {job['problem']}")
        performance: Json = self.client.get(f"/jobs/{job['id']}/performance").raise_for_status().json()
        return {**performance, "wall_s": seconds_between(job["created_at"], job["ended_at"]), "processors_s": took_s}


def measure() -> list[Figure]:
    """Both stacks at once, a job on one and then on the other."""
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        parts = measured(folder)
        jobs = _jobs(folder, parts)
    return [*jobs, _metrics()]


def _jobs(folder: Path, parts: Parts) -> list[Figure]:
    with ExitStack() as running_:
        watched, alone = (
            Stack(state, running_.enter_context(httpx2.Client(base_url=state["gateway_url"], timeout=30)))
            for state in (running_.enter_context(stack_with({"SETU_STAGE_SAMPLING": each})) for each in ("on", "off"))
        )
        pairs: list[tuple[Json, Json]] = []
        for number in range(ROUNDS + 1):
            media, _ = recording(LANGUAGES, folder, number=number)
            done: dict[bool, Json] = {}
            for with_all in (True, False) if number % 2 else (False, True):
                if with_all:
                    with _scraped(watched):
                        done[True] = watched.job(media)
                else:
                    done[False] = alone.job(media)
            print(f"  watched {done[True]['wall_s']:.2f} s, not watched {done[False]['wall_s']:.2f} s", flush=True)
            if number:  # the first ones load the models
                pairs.append((done[True], done[False]))
        scrape_s = _scrape_s(watched)
        apis = sum(each["name"].endswith("-api") for each in watched.state["processes"])
    print(
        f"  a look {1e6 * parts.look_s:.0f} µs, an attempt {1e6 * parts.attempt_s:.0f} µs, a scrape of all {1e3 * scrape_s:.1f} ms, "
        f"queues {1e3 * parts.queues_s:.1f} ms",
        flush=True,
    )
    figures = []
    for every_s, name in (
        (DEPLOYED_S, "scraped as deploy/prometheus has it"),
        (SCRAPED_EVERY_S, "scraped three times as often"),
    ):
        shares = [100 * _taken_s(parts, scrape_s / every_s, apis, job) / job["processors_s"] for job, _ in pairs]
        how = (
            f"of {len(pairs)} jobs: looks at their attempts ({1e6 * parts.look_s:.0f} µs of the sampling thread each, every "
            f"{StageSettings().sampling_s:g} s), what is measured around and written of an attempt ({1e6 * parts.attempt_s:.0f} µs, Postgres "
            f"included), /metrics of all processes every {every_s:g} s ({1e3 * scrape_s:.1f} ms), {apis} looks at queues every {EVERY_S:g} s "
            f"({1e3 * parts.queues_s:.1f} ms); against what all of the stack's processes took while the job was done"
        )
        figures.append(
            judged(f"what watching takes of a job's processor time, {name}", shares, unit="%", goal=1.0, better="less", how=how)
        )
    return [*figures, _difference(pairs)]


def _taken_s(parts: Parts, scraping: float, apis: int, job: Json) -> float:
    looks = float(job["work_s"]) / StageSettings().sampling_s
    by_the_clock = scraping + apis * parts.queues_s / EVERY_S
    return parts.look_s * looks + parts.attempt_s * len(job["stages"]) + by_the_clock * float(job["wall_s"])


@contextmanager
def _scraped(stack: Stack) -> Iterator[None]:
    over = threading.Event()

    def ask() -> None:
        with httpx2.Client(timeout=30) as client:
            while not over.is_set():
                scrape(client, stack.ports)
                over.wait(SCRAPED_EVERY_S)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _scrape_s(stack: Stack) -> float:
    """What one scrape takes of the stack's processes, less what they take by themselves in the same time."""
    with httpx2.Client(timeout=30) as client:
        scrape(client, stack.ports)
        began_s, before_s = time.monotonic(), tree_cpu_s(stack.roots)
        for _ in range(SCRAPES):
            scrape(client, stack.ports)
        middle_s, between_s = time.monotonic(), tree_cpu_s(stack.roots)
        threading.Event().wait(middle_s - began_s)
        after_s = tree_cpu_s(stack.roots)
    return max(0.0, (between_s - before_s) - (after_s - between_s)) / SCRAPES


def _difference(pairs: Sequence[tuple[Json, Json]]) -> Figure:
    """The mean of what the pairs differ by, and the interval that holds it in 95 of 100 draws of as many pairs with replacement."""
    differences = [100 * (job["wall_s"] / other["wall_s"] - 1) for job, other in pairs]
    chance = random.Random(7)
    means = sorted(statistics.fmean(chance.choices(differences, k=len(differences))) for _ in range(DRAWS))
    low, high = means[round(0.025 * DRAWS)], means[round(0.975 * DRAWS) - 1]
    return Figure(
        figure="how much longer jobs take that are watched",
        value=round(statistics.fmean(differences), 2),
        unit="%",
        goal="not shown to be over 2",
        holds=low <= 2.0,
        how=f"{len(pairs)} pairs of the same job on two stacks, in turn, sampling and scraping on and off; the mean, and the interval that holds it in "
        "95 of 100 draws: where that is wide, the machine's noise is more than what watching takes",
        low=round(low, 2),
        high=round(high, 2),
    )


def _metrics() -> Figure:
    port, told = free_port(), free_port()
    with ExitStack() as stack:
        ground = stack.enter_context(bare({"SETU_PROMETHEUS_PORT": str(told)}))
        ground.migrated("metrics", "gateway")
        database = DatabaseSettings(url=ground.database_url)
        fill(database)
        with closing(connect(database, "gateway")) as connection:
            connection.execute(_OPERATIONS)
        stack.enter_context(ground.served("gateway", port))
        client = stack.enter_context(httpx2.Client(timeout=30))
        for path in ("/jobs", "/jobs?state=failed", "/nowhere", "/openapi.json"):
            client.get(f"http://127.0.0.1:{port}{path}")
        took_ms = [_took_ms(client, f"http://127.0.0.1:{told}/metrics") for _ in range(REQUESTS)]
    p95 = statistics.quantiles(took_ms, n=20)[-1]
    return judged(
        f"/metrics with {JOBS:,} jobs in the database, p95",
        [p95],
        unit="ms",
        goal=50.0,
        better="less",
        how=f"{REQUESTS} answers of the gateway's own process, one after the other over a kept connection; median {statistics.median(took_ms):.1f} ms",
    )


def _took_ms(client: httpx2.Client, url: str) -> float:
    began_s = time.monotonic()
    client.get(url).raise_for_status()
    return 1000 * (time.monotonic() - began_s)
