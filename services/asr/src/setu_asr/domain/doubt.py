"""Signs that a recogniser went astray, and stretches that it left out."""

import zlib
from collections.abc import Sequence
from typing import Final

from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.domain.heard import Heard

# Source: openai/whisper, transcribe.py, the defaults of its temperature fallback.
REPETITIVE: Final = 2.4  # compression ratio
UNSURE: Final = -1.0  # average log probability of a token
SILENT: Final = 0.6  # probability that there is no speech

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
