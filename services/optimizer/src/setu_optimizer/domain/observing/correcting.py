"""Corrected subtitles of the spoken language against what was heard: how many errors there were, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from setu_common.contracts import EditedCue, Transcript
from setu_optimizer.domain.meeting import joined, length_s
from setu_optimizer.domain.observing.tokens import tokens

WHOLE: Final = 0.8
"""Who sends back cues for so much of the time that was spoken has sent back the whole text: what is missing was taken out."""
FOREIGN: Final = 0.9
"""Errors per word from which on it is likelier that the subtitles are another recording's than that it was heard so badly."""
FEWEST_TO_JUDGE: Final = 20
"""Words, below which nobody can tell that."""


@dataclass(frozen=True)
class Errors:
    """What was heard wrongly. Adds up.

    Args:
        substitutions: words for which another was heard.
        deletions: words that were not heard.
        insertions: words that were heard and that nobody said.
        words: that were said, after the correction.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    words: int = 0

    @property
    def rate(self) -> float | None:
        """Errors per word that was said; None where nothing was said."""
        wrong = self.substitutions + self.deletions + self.insertions
        return wrong / self.words if self.words else None

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.words + other.words,
        )


@dataclass(frozen=True)
class Stretch:
    """Segments and the cues that belong to them; either may be missing.

    Args:
        segments: by their indices in the transcript.
        cues: by their places.
        errors: in it.
    """

    segments: tuple[int, ...]
    cues: tuple[int, ...]
    errors: Errors

    @property
    def changed(self) -> bool:
        """Whether people put other words."""
        return bool(self.errors.rate or (self.errors.insertions and not self.errors.words))


@dataclass(frozen=True)
class Correction:
    """What a correction says.

    Args:
        stretches: in order; without those that nobody has looked at.
        errors: of all of them.
        covered_ratio: of the time in which something was heard: that cues were sent back for, 0..1.
        fitting: cues that belong to some segment.
    """

    stretches: tuple[Stretch, ...]
    errors: Errors
    covered_ratio: float
    fitting: int

    @property
    def whole(self) -> bool:
        """Whether it is of the whole recording."""
        return self.covered_ratio >= WHOLE

    @property
    def segment_count(self) -> int:
        """Segments that were looked at."""
        return sum(len(each.segments) for each in self.stretches)

    @property
    def changed_count(self) -> int:
        """Segments whose words people changed."""
        return sum(len(each.segments) for each in self.stretches if each.changed)

    @property
    def foreign(self) -> bool:
        """Whether the subtitles are rather another recording's: hardly a word is the same."""
        heard = self.errors.words + self.errors.insertions - self.errors.deletions
        rate = self.errors.rate
        judged = min(self.errors.words, heard) >= FEWEST_TO_JUDGE
        return judged and rate is not None and rate >= FOREIGN


def corrected(transcript: Transcript, cues: Sequence[EditedCue]) -> Correction:
    """Compare cues with what was heard at their times.

    Of a correction in parts only what was sent back counts. In a whole one segments without a cue are what nobody said; cues where nothing
    was heard are what was missed in either.

    Args:
        transcript: what was heard.
        cues: the subtitles as people left them, in any order.
    """
    segments, language = transcript.segments, transcript.language
    together = joined(segments, cues)
    spoken_s = sum(length_s(each) for each in segments)
    met = [place for places, own in together if own for place in places]
    covered = sum(length_s(segments[place]) for place in met) / spoken_s if spoken_s else 1.0
    fitting = sum(len(own) for places, own in together if places)
    found = []
    for places, own in together:
        if not own and covered < WHOLE:
            continue
        said = [token for at in own for token in tokens(cues[at].text, language)]
        heard = [token for place in places for token in tokens(segments[place].text, language)]
        start_s = segments[places[0]].start_s if places else cues[own[0]].start_s
        found.append((start_s, Stretch(tuple(segments[place].index for place in places), own, errors_between(said, heard))))
    stretches = tuple(each for _, each in sorted(found, key=lambda pair: pair[0]))
    errors = sum((each.errors for each in stretches), Errors())
    return Correction(stretches, errors, covered, fitting)


def errors_between(said: Sequence[str], heard: Sequence[str]) -> Errors:
    """The fewest errors that make of what was said what was heard."""
    edits = Levenshtein.editops(said, heard)
    count = {kind: sum(each.tag == kind for each in edits) for kind in ("replace", "delete", "insert")}
    return Errors(count["replace"], count["delete"], count["insert"], len(said))


def disagreement(one: Transcript, other: Transcript, until_s: float) -> float | None:
    """How far two hearings of a recording's beginning are apart: edits per word of the longer one, 0..1; None where neither heard anything.

    Args:
        one: a transcript.
        other: another.
        until_s: what begins later does not count.
    """
    texts = [
        [token for each in heard.segments if each.start_s < until_s for token in tokens(each.text, heard.language)]
        for heard in (one, other)
    ]
    longest = max(len(text) for text in texts)
    return Levenshtein.distance(*texts) / longest if longest else None
