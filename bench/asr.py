"""Transcription as a worker does it, against faster-whisper called directly: ``python -m bench asr``.

Unrepeated speech (the film evals/texts/en-market, made of voices that come as packages: ``make eval-setup``), whisper-tiny.en, int8,
beam 5, times of words; nothing is reused. The ways take turns within a round, and ratios are taken within a round, since machines
are noisy. The operation's time is all of it: from the media in the store to the transcript in the store.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from evals.corpus import film
from evals.systems import Direct, Setu
from evals.voices import RATE_HZ, Samples

from bench.figures import Figure, judged
from setu_common.contracts import AsrPlan
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

FILM = "en-market"
MODEL = "whisper-tiny.en"
LANGUAGE = "en"
THREADS = 2
ROUNDS = 3
PLAIN = AsrPlan(model=MODEL, redecode=False)
DEFAULT = AsrPlan(model=MODEL)


def measure() -> list[Figure]:
    """Ways in turns, then workers in turns."""
    samples = film(FILM, lambda said: print(f"  {said}", end="\r", flush=True)).samples
    return [*_ways(samples), *_workers(samples)]


def _ways(samples: Samples) -> list[Figure]:
    catalogue = Catalogue.load(ModelSettings())
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as folder:
        direct, setu = Direct(catalogue.ensure(MODEL), THREADS), Setu(catalogue, Path(folder), THREADS)
        ways: dict[str, Callable[[Samples], float]] = {
            "batched": lambda heard: direct.batched(heard, LANGUAGE).took_s,
            "plain": lambda heard: setu.transcribe(heard, LANGUAGE, PLAIN).took_s,
            "default": lambda heard: setu.transcribe(heard, LANGUAGE, DEFAULT).took_s,
            "sequential": lambda heard: direct.sequential(heard, LANGUAGE).took_s,
        }
        for way in ways.values():
            way(samples[: 20 * RATE_HZ])  # loads and warms
        rounds = []
        for turn in range(ROUNDS):
            order = list(ways) if turn % 2 == 0 else list(reversed(ways))
            took_s = {name: ways[name](samples) for name in order}
            print(f"  round {turn + 1}: {', '.join(f'{name} {took_s[name]:.1f} s' for name in ways)}", flush=True)
            rounds.append(took_s)
        setu.close()
    how = f"{len(samples) / RATE_HZ:.0f} s of unrepeated speech, {MODEL}, int8, {THREADS} threads, the whole operation against the library"

    def ratio(name: str, way: str, other: str, goal: float) -> Figure:
        values = [took_s[way] / took_s[other] for took_s in rounds]
        return judged(name, values, unit="times", goal=goal, better="less", how=how)

    return [
        ratio("plain batched operation over direct batched", "plain", "batched", 1.05),
        ratio("default operation over direct batched", "default", "batched", 2.0),
        ratio("default operation over direct sequential", "default", "sequential", 0.5),
    ]


def _workers(samples: Samples) -> list[Figure]:
    half = len(samples) // 2
    early, late = samples[:half], samples[half:]
    gains = []
    for turn in range(ROUNDS):
        took_s = {}
        for count in (2, 1) if turn % 2 else (1, 2):
            # Two do the whole each, in different orders, so that both are busy from the beginning to the end.
            took_s[count] = _together([[early, late], [late, early]][:count], THREADS // count)
        gains.append(2 * took_s[1] / took_s[2])
        print(f"  round {turn + 1}: one worker {took_s[1]:.1f} s, two workers with twice as much {took_s[2]:.1f} s", flush=True)
    how = (
        f"work per time of two single-threaded processes over one with two threads, {len(samples) / RATE_HZ:.0f} s of speech each, "
        f"{MODEL}, default plan"
    )
    return [
        judged("two single-threaded workers over one with two threads", gains, unit="times", goal=1.15, better="more", how=how)
    ]


def _together(shares: list[list[Samples]], threads: int) -> float:
    """Wall time in which processes of so many threads do their shares, all at once; neither loading nor ending is counted."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(len(shares) + 1)
    ended: SimpleQueue[float] = context.SimpleQueue()
    processes = [context.Process(target=_work, args=(share, threads, ready, ended)) for share in shares]
    for process in processes:
        process.start()
    ready.wait(300)
    began_s = time.monotonic()
    for process in processes:
        process.join(1800)
    if any(process.exitcode != 0 for process in processes):
        raise RuntimeError(f"a worker ended with {[process.exitcode for process in processes]}")
    return max(ended.get() for _ in processes) - began_s


def _work(share: list[Samples], threads: int, ready: Barrier, ended: "SimpleQueue[float]") -> None:
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as folder:
        setu = Setu(Catalogue.load(ModelSettings()), Path(folder), threads)
        setu.transcribe(share[0][: 20 * RATE_HZ], LANGUAGE, DEFAULT)
        ready.wait(300)
        for part in share:
            setu.transcribe(part, LANGUAGE, DEFAULT)
        ended.put(time.monotonic())  # one clock for all processes of a machine
        setu.close()
