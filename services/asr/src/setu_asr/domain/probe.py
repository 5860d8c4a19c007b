"""A probe: what is heard of a recording before it is decided how it is transcribed, and what that says about it."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Region, Samples
from setu_asr.domain.boilerplate import normal
from setu_asr.domain.clips import pack
from setu_asr.domain.heard import Heard
from setu_asr.domain.profile.languages import spread
from setu_common.contracts import AudioProbe

# A piece is heard as one window, whose cost falls with its length; from shorter ones a recogniser makes more mistakes of its own.
PIECE_S: Final = 8.0
SHORTEST_S: Final = 1.0  # a word by itself says little
SHARE: Final = 0.15  # of the speech at most, where that is more than one piece: a probe must not cost what it may save
FASTER: Final = 1.06  # what is easily heard is heard alike at this speed; what is guessed is guessed anew


def places(speech: Sequence[Region], probe_s: float) -> list[Region]:
    """Where a recording is listened to: pieces of speech that lie far apart, one at least.

    Args:
        speech: stretches of speech in the recording, in order, not overlapping.
        probe_s: how much is heard at most.
    """
    pieces = [piece for piece in pack(speech, int(PIECE_S * RATE_HZ)) if piece.duration_s >= SHORTEST_S]
    within_s = min(probe_s, SHARE * sum(stretch.duration_s for stretch in speech))
    return spread(pieces, max(1, int(within_s / PIECE_S)))


def faster(samples: Samples) -> Samples:
    """The same a little faster, and higher: float32, shape (n_samples,), mono, -1..1."""
    at = np.arange(int(len(samples) / FASTER)) * FASTER
    return np.asarray(np.interp(at, np.arange(len(samples)), samples), np.float32)


def told(model: str, pieces_s: Sequence[float], first: Sequence[Heard], second: Sequence[Heard], took_s: float) -> AudioProbe:
    """What one hearing of pieces says, or two of the same ones.

    Args:
        model: heard them.
        pieces_s: how long the pieces are, seconds; at least one.
        first: what was heard in each.
        second: what was heard in each when it was changed a little; empty: they were heard once.
        took_s: how long it took.
    """
    heard_s = sum(pieces_s)
    logprobs = [heard.avg_logprob for heard in first if heard.avg_logprob is not None]
    silent = [heard.no_speech_prob for heard in first if heard.no_speech_prob is not None]
    one, other = (_words(each) for each in (first, second))
    ratios = [heard.compression_ratio for heard in first if heard.compression_ratio is not None]
    return AudioProbe(
        model=model,
        heard_s=heard_s,
        mean_logprob=_weighted(logprobs, pieces_s),
        low_logprob=min(logprobs, default=None),
        compression_ratio=max(ratios, default=None),
        no_speech_prob=_weighted(silent, pieces_s),
        agreement=_agreement(one, other) if second else None,
        words_per_s=sum(len(words) for words in one) / heard_s,
        took_s=took_s,
    )


def _weighted(values: Sequence[float], pieces_s: Sequence[float]) -> float | None:
    return float(np.average(values, weights=pieces_s)) if len(values) == len(pieces_s) else None


def _words(heard: Sequence[Heard]) -> list[list[str]]:
    return [[plain for word in each.text.split() if (plain := normal(word))] for each in heard]


def _agreement(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> float | None:
    """Share of words, 0..1, that come in both in the same order; None where nothing was heard at all."""
    words = sum(len(words) for words in (*one, *other))
    if words == 0:
        return None
    common = sum(
        block.size
        for first, second in zip(one, other, strict=True)
        for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    )
    return 2 * common / words
