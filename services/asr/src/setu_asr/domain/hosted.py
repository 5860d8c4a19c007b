"""What a hosted recogniser is given, and what its answer means: several clips in one upload, words that lack their punctuation."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.heard import Heard, HeardWord
from setu_common.contracts import LANGUAGE_NAMES

GAP_S: Final = 1.0  # silence between clips in one upload: a pause that ends a segment
STRAY_CHARACTERS: Final = 24  # of a segment's text between two of its words: more, and they are not its words

_CODES: Final = {name.casefold(): code for code, name in LANGUAGE_NAMES.items()}


@dataclass(frozen=True)
class ToldSegment:
    """A segment as the API tells it, times in seconds from the start of the upload."""

    start_s: float
    end_s: float
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


@dataclass(frozen=True)
class ToldWord:
    """A word as the API tells it: bare, without the space and punctuation around it."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Upload:
    """Clips that go together.

    Args:
        clips: each float32, shape (n_samples,), mono, -1..1, 16 kHz.
    """

    clips: tuple[Samples, ...]

    @property
    def starts_s(self) -> list[float]:
        """Where each clip begins in the upload."""
        starts, at_s = [], 0.0
        for clip in self.clips:
            starts.append(at_s)
            at_s += len(clip) / RATE_HZ + GAP_S
        return starts

    def samples(self) -> Samples:
        """All of it, with silence between the clips; float32, shape (n_samples,), mono, -1..1, 16 kHz."""
        pause = np.zeros(int(GAP_S * RATE_HZ), np.float32)
        parts = [part for clip in self.clips for part in (clip, pause)]
        return np.concatenate(parts[:-1])


def uploads(clips: Sequence[Samples], longest_s: float) -> Iterator[Upload]:
    """Put clips into as few uploads as may be, in order, none longer than ``longest_s`` unless one clip alone is."""
    waiting: list[Samples] = []
    length_s = 0.0
    for clip in clips:
        clip_s = len(clip) / RATE_HZ + GAP_S
        if waiting and length_s + clip_s > longest_s:
            yield Upload(tuple(waiting))
            waiting, length_s = [], 0.0
        waiting.append(clip)
        length_s += clip_s
    if waiting:
        yield Upload(tuple(waiting))


def by_clip(upload: Upload, segments: Sequence[ToldSegment], words: Sequence[ToldWord]) -> list[list[Heard]]:
    """What was heard in each clip of an upload, with times from the clip's start."""
    starts_s = upload.starts_s
    found: list[list[Heard]] = [[] for _ in upload.clips]
    for segment, own in zip(segments, _by_segment(segments, words), strict=True):
        worded = with_punctuation(segment.text, own, segment.avg_logprob)
        for place, heard in _parted(segment, worded, starts_s):
            length_s = len(upload.clips[place]) / RATE_HZ
            found[place].append(_within(heard.later(-starts_s[place]), length_s))
    return found


def with_punctuation(text: str, words: Sequence[ToldWord], avg_logprob: float | None) -> tuple[HeardWord, ...]:
    """Words with the spaces and punctuation that the segment's text has around them; none if they are not this text's words.

    The probability of each is the mean of its segment's tokens, since the API tells none of words.
    """
    probability = 1.0 if avg_logprob is None else float(np.exp(min(0.0, avg_logprob)))
    folded = text.lower() if len(text.lower()) == len(text) else text
    pieces: list[str] = []
    cursor = 0
    for word in words:
        bare = word.text.strip()
        at = folded.find(bare.lower() if folded is not text else bare, cursor) if bare else -1
        if at < 0:
            at = text.find(bare, cursor) if bare else -1
        if at < 0 or at - cursor > STRAY_CHARACTERS:
            return ()
        behind, before = _shared(text[cursor:at], first=not pieces)
        if pieces:
            pieces[-1] += behind
        pieces.append(before + text[at : at + len(bare)])
        cursor = at + len(bare)
    if not pieces or len(text) - cursor > STRAY_CHARACTERS:
        return ()
    pieces[-1] += text[cursor:]
    return tuple(HeardWord(word.start_s, word.end_s, piece, probability) for word, piece in zip(words, pieces, strict=True))


def language_code(name: str) -> str | None:
    """The code of a language by the name that the API calls it ("french"), or by the code itself; None if it is not known."""
    folded = name.strip().casefold()
    return folded if folded in LANGUAGE_NAMES else _CODES.get(folded)


def _shared(between: str, *, first: bool) -> tuple[str, str]:
    """What stands between two words: what belongs to the word behind it (up to the space), and to the one before which it stands."""
    if first:
        return "", between
    space = next((place for place, character in enumerate(between) if character.isspace()), len(between))
    return between[:space], between[space:]


def _by_segment(segments: Sequence[ToldSegment], words: Sequence[ToldWord]) -> list[list[ToldWord]]:
    """Each word at the segment in which its middle lies."""
    found: list[list[ToldWord]] = [[] for _ in segments]
    starts_s = [segment.start_s for segment in segments]
    for word in words if segments else ():
        place = bisect_right(starts_s, (word.start_s + word.end_s) / 2) - 1
        found[max(0, place)].append(word)
    return found


def _parted(segment: ToldSegment, words: Sequence[HeardWord], starts_s: Sequence[float]) -> Iterator[tuple[int, Heard]]:
    """A segment by the clips that it lies in: by its words if it has any, as a whole by its middle if not."""
    if not words:
        yield _clip_at((segment.start_s + segment.end_s) / 2, starts_s), _heard(segment, segment.text, ())
        return
    parts: dict[int, list[HeardWord]] = {}
    for word in words:
        parts.setdefault(_clip_at((word.start_s + word.end_s) / 2, starts_s), []).append(word)
    for place, own in sorted(parts.items()):
        yield place, _heard(segment, "".join(word.text for word in own), tuple(own))


def _heard(segment: ToldSegment, text: str, words: tuple[HeardWord, ...]) -> Heard:
    return Heard(
        start_s=words[0].start_s if words else segment.start_s,
        end_s=words[-1].end_s if words else segment.end_s,
        text=text,
        words=words,
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        compression_ratio=segment.compression_ratio,
    )


def _clip_at(time_s: float, starts_s: Sequence[float]) -> int:
    return max(0, bisect_right(starts_s, time_s + GAP_S / 2) - 1)


def _within(heard: Heard, length_s: float) -> Heard:
    """The same with all times inside its clip: the API rounds, and lets segments reach into the silence between."""

    def held(time_s: float) -> float:
        return min(max(time_s, 0.0), length_s)

    words = tuple(HeardWord(held(w.start_s), held(w.end_s), w.text, w.probability) for w in heard.words)
    return Heard(
        start_s=held(heard.start_s),
        end_s=held(heard.end_s),
        text=heard.text,
        words=words,
        avg_logprob=heard.avg_logprob,
        no_speech_prob=heard.no_speech_prob,
        compression_ratio=heard.compression_ratio,
    )
