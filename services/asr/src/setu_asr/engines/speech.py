"""Telling speech from other sound, with the Silero model that faster-whisper brings along."""

from setu_asr.domain.audio import RATE_HZ, Region, Samples
from setu_asr.domain.clips import CLIP_S


class SileroDetector:
    """See `setu_asr.engines.recogniser.SpeechDetector`.

    Args:
        threshold: above this probability a moment counts as speech, 0..1.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def __call__(self, samples: Samples) -> list[Region]:
        """Stretches of speech, with 0.4 s around them where there is room."""
        from faster_whisper import vad  # noqa: PLC0415 takes a second to import, and brings threads that must not be forked

        options = vad.VadOptions(threshold=self._threshold, max_speech_duration_s=CLIP_S, min_silence_duration_ms=160)
        found = vad.get_speech_timestamps(samples, options, sampling_rate=RATE_HZ)
        return [Region(int(stretch["start"]), min(int(stretch["end"]), len(samples))) for stretch in found]
