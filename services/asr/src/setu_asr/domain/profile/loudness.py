"""Integrated loudness, by ITU-R BS.1770-4: K-weighting, blocks of 400 ms, two gates."""

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_asr.domain.audio import RATE_HZ, Samples

Wave = NDArray[np.float64]

# The analogue filters behind the coefficients that the recommendation gives for 48 kHz, which it wants matched at other rates.
# Source: Mansbridge, Finn, Reiss: Implementation and Evaluation of Autonomous Multi-track Fader Control, AES 132 (2012); ITU-R BS.1770-4, Annex 1.
SHELF_HZ: Final = 1681.974450955533
SHELF_DB: Final = 3.999843853973347
SHELF_Q: Final = 0.7071752369554196
HIGHPASS_HZ: Final = 38.13547087602444
HIGHPASS_Q: Final = 0.5003270373238773
SHELF_EXPONENT: Final = 0.4996667741545416

OFFSET_LU: Final = -0.691
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0
STEP: Final = RATE_HZ // 10  # blocks overlap by 75 %
STEPS_OF_BLOCK: Final = 4

TAPS: Final = 2048  # the response has fallen below 1e-12 by then
FFT: Final = 1 << 14
NEW: Final = FFT - TAPS + 1  # samples that one transform filters


class LoudnessMeter:
    """Takes a recording stretch by stretch, and keeps one number for each 100 ms of it."""

    def __init__(self) -> None:
        self._before: Wave = np.zeros(TAPS - 1)
        self._rest: Wave = np.zeros(0)
        self._steps: list[Wave] = []

    def add(self, samples: Samples) -> None:
        """Take the next stretch: float32, shape (n_samples,), mono, -1..1, 16 kHz."""
        whole = np.concatenate((self._before, samples.astype(np.float64)))
        self._before = whole[len(whole) - TAPS + 1 :]
        weighted = np.concatenate((self._rest, _filtered(whole)))
        count = len(weighted) // STEP
        self._rest = weighted[count * STEP :]
        self._steps.append(np.square(weighted[: count * STEP].reshape(count, STEP)).mean(axis=1))

    def integrated_lufs(self) -> float | None:
        """The loudness of all that was taken; None if nothing of it is louder than -70 LUFS, or it is shorter than 400 ms."""
        steps = np.concatenate(self._steps) if self._steps else np.zeros(0)
        if len(steps) < STEPS_OF_BLOCK:
            return None
        blocks = np.convolve(steps, np.full(STEPS_OF_BLOCK, 1 / STEPS_OF_BLOCK), "valid")
        loud = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if len(loud) == 0:
            return None
        gate = float(loud.mean()) * 10 ** (RELATIVE_GATE_LU / 10)
        return OFFSET_LU + 10 * math.log10(float(loud[loud > gate].mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_LU) / 10))


def _filtered(whole: Wave) -> Wave:
    """K-weight all but the first ``TAPS - 1`` samples, which only lead up to the others."""
    count = len(whole) - TAPS + 1
    blocks = -(-count // NEW)
    padded = np.concatenate((whole, np.zeros(blocks * NEW - count)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::NEW] if blocks else np.zeros((0, FFT))
    made = [np.fft.irfft(np.fft.rfft(frame) * _response(), FFT)[TAPS - 1 :] for frame in frames]
    return np.concatenate(made)[:count] if made else np.zeros(0)


@cache
def _response() -> NDArray[np.complex128]:
    return np.fft.rfft(k_weighting(TAPS), FFT)


def k_weighting(taps: int) -> Wave:
    """The first ``taps`` samples of the K-weighting filter's answer to an impulse, at 16 kHz."""
    impulse = [1.0] + [0.0] * (taps - 1)
    return np.array(_biquad(_biquad(impulse, *_shelf()), *_highpass()))


def _shelf() -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The first stage: the head makes high tones louder."""
    k = math.tan(math.pi * SHELF_HZ / RATE_HZ)
    high = 10 ** (SHELF_DB / 20)
    band = high**SHELF_EXPONENT
    a0 = 1 + k / SHELF_Q + k * k
    ahead = (
        (high + band * k / SHELF_Q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / SHELF_Q + k * k) / a0,
    )
    return ahead, (2 * (k * k - 1) / a0, (1 - k / SHELF_Q + k * k) / a0)


def _highpass() -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The second stage: low tones are heard less."""
    k = math.tan(math.pi * HIGHPASS_HZ / RATE_HZ)
    a0 = 1 + k / HIGHPASS_Q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / a0, (1 - k / HIGHPASS_Q + k * k) / a0)


def _biquad(wave: list[float], ahead: tuple[float, float, float], back: tuple[float, float]) -> list[float]:
    made: list[float] = []
    x1 = x2 = y1 = y2 = 0.0
    for x in wave:
        y = ahead[0] * x + ahead[1] * x1 + ahead[2] * x2 - back[0] * y1 - back[1] * y2
        x2, x1, y2, y1 = x1, x, y1, y
        made.append(y)
    return made
