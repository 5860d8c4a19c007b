"""What a job takes of processors, Postgres, Redis and the store, and where the first limit is: ``python -m bench capacity``.

Two sizes of recordings through a whole stack of its own; what it takes of everything is a line through both. What workers take that have nothing
to do is seen on more and more of them. ``capacity_model.py`` reckons on from there; docs/capacity.md holds what it prints.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import psycopg
from rich.console import Console
from rich.table import Table

from bench.capacity_idle import Taken, measured
from bench.capacity_model import LIFTED, Costs, Linear, Need, Servers, need, reached_at
from bench.capacity_reading import TOLD_AFTER_S, Reading, read, whole
from bench.connections import KINDS, Held, composed, held, most
from bench.figures import Figure
from bench.stack import Json, ended, recording, stack_with, submit

# Children that each worker of the embedded stack has here: one asr worker of one thread is what the model multiplies.
SETTINGS = {"SETU_ASR_CPU_THREADS": "1", "SETU_ASR_SPLIT_ABOVE_S": "86400", "OMP_NUM_THREADS": "1"}
SHORT = ("fr", "es", "it")
LONG = SHORT * 8
SHORT_JOBS = 6
LONG_JOBS = 2
MODELS = {"whisper-base": "fr", "whisper-tiny.en": "en"}
SAID = {"reuse": False, "learn": False, "enhancement": "off"}
WORKERS = (1, 10, 100, 1000)
JOB_MINUTES = 10.0
CHILDREN = {"gateway-worker": 2, "gateway-fetcher": 4, "enhancer-worker": 2}


def measure() -> list[Figure]:
    """Measure, reckon on, and print the tables of docs/capacity.md."""
    idle, operation = measured()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        state = whole(stack.enter_context(stack_with(SETTINGS)))
        client = stack.enter_context(httpx2.Client(base_url=state["gateway_url"], timeout=60))
        _jobs(client, folder, SHORT, 1, "whisper-base")  # loads the models
        short_m, short = _taken(state, client, folder, SHORT, SHORT_JOBS)
        long_m, long = _taken(state, client, folder, LONG, LONG_JOBS)
        connections = held(state)
        minutes_h = {model: _minutes_an_hour(state, client, folder, model) for model in MODELS}
    costs = _costs(idle, (short_m, short), (long_m, long), [each["name"] for each in state["processes"]])
    _print_costs(costs)
    _print_least(idle, operation)
    _print_connections(connections)
    _print_needs(
        [need(workers, costs, Servers(), JOB_MINUTES) for workers in WORKERS], reached_at(costs, Servers(), JOB_MINUTES)
    )
    return _figures(costs, minutes_h, connections)


def _jobs(client: httpx2.Client, folder: Path, languages: Sequence[str], count: int, model: str) -> float:
    """Do so many jobs, one after the other; returns how long their recording is, minutes."""
    duration_s = 0.0
    for number in range(count):
        media, duration_s = recording(languages, folder, number=number)
        overrides: Json = {**SAID, "asr": {"model": model}}
        job = ended(client, submit(client, media, source=languages[0], target="en", overrides=overrides), 600, look_every_s=1)
        if job["state"] != "succeeded":
            raise RuntimeError(f"a job {job['state']}: {job['problem']}")
    return duration_s / 60


def _taken(state: Json, client: httpx2.Client, folder: Path, languages: Sequence[str], count: int) -> tuple[float, Reading]:
    """What one job takes, less what the stack takes when it does nothing; and how long its recording is, minutes."""
    before = _settled(state)
    resting = _settled(state).since(before)
    begun = _settled(state)
    minutes = _jobs(client, folder, languages, count, "whisper-base")
    took = _settled(state).since(begun)
    print(f"  {count} recordings of {60 * minutes:.0f} s in {took.at_s:.0f} s", flush=True)
    times = took.at_s / resting.at_s
    return minutes, Reading(
        took.at_s / count,
        {name: max(0.0, took.cpu_s[name] - times * resting.cpu_s[name]) / count for name in took.cpu_s},
        round((took.transactions - times * resting.transactions) / count),
        round((took.wal_bytes - times * resting.wal_bytes) / count),
        round((took.redis_commands - times * resting.redis_commands) / count),
        round(took.store_bytes / count),
    )


def _settled(state: Json) -> Reading:
    time.sleep(TOLD_AFTER_S)
    return read(state)


def _minutes_an_hour(state: Json, client: httpx2.Client, folder: Path, model: str) -> float:
    """Minutes of media that a processor hears in an hour with a model, by what its attempts took."""
    with psycopg.connect(state["database_url"], autocommit=True) as connection:
        row = connection.execute("SELECT now()").fetchone()
        assert row is not None
        _jobs(client, folder, (MODELS[model],) * 12, 1, model)
        _jobs(client, folder, (MODELS[model],) * 12, 2, model)
        took = connection.execute(
            "SELECT audio_s, cpu_s FROM ledger.stage_metrics WHERE stage = 'transcriptions' AND model = %s AND created_at > %s ORDER BY created_at",
            (model, row[0]),
        ).fetchall()
    heard = took[1:]  # the first loads the model
    return float(statistics.median(60.0 * audio_s / cpu_s for audio_s, cpu_s in heard))


def _costs(idle: Taken, short: tuple[float, Reading], long: tuple[float, Reading], names: Sequence[str]) -> Costs:
    def line(of: str) -> Linear:
        return Linear.through((short[0], getattr(short[1], of)), (long[0], getattr(long[1], of)))

    return Costs(
        cpu_s={
            name: Linear.through((short[0], short[1].cpu_s[name]), (long[0], long[1].cpu_s[name])) for name in short[1].cpu_s
        },
        transactions=line("transactions"),
        wal_bytes=line("wal_bytes"),
        redis_commands=line("redis_commands"),
        store_bytes=line("store_bytes"),
        idle_transactions_s=idle.transactions,
        idle_redis_s=idle.redis_commands,
        idle_postgres_cpu=max(0.0, idle.postgres_cpu_s),
        connections={name: most(composed(name), CHILDREN.get(name, 1)).postgres for name in names if composed(name) in KINDS},
    )


@contextmanager
def _table(title: str, *headings: str) -> Iterator[Table]:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading)
    yield table
    Console(width=140).print(table)


def _print_costs(costs: Costs) -> None:
    with _table("what a job takes", "of", "a job", "and a minute of its recording") as table:
        for name, cost in sorted(costs.cpu_s.items(), key=lambda each: -each[1].at(JOB_MINUTES)):
            table.add_row(f"processor, {name}", f"{cost.fixed:.2f} s", f"{cost.per_minute:.2f} s")
        for name, cost, unit, by in (
            ("Postgres' transactions", costs.transactions, "", 1.0),
            ("Postgres' log", costs.wal_bytes, " KB", 1e3),
            ("Redis' commands", costs.redis_commands, "", 1.0),
            ("the store", costs.store_bytes, " MB", 1e6),
        ):
            table.add_row(name, f"{cost.fixed / by:.1f}{unit}", f"{cost.per_minute / by:.1f}{unit}")


def _print_least(idle: Taken, operation: Taken) -> None:
    with _table("what is taken where nothing is done", "of", "a second, by each worker that waits", "by an operation") as table:
        for name, waiting, done in (
            ("Postgres' transactions", f"{idle.transactions:.1f}", f"{operation.transactions:.1f}"),
            ("Postgres' log", f"{idle.wal_bytes / 1e3:.2f} KB", f"{operation.wal_bytes / 1e3:.2f} KB"),
            ("Postgres' processor", f"{1e3 * idle.postgres_cpu_s:.2f} ms", f"{1e3 * operation.postgres_cpu_s:.2f} ms"),
            ("Redis' commands", f"{idle.redis_commands:.1f}", f"{operation.redis_commands:.1f}"),
        ):
            table.add_row(name, waiting, done)


def _print_connections(found: Mapping[str, tuple[Held, Held]]) -> None:
    with _table("connections", "process", "Postgres, now", "at most", "Redis, now", "at most") as table:
        for name, (now, limit) in found.items():
            table.add_row(name, str(now.postgres), str(limit.postgres), str(now.redis), str(limit.redis))


def _print_needs(needs: Sequence[Need], reached: Sequence[tuple[str, int]]) -> None:
    title = f"what asr workers ask of the rest (one thread each, always at work, recordings of {JOB_MINUTES:g} minutes)"
    others = sorted({name for each in needs for name in each.processes}, key=lambda name: -needs[-1].processes[name])[:5]
    with _table(title, "workers", "jobs an hour", "hours of media an hour", *others, "used most", "of it") as table:
        for each in needs:
            name, share = each.first
            cores = [f"{each.processes[other]:.2f}" for other in others]
            table.add_row(
                str(each.workers), f"{each.jobs_h:.0f}", f"{each.media_h / 60:.0f}", *cores, name, f"{100 * share:.0f} %"
            )
    with _table("where limits are", "limit", "reached at workers", "what lifts it") as table:
        for name, workers in reached:
            table.add_row(name, f"{workers:,}", LIFTED[name])


def _figures(costs: Costs, minutes_h: Mapping[str, float], connections: Mapping[str, tuple[Held, Held]]) -> list[Figure]:
    how = f"{SHORT_JOBS} short and {LONG_JOBS} longer recordings on a whole stack, a line through both, for one of {JOB_MINUTES:g} minutes"
    together = sum((now for now, _ in connections.values()), Held(0, 0))
    allowed = sum((limit for _, limit in connections.values()), Held(0, 0))
    fitting = sum(now.fits(limit) for now, limit in connections.values())
    told = [
        *(
            (f"media heard with {model}", minutes, "minutes an hour of a processor", "transcription alone, by the ledger")
            for model, minutes in minutes_h.items()
        ),
        ("transactions of Postgres", costs.transactions.at(JOB_MINUTES), "a job", how),
        ("Postgres' log", costs.wal_bytes.at(JOB_MINUTES) / 1e3, "KB a job", how),
        ("Redis' commands", costs.redis_commands.at(JOB_MINUTES), "a job", how),
        ("the store", costs.store_bytes.per_minute / 1e6, "MB a minute of media", how),
        (
            "connections to Postgres after jobs",
            together.postgres,
            f"of at most {allowed.postgres}",
            "a stack of one of each process",
        ),
        ("connections to Redis after jobs", together.redis, f"of at most {allowed.redis}", "a stack of one of each process"),
    ]
    figures = [
        Figure(figure=name, value=round(value, 2), unit=unit, goal="", holds=True, how=said) for name, value, unit, said in told
    ]
    return [
        *figures,
        Figure(
            figure="processes that hold no more connections than is reckoned with",
            value=fitting,
            unit=f"of {len(connections)}",
            goal=f"{len(connections)}",
            holds=fitting == len(connections),
            how="sockets of each process and of those below it, after jobs",
        ),
    ]
