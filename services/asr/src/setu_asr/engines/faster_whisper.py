"""Whisper by faster-whisper (CTranslate2), many clips at a time."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from setu_asr.domain.audio import RATE_HZ, Samples, quietest
from setu_asr.domain.clips import CLIP, CLIP_S
from setu_asr.domain.doubt import better, doubtful, to_hear_again
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.engines.glancing import glances
from setu_asr.engines.recogniser import ModelKey
from setu_asr.engines.speech_english import in_english
from setu_asr.errors import UnusablePlan
from setu_common.contracts import AsrPlan

ENGINE: Final = "faster-whisper"
LANGUAGE_CLIPS: Final = 4  # clips that are listened to until one is clear
# Fast Hindi takes 20 tokens a second, other languages fewer. A prompt may take half of the model's 448.
TOKENS, TOKENS_PER_S, BESIDE_PROMPT = 40, 25.0, 200
CLEAR: Final = 0.5  # probability of its language from which a clip is clear. Source: faster-whisper's default


class FasterWhisper:
    """See `setu_asr.engines.recogniser.Recogniser`.

    Args:
        key: which model, with which numbers.
        folder: its files.
        device: "cpu" or "cuda".
        cpu_threads: of one recognition.

    Raises:
        UnusablePlan: the device can't do it with these numbers.
    """

    def __init__(self, key: ModelKey, folder: Path, device: str, cpu_threads: int) -> None:
        import faster_whisper  # noqa: PLC0415 takes a second to import, and brings threads that must not be forked

        try:
            model = faster_whisper.WhisperModel(
                str(folder),
                device=device,
                compute_type=key.compute_type,
                cpu_threads=cpu_threads,
                local_files_only=True,
            )
        except ValueError as error:
            raise UnusablePlan(
                f"{key.model} can't be computed in {key.compute_type} on this worker's device ({device}). "
                "Ask for compute_type int8 or float32, or leave the plan out."
            ) from error
        self._model: Any = model  # Any, and below: faster-whisper ships no types
        self._pipeline: Any = faster_whisper.BatchedInferencePipeline(model)

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """The language of the first clip that is clear, or the most probable one over the first few."""
        if not self._model.model.is_multilingual:
            return "en", 1.0
        sums: dict[str, float] = {}
        heard = clips[:LANGUAGE_CLIPS]
        for clip in heard:
            language, probability, every = self._model.detect_language(audio=clip)
            if probability >= CLEAR:
                return str(language), min(1.0, float(probability))
            for code, share in every:
                sums[code] = sums.get(code, 0.0) + float(share) / len(heard)
        best = max(sums, key=lambda code: (sums[code], code))
        return best, min(1.0, sums[best])

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        """What is said in each clip; all at once, then what is doubtful one by one, if the plan says so."""
        heard = self._together(clips, language, plan, hints)
        durations_s = [len(clip) / RATE_HZ for clip in clips]
        for number in to_hear_again(heard, durations_s, language) if plan.redecode else ():
            for hear in (self._alone, self._in_halves):
                second = hear(clips[number], language, plan, hints)
                if better(heard[number], second, durations_s[number], language):
                    heard[number] = second
                if not doubtful(heard[number]):
                    break
        return heard

    def in_english(self, clips: Sequence[Samples], language: str, plan: AsrPlan) -> list[Heard | None]:
        """What each clip means, in English; see `setu_asr.engines.recogniser.SpeechTranslator`."""
        return in_english(self._pipeline, clips, language, plan)

    def glance(self, clips: Sequence[Samples], language: str) -> list[Heard]:
        """What is said in each clip, quickly; see `setu_asr.engines.recogniser.Glancer`."""
        return glances(self._model, clips, language)

    def _together(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints) -> list[list[Heard]]:
        # The pipeline takes one recording: the clips lie in it thirty seconds apart, so that a time tells its clip.
        together = np.zeros(len(clips) * CLIP, dtype=np.float32)
        for number, clip in enumerate(clips):
            together[number * CLIP : number * CLIP + len(clip)] = clip
        found, _ = self._pipeline.transcribe(
            together,
            language=language,
            beam_size=plan.beam_size,
            batch_size=plan.batch_size,
            temperature=hints.temperature or 0.0,
            initial_prompt=hints.prompt or None,
            clip_timestamps=[
                {"start": number * CLIP_S, "end": number * CLIP_S + len(clip) / RATE_HZ} for number, clip in enumerate(clips)
            ],
            max_new_tokens=_tokens_at_most(clips),
            word_timestamps=True,
            without_timestamps=True,  # the text is better as a rule; the times come from the words' alignment
        )
        heard: list[list[Heard]] = [[] for _ in clips]
        for segment in found:
            number = min(int(segment.seek / self._model.frames_per_second / CLIP_S), len(clips) - 1)
            heard[number].append(_heard(segment).later(-number * CLIP_S))
        return heard

    def _alone(self, clip: Samples, language: str, plan: AsrPlan, hints: Hints) -> list[Heard]:
        """Sequentially: stretch by stretch, with time tokens. Never by chance, or the same recording would give another text each time."""
        found, _ = self._model.transcribe(
            clip,
            language=language,
            beam_size=plan.beam_size,
            temperature=hints.temperature or 0.0,
            initial_prompt=hints.prompt or None,
            condition_on_previous_text=False,
            max_new_tokens=_tokens_at_most([clip]),
            word_timestamps=True,
            vad_filter=False,
        )
        return [_heard(segment) for segment in found]

    def _in_halves(self, clip: Samples, language: str, plan: AsrPlan, hints: Hints) -> list[Heard]:
        """Cut where it is quietest near the middle: what a recogniser got caught in is often broken by another beginning."""
        third = len(clip) // 3
        cut = third + quietest(clip[third : 2 * third])
        first, second = (self._together([part], language, plan, hints)[0] for part in (clip[:cut], clip[cut:]))
        return [*first, *(stretch.later(cut / RATE_HZ) for stretch in second)]


def _tokens_at_most(clips: Sequence[Samples]) -> int | None:
    """A bound on what is written, since a recogniser that is caught in a loop writes on; None: the model's own."""
    wanted = TOKENS + int(TOKENS_PER_S * max(len(clip) for clip in clips) / RATE_HZ)
    return wanted if wanted <= BESIDE_PROMPT else None


def _heard(segment: Any) -> Heard:  # noqa: ANN401 see above
    words = tuple(
        HeardWord(float(word.start), float(word.end), str(word.word), float(word.probability)) for word in segment.words or ()
    )
    if not all(math.isfinite(time_s) for word in words for time_s in (word.start_s, word.end_s)):
        words = ()
    return Heard(
        start_s=float(segment.start),
        end_s=float(segment.end),
        text=str(segment.text),
        words=words,
        avg_logprob=float(segment.avg_logprob),
        no_speech_prob=float(segment.no_speech_prob),
        compression_ratio=float(segment.compression_ratio),
    )
