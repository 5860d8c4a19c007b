"""A whole stack: what the pipeline takes beside its models, and how fast GET /jobs/{id} answers while jobs run."""

import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx2

from bench.figures import Figure, judged
from bench.stack import ended, recording, running_stack, seconds_between, submit

ROUNDS = 4
JOBS = 20
POLLS_PER_S = 20
LANGUAGES = ("fr", "es", "it", "pt")


def measure() -> list[Figure]:
    """Start a stack; one job at a time first, then many at once."""
    with tempfile.TemporaryDirectory() as folder, running_stack() as url, httpx2.Client(base_url=url, timeout=30) as client:
        return [*_own_time(client, Path(folder)), *_under_load(client, Path(folder))]


def _own_time(client: httpx2.Client, folder: Path) -> list[Figure]:
    media, duration_s = recording(LANGUAGES, folder)
    beyond_s = []
    for number in range(ROUNDS + 1):
        job = ended(client, submit(client, media, source="fr", target="en"))
        if job["state"] != "succeeded":
            raise RuntimeError(f"a job {job['state']}: {job['problem']}")
        models_s = sum(stage["model_time_s"] or 0 for stage in job["stages"])
        wall_s = seconds_between(job["created_at"], job["ended_at"])
        print(f"  {duration_s:.0f} s of speech in {wall_s:.2f} s, {models_s:.2f} s of it in models", flush=True)
        if number:  # the first job loads the models
            beyond_s.append(wall_s - models_s - 0.01 * duration_s)
    return [
        judged(
            "the pipeline's own time beyond 1 % of the recording",
            beyond_s,
            unit="s",
            goal=1.5,
            better="less",
            how=f"a job's wall time from acceptance to end, less its stages' time inside models, less 1 % of {duration_s:.0f} s of speech",
        )
    ]


def _under_load(client: httpx2.Client, folder: Path) -> list[Figure]:
    media, _ = recording(("fr",), folder)
    ids = [submit(client, media, source="fr", target="en") for _ in range(JOBS)]
    latencies_ms: list[float] = []
    over = threading.Event()

    def poll() -> None:
        with httpx2.Client(base_url=str(client.base_url), timeout=30) as polling:
            number = 0
            while not over.is_set():
                began = time.monotonic()
                polling.get(f"/jobs/{ids[number % JOBS]}").raise_for_status()
                latencies_ms.append((time.monotonic() - began) * 1000)
                number += 1
                over.wait(max(0.0, 1 / POLLS_PER_S - (time.monotonic() - began)))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        jobs = [ended(client, job_id, 900) for job_id in ids]
    finally:
        over.set()
        thread.join()
    p95 = statistics.quantiles(latencies_ms, n=20)[-1]
    how = f"{len(latencies_ms)} polls at {POLLS_PER_S}/s while {JOBS} jobs with real models ran on this machine"
    return [
        judged("GET /jobs/{id} while jobs run, p95", [p95], unit="ms", goal=100, better="less", how=how),
        judged(
            "jobs that succeeded",
            [sum(job["state"] == "succeeded" for job in jobs)],
            unit=f"of {JOBS}",
            goal=JOBS,
            better="more",
            how=f"{JOBS} jobs submitted at once",
        ),
    ]
