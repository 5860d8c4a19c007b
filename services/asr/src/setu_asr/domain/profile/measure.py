"""All figures of a recording's sound, in one walk through it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import Region
from setu_asr.domain.profile.dynamics import DynamicsMeter
from setu_asr.domain.profile.levels import FULL_SCALE, LevelMeter
from setu_asr.domain.profile.loudness import LoudnessMeter
from setu_asr.domain.profile.music import MusicMeter
from setu_asr.domain.profile.pitch import PitchMeter
from setu_asr.domain.profile.reverberation import ReverberationMeter
from setu_asr.domain.profile.spectra import SpectrumMeter
from setu_asr.domain.profile.syllables import SyllableMeter
from setu_asr.domain.profile.voicing import Probabilities, is_between, is_spoken, spoken, widened
from setu_asr.domain.profile.wada import WadaMeter

AROUND_S: Final = 0.2  # words begin and end softly
COUNTABLE_SNR_DB: Final = 5.0  # below, noise makes and fills dips between syllables. Source: measured (evals/profile.py)


@dataclass(frozen=True)
class Sound:
    """See `setu_common.contracts.AudioProfile`."""

    loudness_lufs: float | None
    peak_dbfs: float | None
    clipping_ratio: float
    bandwidth_hz: float | None
    speech_ratio: float
    snr_db: float | None
    music_ratio: float
    speech_rate_sps: float | None
    reverberation_s: float | None
    pitch_hz: float | None
    pitch_spread_st: float | None
    energy_spread_db: float | None


class SoundMeter:
    """Takes a recording stretch by stretch; what it keeps is small: some 60 KB an hour.

    Args:
        threshold: above this probability a moment counts as speech, 0..1.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._samples = 0
        self._spoken = 0
        self._speech: list[Region] = []
        self._levels = LevelMeter()
        self._loudness = LoudnessMeter()
        self._music = MusicMeter()
        self._spectrum = SpectrumMeter()
        self._wada = WadaMeter()
        self._syllables = SyllableMeter()
        self._reverberation = ReverberationMeter()
        self._pitch = PitchMeter()
        self._dynamics = DynamicsMeter()

    def add(self, pcm: NDArray[np.int16], probabilities: Probabilities) -> None:
        """Take the next stretch.

        Args:
            pcm: int16, shape (n_samples,), mono, 16 kHz.
            probabilities: of speech: float32, shape (n_samples // 512,).
        """
        samples = pcm.astype(np.float32) / np.float32(FULL_SCALE)
        speech = spoken(probabilities, self._threshold)
        wide = list(widened(speech, AROUND_S, len(samples)))
        self._levels.add(pcm)
        self._loudness.add(samples)
        self._music.add(samples)
        there = is_spoken(speech, len(probabilities))
        self._spectrum.add(samples, there, is_between(probabilities))
        self._syllables.add(samples, speech)
        self._reverberation.add(samples)
        self._pitch.add(samples, there)
        self._dynamics.add(samples, there)
        for region in wide:
            self._wada.add(samples[region.start : region.end])
        self._speech.extend(Region(self._samples + region.start, self._samples + region.end) for region in wide)
        self._spoken += sum(region.length for region in speech)
        self._samples += len(pcm)

    def speech(self) -> list[Region]:
        """Where somebody speaks, with a little around it: in order, not overlapping."""
        return self._speech

    def figures(self) -> Sound:
        """What was measured of all that was taken."""
        snr_db = self._spectrum.snr_db()
        if snr_db is None:
            snr_db = self._wada.snr_db()
        return Sound(
            loudness_lufs=self._loudness.integrated_lufs(),
            peak_dbfs=self._levels.peak_dbfs,
            clipping_ratio=self._levels.clipping_ratio,
            bandwidth_hz=self._spectrum.bandwidth_hz(),
            speech_ratio=self._spoken / self._samples if self._samples else 0.0,
            snr_db=snr_db,
            music_ratio=self._music.ratio,
            speech_rate_sps=None if snr_db is None or snr_db < COUNTABLE_SNR_DB else self._syllables.rate_sps,
            reverberation_s=self._reverberation.reverberation_s() if self._spoken else None,
            pitch_hz=self._pitch.pitch_hz(),
            pitch_spread_st=self._pitch.spread_st(),
            energy_spread_db=self._dynamics.spread_db(),
        )
