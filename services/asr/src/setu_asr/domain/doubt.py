"""Signs that a recogniser went astray, and stretches that it left out."""

import zlib
from collections.abc import Sequence
from difflib import SequenceMatcher
from statistics import fmean
from typing import Final

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.domain.heard import Heard

# Source: openai/whisper, transcribe.py, the defaults of its temperature fallback.
REPETITIVE: Final = 2.4  # compression ratio
UNSURE: Final = -1.0  # average log probability of a token
SILENT: Final = 0.6  # probability that there is no speech

# Source: measured on the recordings of `python -m evals asr`; clips that are heard well lie above 0.8.
UNCERTAIN: Final = 0.75  # mean probability of a clip's words
ONE_IN: Final = 8  # clips; of those that are merely uncertain so many are heard again, as it takes six times as long

# Characters a second: nobody speaks outside of these. Source: Pellegrino et al. 2011 (5 to 8 syllables a second), four letters each at most.
DENSE: Final = frozenset(("ja", "ko", "zh", "yue"))
DENSER: Final = 2.3  # letters that one of their characters stands for
FASTEST: Final = 32.0
BRISK: Final = 22.0  # as fast as people speak who are understood well
SLOWEST: Final = 0.8
AGREED: Final = 0.8  # likeness of two hearings, word by word, from which they confirm each other
SLOW_S: Final = 6.0  # shorter clips may hold a single word

LEFT_OUT_S: Final = 1.5  # more than the margins around stretches of speech, and than the error of words' times


def compression_ratio(text: str) -> float:
    """How many times shorter zlib makes a text: 1-2 for speech, more where a recogniser repeats itself."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))


def doubtful(heard: Sequence[Heard]) -> bool:
    """Whether what was heard in one clip repeats itself, or was mere guessing."""
    text = "".join(stretch.text for stretch in heard)
    if compression_ratio(text) > REPETITIVE:
        return True
    return any(stretch.avg_logprob is not None and stretch.avg_logprob < UNSURE for stretch in heard)


def odd_pace(heard: Sequence[Heard], duration_s: float, language: str) -> bool:
    """Whether more was heard than anybody says in that time, or next to nothing in a long clip of speech."""
    pace = _pace(heard, duration_s, language)
    return pace > FASTEST or (duration_s >= SLOW_S and pace < SLOWEST)


def _pace(heard: Sequence[Heard], duration_s: float, language: str) -> float:
    """Characters a second; a dense script's count for more."""
    characters = sum(len(stretch.text.strip()) for stretch in heard)
    return characters * (DENSER if language in DENSE else 1.0) / duration_s if duration_s > 0 else float("inf")


def _went_astray(heard: Sequence[Heard], duration_s: float, language: str) -> bool:
    return doubtful(heard) or odd_pace(heard, duration_s, language)


def certainty(heard: Sequence[Heard]) -> float:
    """The mean probability of the words, 0..1; 0 where nothing was heard, 1 where it isn't known."""
    if not heard:
        return 0.0
    return fmean([word.probability for stretch in heard for word in stretch.words] or [1.0])


def to_hear_again(heard: Sequence[Sequence[Heard]], durations_s: Sequence[float], language: str) -> list[int]:
    """Which clips are worth hearing once more, in the way that takes longer and errs less.

    Args:
        heard: what was heard in each clip.
        durations_s: of the clips.
        language: a language code.

    Returns:
        Numbers of clips in order: all that went astray, and the least certain of the others, one in eight at most.
    """
    wrong = {
        number
        for number, (stretches, duration_s) in enumerate(zip(heard, durations_s, strict=True))
        if _went_astray(stretches, duration_s, language)
    }
    certainties = sorted((certainty(heard[number]), number) for number in range(len(heard)) if number not in wrong)
    unsure = [number for value, number in certainties if value < UNCERTAIN][: -(-len(heard) // ONE_IN)]
    return sorted(wrong.union(unsure))


def better(first: Sequence[Heard], second: Sequence[Heard], duration_s: float, language: str) -> bool:
    """Whether what was heard the second time is to be preferred: it went less astray, or its words are more certain.

    Two that agree confirm the first. One that leaves out half of it is no better, unless the first has more than people say in that
    time: who repeats himself is easily heard as less.
    """
    one, other = _words(first), _words(second)
    if SequenceMatcher(None, one, other, autojunk=False).ratio() >= AGREED:
        return False
    if len(other) < len(one) / 2 and _pace(first, duration_s, language) <= BRISK:
        return False

    def merit(heard: Sequence[Heard]) -> tuple[bool, float]:
        return not _went_astray(heard, duration_s, language), certainty(heard)

    return merit(second) > merit(first)


def _words(heard: Sequence[Heard]) -> list[str]:
    return "".join(stretch.text for stretch in heard).casefold().split()


def believable(stretch: Heard) -> bool:
    """Whether it may stand where there is little evidence of speech."""
    silent = stretch.no_speech_prob is not None and stretch.no_speech_prob > SILENT
    unsure = stretch.avg_logprob is not None and stretch.avg_logprob < UNSURE
    return not silent and not unsure


def left_out(clip: Region, speech: Sequence[Region], heard: Sequence[Heard]) -> Region | None:
    """The end of a clip, if the recogniser stopped long before it although there is speech.

    Args:
        clip: what it was given.
        speech: stretches of speech in the recording, in order.
        heard: what it heard in the clip, with the recording's times.

    Returns:
        What is to be listened to once more; shorter than the clip. None if all was heard, or nothing.
    """
    if not heard:
        return None
    until = max(clip.start, int(max(stretch.end_s for stretch in heard) * RATE_HZ))
    rest = [Region(max(stretch.start, until), min(stretch.end, clip.end)) for stretch in speech]
    rest = [stretch for stretch in rest if stretch.length > 0]
    if sum(stretch.length for stretch in rest) < LEFT_OUT_S * RATE_HZ or rest[0].start <= clip.start:
        return None
    return Region(rest[0].start, clip.end)
