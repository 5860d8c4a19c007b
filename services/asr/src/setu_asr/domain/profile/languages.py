"""Where in a recording its language is asked for, and what the answers come to."""

from collections.abc import Sequence
from typing import Final

from setu_asr.domain.audio import Region
from setu_common.contracts import LanguageWindow

WINDOWS: Final = 5  # of up to 30 s each: a few seconds of computing, and one song or guest does not decide


def spread(clips: Sequence[Region], count: int = WINDOWS) -> list[Region]:
    """Some clips, as far apart as can be.

    Args:
        clips: of speech, in order.
        count: how many are wanted.
    """
    if len(clips) <= count:
        return list(clips)
    return [clips[(2 * number + 1) * len(clips) // (2 * count)] for number in range(count)]


def verdict(windows: Sequence[LanguageWindow]) -> tuple[str, float] | None:
    """The language that most is spoken in, and its probability in the mean over the time of all windows; None without any."""
    shares: dict[str, float] = {}
    whole_s = sum(window.end_s - window.start_s for window in windows)
    for window in windows:
        share = window.probability * (window.end_s - window.start_s) / whole_s
        shares[window.language] = shares.get(window.language, 0.0) + share
    if not shares:
        return None
    best = max(shares, key=lambda language: (shares[language], language))
    return best, min(1.0, shares[best])
