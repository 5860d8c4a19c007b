"""Where two transcripts of one recording differ, and whether that is where it was cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from setu_common.contracts import Transcript

NEAR_S: Final = 15.0  # what differs so near to a cut is put down to it


@dataclass(frozen=True)
class Seams:
    """Words that one transcript has and the other has not.

    Args:
        lost: of the whole one, near cuts.
        doubled: of the merged one, near cuts.
        elsewhere: of either.
    """

    lost: int
    doubled: int
    elsewhere: int


def text_of(transcript: Transcript) -> str:
    """All that is said in it."""
    return " ".join(segment.text.strip() for segment in transcript.segments)


def seams_between(whole: Transcript, merged: Transcript, cuts_s: Sequence[float]) -> Seams:
    """Compare them word by word, as they are written.

    Args:
        whole: of a recording that was heard by one.
        merged: of the same, heard in pieces.
        cuts_s: where pieces begin, seconds from the recording's start.
    """
    before, after = _timed(whole), _timed(merged)
    matcher = SequenceMatcher(None, [word for word, _ in before], [word for word, _ in after], autojunk=False)
    changed = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    lost = [time_s for _, low, high, _, _ in changed for _, time_s in before[low:high]]
    added = [time_s for _, _, _, low, high in changed for _, time_s in after[low:high]]
    near_lost, near_added = (sum(_near(time_s, cuts_s) for time_s in times) for times in (lost, added))
    return Seams(near_lost, near_added, len(lost) + len(added) - near_lost - near_added)


def _timed(transcript: Transcript) -> list[tuple[str, float]]:
    """Its words, and when each begins; a segment's without times of their own, when that begins."""
    return [
        (text.strip(), start_s)
        for segment in transcript.segments
        for text, start_s in (
            [(word.text, word.start_s) for word in segment.words] or [(text, segment.start_s) for text in segment.text.split()]
        )
    ]


def _near(time_s: float, cuts_s: Sequence[float]) -> bool:
    return any(abs(time_s - cut_s) <= NEAR_S for cut_s in cuts_s)
