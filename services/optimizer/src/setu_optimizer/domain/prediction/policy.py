"""Which way is taken of those that there are: what a caller would rather have, and what must not be passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from setu_common.contracts import Candidate, Quality

LAMBDAS: Final[Mapping[Quality, float]] = {"speed": 0.5, "balanced": 0.2, "quality": 0.02}
"""Errors per word that a second of processor time for a second of recording has to spare.

An hour of dialogue is about 9,000 words, so a point of error rate is 90 words. ``balanced``: a point is worth 3 minutes of machine for that
hour (0.01 / 0.2 = 5 % of its length), about what it takes a person who has the subtitles open anyway to mend 90 words at two seconds each.
``speed``: 72 seconds (2 %), as for a draft that somebody waits for. ``quality``: half an hour (50 %), for a machine's time costs a tenth of
a person's. Fixed before anything was evaluated; not tuned since.
"""
POINTS: Final = 100


@dataclass(frozen=True)
class Expected:
    """What is expected of a way on one recording; ranges hold 90 of 100.

    Args:
        candidate: the way.
        wer: errors per word.
        wer_low: of the range.
        wer_high: of the range.
        time_s: that it takes.
        time_low_s: of the range.
        time_high_s: of the range.
        prior: taken from published tables, and not learned from recordings that were transcribed so.
        cost_usd: of the machine's time, where the operator gave it a price; None: it costs nothing, or nobody knows.
    """

    candidate: Candidate
    wer: float
    wer_low: float
    wer_high: float
    time_s: float
    time_low_s: float
    time_high_s: float
    prior: bool = False
    cost_usd: Decimal | None = None


@dataclass(frozen=True)
class Wishes:
    """What a caller wants.

    Args:
        quality: errors or time, which more.
        target_wer: the fastest way that is expected to stay below it is enough.
        deadline_s: how long it may take, on the clock.
        budget_usd: what it may cost.
        clock: how many seconds on the clock a second of expected time takes, which is a processor's.
    """

    quality: Quality = "balanced"
    target_wer: float | None = None
    deadline_s: float | None = None
    budget_usd: Decimal | None = None
    clock: float = 1.0


@dataclass(frozen=True)
class Weighed:
    """A way with its worth.

    Args:
        expected: of it.
        utility: -errors - lambda * time for a second of recording.
        ruled_out: why it may not be taken; empty: it may.
    """

    expected: Expected
    utility: float
    ruled_out: str = ""


@dataclass(frozen=True)
class Choice:
    """The way that is taken, and why.

    Args:
        chosen: the way.
        weighed: all, the best first, those that are ruled out last.
        because: as a sentence.
    """

    chosen: Weighed
    weighed: tuple[Weighed, ...]
    because: str


def utility(wer: float, time_factor: float, rate: float) -> float:
    """What a transcription is worth: 0 for one that has no errors and takes no time.

    Args:
        wer: errors per word.
        time_factor: seconds for a second of recording.
        rate: lambda, errors per word that such a second has to spare.
    """
    return -wer - rate * time_factor


def choose(ways: Sequence[Expected], duration_s: float, wishes: Wishes, rate: float | None = None) -> Choice:
    """Take the way of the greatest utility; with a target, the fastest that is expected to stay below it.

    Where every way is ruled out, the one is taken that comes nearest: the cheapest by money, else the fastest.

    Args:
        ways: at least one.
        duration_s: of the recording.
        wishes: of the caller.
        rate: lambda; None: that of the wished quality.
    """
    rate = LAMBDAS[wishes.quality] if rate is None else rate
    length_s = max(duration_s, 1e-3)
    weighed = sorted(
        (Weighed(way, utility(way.wer, way.time_s / length_s, rate), _ruled_out(way, wishes)) for way in ways),
        key=lambda each: (bool(each.ruled_out), -each.utility, each.expected.time_s, each.expected.candidate.model),
    )
    allowed = [each for each in weighed if not each.ruled_out]
    if not allowed:
        nearest = min(weighed, key=lambda each: (each.expected.cost_usd or Decimal(0), each.expected.time_high_s))
        return _taken(nearest, weighed, "no way is expected to keep within what was asked for; this one comes nearest")
    if wishes.target_wer is None:
        return _taken(allowed[0], weighed, _best(allowed, rate))
    enough = [each for each in allowed if each.expected.wer <= wishes.target_wer]
    if enough:
        fastest = min(enough, key=lambda each: (each.expected.time_s, -each.utility))
        said = f"it is the fastest that is expected to stay below {POINTS * wishes.target_wer:.1f} errors in 100 words"
        return _taken(fastest, weighed, said)
    best = min(allowed, key=lambda each: (each.expected.wer, each.expected.time_s))
    said = f"none is expected to stay below {POINTS * wishes.target_wer:.1f} errors in 100 words; this one comes nearest"
    return _taken(best, weighed, said)


def _ruled_out(way: Expected, wishes: Wishes) -> str:
    longest_s = way.time_high_s * wishes.clock
    if wishes.deadline_s is not None and longest_s > wishes.deadline_s:
        return f"it may take {longest_s:.0f} s, longer than {wishes.deadline_s:.0f} s"
    if wishes.budget_usd is not None and way.cost_usd is not None and way.cost_usd > wishes.budget_usd:
        return f"it costs {way.cost_usd:f} USD, more than {wishes.budget_usd:f}"
    return ""


def _best(allowed: Sequence[Weighed], rate: float) -> str:
    first = allowed[0].expected
    if len(allowed) == 1:
        return "no other way is left"
    # The way that most would expect instead: fewer errors for more time, or less time for more errors.
    other = min(allowed[1:], key=lambda each: (each.expected.wer, each.expected.time_s)).expected
    errors, time_s = POINTS * (other.wer - first.wer), other.time_s - first.time_s
    if errors < 0 < time_s:
        return f"{named(other.candidate)} would make {-errors:.1f} errors fewer in 100 words and take {time_s:.0f} s more"
    if errors >= 0 >= time_s:
        return f"{named(other.candidate)} would make {errors:.1f} errors more in 100 words, for {-time_s:.0f} s less"
    if errors >= 0:
        return f"{named(other.candidate)} is expected to be neither faster nor better"
    return f"at a lambda of {rate:g} no other way is worth more"


def _taken(chosen: Weighed, weighed: Sequence[Weighed], because: str) -> Choice:
    return Choice(chosen, tuple(weighed), because)


def named(candidate: Candidate) -> str:
    """A way in a sentence."""
    return f"{candidate.model} with beam {candidate.beam_size}"


def priced(way: Expected, usd_per_hour: Decimal) -> Expected:
    """The same with what its time costs; nothing where an hour has no price."""
    if not usd_per_hour:
        return way
    cost_usd = Decimal(str(round(way.time_s, 3))) * usd_per_hour / 3600
    return replace(way, cost_usd=cost_usd.quantize(Decimal("0.000001")))


def scaled(way: Expected, times: float) -> Expected:
    """The same on a machine that takes so many times as long."""
    return replace(way, time_s=way.time_s * times, time_low_s=way.time_low_s * times, time_high_s=way.time_high_s * times)
