"""Whisper by whisperx: batched; words aligned where an aligner is here, speakers named where a token allows it.

An extra of this package (``setu-asr[whisperx]``), since it brings torch. docs/development.md says how its test is run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog

from setu_asr.domain.audio import RATE_HZ, Recording, Region, Samples
from setu_asr.domain.doubt import compression_ratio
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.hosted import ToldWord, with_punctuation
from setu_asr.domain.speakers import Turn, by_speaker
from setu_asr.domain.spreading import spread
from setu_asr.engines.recogniser import Finished, ModelKey
from setu_asr.errors import UnusablePlan
from setu_asr.settings import WhisperxSettings
from setu_common.contracts import LANGUAGE_NAMES, AsrPlan

# whisperx joins stretches of speech that end within 30 s of the first one's start. Clips begin with speech, and lie so far apart that
# it joins none of two; no farther, since its detector of speech takes as long over silence.
SLOT_S: Final = 36.0
SLOT: Final = int(SLOT_S * RATE_HZ)
ALIGNED_CHUNK_S: Final = 30
# Words without an aligner are laid over their chunk in proportion, so the chunk is to be short.
UNALIGNED_CHUNK_S: Final = 10
LONGEST_DIARISED_S: Final = 4 * 3600.0  # the whole recording lies in memory meanwhile, 230 MB an hour

log = structlog.get_logger()


class WhisperX:
    """See `setu_asr.engines.recogniser.Recogniser` and `Finisher`.

    Args:
        key: which model, with which numbers.
        folder: its files, as faster-whisper has them.
        device: "cpu" or "cuda".
        cpu_threads: of one recognition.
        settings: aligners, and the token for the model that tells speakers apart.

    Raises:
        UnusablePlan: the device can't do it with these numbers.
    """

    def __init__(self, key: ModelKey, folder: Path, device: str, cpu_threads: int, settings: WhisperxSettings) -> None:
        import torch  # noqa: PLC0415  as the next one
        import whisperx  # noqa: PLC0415  an extra; and it brings torch, whose threads must not be forked

        if device == "cpu":
            torch.set_num_threads(cpu_threads)
        self._whisperx: Any = whisperx  # Any, and below: whisperx ships no types
        self._device = device
        self._settings = settings
        self._aligners: dict[str, tuple[Any, Any] | None] = {}
        try:
            self._pipeline: Any = whisperx.load_model(
                str(folder),
                device,
                compute_type=key.compute_type,
                vad_method="pyannote",  # whose model the package carries; the other one is downloaded
                local_files_only=True,
                threads=cpu_threads,
            )
        except ValueError as error:
            raise UnusablePlan(
                f"{key.model} can't be computed in {key.compute_type} on this worker's device ({device}). "
                "Ask for compute_type int8 or float32, or leave the plan out."
            ) from error
        self._options = self._pipeline.options

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """The language that is most probable over the clips."""
        if not self._pipeline.model.model.is_multilingual:
            return "en", 1.0
        sums: dict[str, float] = {}
        for clip in clips:
            _, _, every = self._pipeline.model.detect_language(audio=clip)
            for code, share in every:
                sums[code] = sums.get(code, 0.0) + float(share) / len(clips)
        best = max(sums, key=lambda code: (sums[code], code))
        return best, min(1.0, sums[best])

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        """What is said in each clip; all of them at once."""
        together = np.zeros(len(clips) * SLOT, dtype=np.float32)
        for number, clip in enumerate(clips):
            together[number * SLOT : number * SLOT + len(clip)] = clip
        self._pipeline.options = replace(
            self._options,
            beam_size=plan.beam_size,
            initial_prompt=hints.prompt or None,
            temperatures=[hints.temperature or 0.0],
        )
        aligner = self._aligner(language)
        told = self._pipeline.transcribe(
            together,
            batch_size=plan.batch_size,
            language=language,
            chunk_size=ALIGNED_CHUNK_S if aligner else UNALIGNED_CHUNK_S,
        )
        heard: list[list[Heard]] = [[] for _ in clips]
        for segment in told["segments"]:
            number = min(int(float(segment["start"]) / SLOT_S), len(clips) - 1)
            found = _heard(segment)
            if aligner:
                found = self._aligned(found, together, aligner)
            length_s = len(clips[number]) / RATE_HZ
            heard[number].append(_within(found.later(-number * SLOT_S), length_s))
        return heard

    def finish(self, recording: Recording, heard: Sequence[Heard], language: str, plan: AsrPlan) -> Finished:
        """Name the speakers, if the plan wants them; say what is less than a caller of whisperx expects."""
        notes = []
        if self._aligner(language) is None:
            notes.append(
                f"The times of words are estimates: this worker has no aligner for {LANGUAGE_NAMES[language]}. "
                "Put a wav2vec2 model into a folder of its code (SETU_ASR_WHISPERX_ALIGNERS_FOLDER)."
            )
        if not plan.diarise:
            return Finished(tuple(heard), tuple(notes))
        turns = self._turns(recording)
        if isinstance(turns, str):
            return Finished(tuple(heard), (*notes, turns))
        return Finished(tuple(by_speaker(heard, turns)), tuple(notes))

    def _aligner(self, language: str) -> tuple[Any, Any] | None:
        """The aligner of a language, if it lies here: none is ever downloaded in the middle of a recording."""
        if language not in self._aligners:
            root = self._settings.aligners_folder
            folder = root / language if root is not None else None
            if folder is None or not folder.is_dir():
                self._aligners[language] = None
            else:
                self._aligners[language] = self._whisperx.load_align_model(
                    language, self._device, model_name=str(folder), model_cache_only=True
                )
        return self._aligners[language]

    def _aligned(self, heard: Heard, audio: Samples, aligner: tuple[Any, Any]) -> Heard:
        model, metadata = aligner
        stretch = [{"start": heard.start_s, "end": heard.end_s, "text": heard.text}]
        told = self._whisperx.align(stretch, model, metadata, audio, self._device)
        words = list(_timed(told.get("word_segments", ()), heard))
        worded = with_punctuation(heard.text, words, heard.avg_logprob)
        return replace(heard, words=worded) if worded else heard

    def _turns(self, recording: Recording) -> list[Turn] | str:
        """The turns of the speakers, or why there are none."""
        if self._settings.hf_token is None:
            return (
                "Speakers are not named: the model that tells them apart is given to whom the hub knows. Give this worker a token "
                "(SETU_ASR_WHISPERX_HF_TOKEN)."
            )
        if recording.duration_s > LONGEST_DIARISED_S:
            return f"Speakers are not named: the recording is longer than {LONGEST_DIARISED_S / 3600:.0f} hours."
        from whisperx.diarize import DiarizationPipeline  # noqa: PLC0415  as above

        try:
            pipeline = DiarizationPipeline(
                self._settings.diariser, token=self._settings.hf_token.get_secret_value(), device=self._device
            )
        except (
            OSError,
            ValueError,
            RuntimeError,
            AttributeError,
        ) as error:  # what pyannote raises for a model that is not given
            log.warning("diarisation.impossible", error=type(error).__name__)
            return (
                f"Speakers are not named: {self._settings.diariser} could not be loaded ({type(error).__name__}). Check that the token "
                "may have it, or name a folder (SETU_ASR_WHISPERX_DIARISER)."
            )
        rows = pipeline(recording.samples(Region(0, len(recording.pcm))))
        return [Turn(float(row.start), float(row.end), str(row.speaker)) for row in rows.itertuples()]


def _heard(segment: Any) -> Heard:  # noqa: ANN401  see above
    text, start_s, end_s = str(segment["text"]), float(segment["start"]), float(segment["end"])
    logprob = segment.get("avg_logprob")
    avg_logprob = None if logprob is None else float(logprob)
    probability = 1.0 if avg_logprob is None else float(np.exp(min(0.0, avg_logprob)))
    return Heard(
        start_s=start_s,
        end_s=end_s,
        text=text,
        words=spread(text, start_s, end_s, probability),
        avg_logprob=avg_logprob,
        compression_ratio=compression_ratio(text) if text else None,
    )


def _timed(words: Sequence[Any], heard: Heard) -> Iterator[ToldWord]:
    """Aligned words; one that the aligner has no letters for (a number) lies between its neighbours."""
    before_s = heard.start_s
    for place, word in enumerate(words):
        following_s = next((float(each["start"]) for each in words[place:] if "start" in each), heard.end_s)
        start_s = float(word.get("start", before_s))
        before_s = float(word.get("end", max(start_s, following_s)))
        yield ToldWord(start_s, before_s, str(word["word"]))


def _within(heard: Heard, length_s: float) -> Heard:
    """The same, no later than its clip ends."""
    words = tuple(replace(w, start_s=min(w.start_s, length_s), end_s=min(w.end_s, length_s)) for w in heard.words)
    return replace(heard, end_s=min(heard.end_s, length_s), words=words)
