"""Whisper's other task: what speech in any language means in English."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.clips import CLIP, CLIP_S
from setu_asr.domain.doubt import REPETITIVE, compression_ratio, doubtful
from setu_asr.domain.heard import Heard
from setu_common.contracts import AsrPlan

TASK: Final = "translate"
UNUSABLE: Final = float("-inf")


def in_english(pipeline: Any, clips: Sequence[Samples], language: str, plan: AsrPlan) -> list[Heard | None]:  # noqa: ANN401  faster-whisper ships no types
    """What each clip means, in English.

    Args:
        pipeline: a ``faster_whisper.BatchedInferencePipeline`` over a multilingual model.
        clips: speech; each float32, shape (n_samples,), mono, -1..1, 16 kHz, at most 30 s.
        language: the one that is spoken.
        plan: beam and batch size.

    Returns:
        One for each clip, with times from its start; None where nothing came that could be meant.
    """
    found = _heard(pipeline, clips, language, plan, time_tokens=False)
    again = [number for number, heard in enumerate(found) if heard is None or doubtful([heard])]
    if again:
        # In the model's other way of writing; of two that are mere words, the more probable one.
        second = _heard(pipeline, [clips[number] for number in again], language, plan, time_tokens=True)
        for number, heard in zip(again, second, strict=True):
            found[number] = max((found[number], heard), key=_merit)
    return [heard if _merit(heard) > UNUSABLE else None for heard in found]


def _merit(heard: Heard | None) -> float:
    """How far it may be believed: the mean log probability of its tokens. What repeats itself is no translation.

    Doubt alone refuses nothing, as it does in transcripts: this task's probabilities are smaller, and its confidence is told.
    """
    if heard is None or compression_ratio(heard.text) > REPETITIVE:
        return UNUSABLE
    return heard.avg_logprob if heard.avg_logprob is not None else 0.0


def _heard(
    pipeline: Any,  # noqa: ANN401  as above
    clips: Sequence[Samples],
    language: str,
    plan: AsrPlan,
    *,
    time_tokens: bool,
) -> list[Heard | None]:
    # The pipeline takes one recording: the clips lie in it thirty seconds apart, so that a time tells its clip.
    together = np.zeros(len(clips) * CLIP, dtype=np.float32)
    for number, clip in enumerate(clips):
        together[number * CLIP : number * CLIP + len(clip)] = clip
    told, _ = pipeline.transcribe(
        together,
        task=TASK,
        language=language,
        beam_size=plan.beam_size,
        batch_size=plan.batch_size,
        clip_timestamps=[
            {"start": number * CLIP_S, "end": number * CLIP_S + len(clip) / RATE_HZ} for number, clip in enumerate(clips)
        ],
        without_timestamps=not time_tokens,
    )
    parts: list[list[Any]] = [[] for _ in clips]
    for segment in told:
        parts[min(int(segment.start / CLIP_S), len(clips) - 1)].append(segment)
    return [_joined(each, number * CLIP_S) for number, each in enumerate(parts)]


def _joined(parts: Sequence[Any], offset_s: float) -> Heard | None:  # Any: as above
    text = " ".join("".join(str(part.text) for part in parts).split())
    if not any(character.isalnum() for character in text):
        return None
    return Heard(
        start_s=float(parts[0].start) - offset_s,
        end_s=float(parts[-1].end) - offset_s,
        text=text,
        avg_logprob=min(float(part.avg_logprob) for part in parts),
        no_speech_prob=max(float(part.no_speech_prob) for part in parts),
        compression_ratio=max(float(part.compression_ratio) for part in parts),
    )
