"""Made-up recordings whose errors and times follow a law that is known, for what learns from them."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import Vector, vector_from
from setu_optimizer.predictors.tables import published

SIZES: Final = {name: each.size for name, each in published().items()}
TINY: Final = Candidate(model="whisper-tiny.en", beam_size=1)
TINY_5: Final = Candidate(model="whisper-tiny.en", beam_size=5)
BASE: Final = Candidate(model="whisper-base", beam_size=1)
BASE_5: Final = Candidate(model="whisper-base", beam_size=5)
WAYS: Final = (TINY, TINY_5, BASE, BASE_5)
FACTORS: Final = {TINY: 0.06, TINY_5: 0.08, BASE: 0.13, BASE_5: 0.17}
KINDS: Final = ("clean", "white noise", "crowd", "music", "telephone", "hall", "clipped", "codec", "hum", "fast")


def figures_of(hardness: float, dice: np.random.Generator, *, probed: bool = True) -> Vector:
    """A recording that is so hard to hear (0..1), as it would be measured."""
    known = {
        "duration_s": float(dice.uniform(50, 240)),
        "loudness_lufs": float(dice.normal(-20, 3)),
        "clipping_ratio": float(max(0.0, dice.normal(0.001, 0.001))),
        "bandwidth_hz": float(dice.normal(5000, 700)),
        "speech_ratio": float(np.clip(dice.normal(0.8, 0.05), 0, 1)),
        "snr_db": 30 * (1 - hardness) + float(dice.normal(0, 2)),
        "music_ratio": float(np.clip(dice.normal(0.1, 0.05), 0, 1)),
        "speech_rate_sps": float(dice.normal(4.5, 0.5)),
        "reverberation_s": float(max(0.0, dice.normal(0.3, 0.1))),
        "pitch_hz": float(dice.normal(150, 30)),
        "pitch_spread_st": float(dice.normal(3, 0.5)),
        "energy_spread_db": float(dice.normal(8, 1)),
        "language_probability": float(np.clip(1 - 0.3 * hardness + dice.normal(0, 0.05), 0, 1)),
    }
    if probed:
        known |= {
            "probe_mean_logprob": -0.2 - 0.8 * hardness + float(dice.normal(0, 0.05)),
            "probe_low_logprob": -0.4 - 1.0 * hardness + float(dice.normal(0, 0.1)),
            "probe_compression_ratio": float(dice.normal(1.5, 0.1)),
            "probe_no_speech_prob": float(np.clip(0.1 + 0.3 * hardness + dice.normal(0, 0.05), 0, 1)),
            "probe_agreement": float(np.clip(1 - 0.7 * hardness + dice.normal(0, 0.05), 0, 1)),
            "probe_words_per_s": float(dice.normal(2.4, 0.3)),
        }
    return vector_from(known)


def wer_of(way: Candidate, hardness: float) -> float:
    """The law: the small model is nearly as good on easy recordings, and much worse on hard ones."""
    large = "base" in way.model
    return (0.02 if large else 0.025) + (0.35 if large else 0.75) * hardness**2 - 0.004 * (way.beam_size > 1)


def heard(
    count: int, seed: int, *, kinds: Sequence[str] = KINDS, ways: Sequence[Candidate] = WAYS, probed: bool = True
) -> list[Example]:
    """So many recordings, each heard in each of the ways, with the chance that there is in it."""
    dice = np.random.default_rng(seed)
    examples = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        hardness = float(dice.uniform(0, 0.25) if kind == "clean" else dice.uniform(0, 1))
        figures = figures_of(hardness, dice, probed=probed)
        luck = float(dice.normal(0, 0.02))
        for way in ways:
            wer = max(0.0, wer_of(way, hardness) + luck + float(dice.normal(0, 0.008)))
            factor = FACTORS[way] * (1 + 0.3 * hardness) * float(np.exp(dice.normal(0, 0.05)))
            name = f"{seed}-{number}"
            examples.append(Example(name, f"{kind} {number % 3}" if kind == "clean" else kind, "en", figures, way, wer, factor))
    return examples
