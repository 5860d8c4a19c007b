"""Who says what: turns of speakers laid over what was heard."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from setu_asr.domain.heard import Heard, HeardWord


@dataclass(frozen=True)
class Turn:
    """A stretch in which one speaker speaks, times in seconds."""

    start_s: float
    end_s: float
    speaker: str


def by_speaker(heard: Iterable[Heard], turns: Sequence[Turn]) -> Iterator[Heard]:
    """Name the speaker of each stretch; one in which several speak is parted at their words.

    A word's speaker is whose turns cover most of it; of a word that none covers, who spoke the one before it.
    """
    for stretch in heard:
        if not stretch.words:
            yield replace(stretch, speaker=_speaker_at(stretch.start_s, stretch.end_s, turns))
            continue
        named = list(_named(stretch.words, turns))
        for speaker, pairs in groupby(named, key=lambda pair: pair[0]):
            words = tuple(word for _, word in pairs)
            text = "".join(word.text for word in words)
            yield replace(stretch, start_s=words[0].start_s, end_s=words[-1].end_s, text=text, words=words, speaker=speaker)


def _named(words: Sequence[HeardWord], turns: Sequence[Turn]) -> Iterator[tuple[str | None, HeardWord]]:
    found = [_speaker_at(word.start_s, word.end_s, turns) for word in words]
    speaker = next((each for each in found if each is not None), None)
    for each, word in zip(found, words, strict=True):
        speaker = each if each is not None else speaker
        yield speaker, word


def _speaker_at(start_s: float, end_s: float, turns: Sequence[Turn]) -> str | None:
    shares: dict[str, float] = {}
    for turn in turns:
        common_s = min(end_s, turn.end_s) - max(start_s, turn.start_s)
        if common_s > 0:
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + common_s
    return max(shares, key=lambda speaker: (shares[speaker], speaker)) if shares else None
