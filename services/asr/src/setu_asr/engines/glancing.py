"""A glance at short clips by Whisper: all in one batch, by the most probable token each time, in windows no longer than needed."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.doubt import compression_ratio
from setu_asr.domain.heard import Heard

# The encoder was trained on windows of thirty seconds. It works as well on shorter ones that end in some silence, in less time; on windows
# that end with the speech it does not.
MARGIN_S: Final = 5.0
TOKENS, TOKENS_PER_S = 20, 12.0  # what is more is a loop, or a script that takes many tokens: enough was heard then


def glances(model: Any, clips: Sequence[Samples], language: str) -> list[Heard]:  # noqa: ANN401  faster-whisper ships no types
    """What is said in each clip, without times of words.

    Args:
        model: a ``faster_whisper.WhisperModel``.
        clips: each float32, shape (n_samples,), mono, -1..1, 16 kHz, at most 25 s. At least one.
        language: a language code.
    """
    from faster_whisper import tokenizer as tokens  # noqa: PLC0415  takes a second to import

    longest = max(len(clip) for clip in clips)
    tokenizer = tokens.Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
    window = longest + int(MARGIN_S * RATE_HZ)
    features = np.stack([model.feature_extractor(np.pad(clip, (0, window - len(clip))), padding=0) for clip in clips])
    prompt = model.get_prompt(tokenizer, [], without_timestamps=True)
    found = model.model.generate(
        model.encode(features),
        [prompt] * len(clips),
        beam_size=1,
        max_length=len(prompt) + TOKENS + int(TOKENS_PER_S * longest / RATE_HZ),
        suppress_blank=True,
        suppress_tokens=[-1],
        return_scores=True,
        return_no_speech_prob=True,
    )
    return [
        _heard(tokenizer.decode(each.sequences_ids[0]), each, len(clip) / RATE_HZ)
        for each, clip in zip(found, clips, strict=True)
    ]


def _heard(text: str, found: Any, duration_s: float) -> Heard:  # noqa: ANN401  as above
    return Heard(
        start_s=0.0,
        end_s=duration_s,
        text=text,
        # The score is the mean over the tokens; the end is one that the text does not show.
        avg_logprob=float(found.scores[0]) * len(found.sequences_ids[0]) / (len(found.sequences_ids[0]) + 1),
        no_speech_prob=min(1.0, max(0.0, float(found.no_speech_prob))),
        compression_ratio=compression_ratio(text) if text else None,
    )
