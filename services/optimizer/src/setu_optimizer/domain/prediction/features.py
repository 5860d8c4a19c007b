"""What a prediction is made from: a recording's figures in a fixed order, and those of the way to transcribe it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import AudioProbe, AudioProfile, Candidate

SCHEMA: Final = 2
"""Changes with the list below: a model of another schema is not asked."""

Vector = NDArray[np.float32]
"""float32, shape (features,), in the order of FEATURES or of COLUMNS; NaN: not known."""


@dataclass(frozen=True)
class Feature:
    """A figure of a recording.

    Args:
        name: of the field; those of the probe begin with ``probe_``.
        unit: of its values; empty for a share or a count.
        said: what it is called in a sentence.
        errors: how the expected errors move when it grows and all else stays, as far as one knows beforehand: 1, -1, or 0.
        time: the same of the time that it takes.
        counts: whether a recording whose figure is far from any that was learned from is out of experience.
        scale: what its decimals are, in a sentence.
        step: a difference that is worth speaking of: figures that are closer are alike, however much alike those are that were learned from.
        most: what is above counts as that, since nobody hears the difference.
    """

    name: str
    unit: str
    said: str
    errors: int = 0
    time: int = 0
    counts: bool = True
    scale: str = ".1f"
    step: float = 0.1
    most: float = math.inf


INAUDIBLE_SNR_DB: Final = 45.0
"""Noise that is fainter is heard by nobody: pauses of digital silence, at 65 to 100 dB, are as quiet as those of a good studio. What was learned
from reaches 43 dB (training side of the measured table)."""
FEATURES: Final = (
    Feature("duration_s", "s", "length", counts=False, scale=".0f", step=10),
    Feature("loudness_lufs", "LUFS", "loudness", counts=False, step=3),
    Feature("clipping_ratio", "", "share of clipped samples", errors=1, scale=".4f", step=0.01),
    Feature("bandwidth_hz", "Hz", "bandwidth", scale=".0f", step=500),
    Feature("speech_ratio", "", "share of speech", time=1, scale=".2f"),
    Feature("snr_db", "dB", "signal-to-noise ratio", errors=-1, step=3, most=INAUDIBLE_SNR_DB),
    Feature("music_ratio", "", "share of music", scale=".2f", step=0.2),
    Feature("speech_rate_sps", "syllables/s", "speech rate", step=0.5),
    Feature("reverberation_s", "s", "reverberation", errors=1, scale=".2f", step=0.2),
    Feature("pitch_hz", "Hz", "pitch", scale=".0f", step=20),
    Feature("pitch_spread_st", "semitones", "spread of pitch", step=1),
    Feature("energy_spread_db", "dB", "spread of loudness", step=2),
    Feature("language_probability", "", "certainty of the language", scale=".2f"),
    Feature("probe_mean_logprob", "", "log-probability of what a small model heard", errors=-1, scale=".2f"),
    Feature("probe_low_logprob", "", "log-probability of the worst tenth of it", errors=-1, scale=".2f"),
    Feature("probe_compression_ratio", "", "repetition in it", scale=".2f", step=0.2),
    Feature("probe_no_speech_prob", "", "probability that it was no speech", scale=".2f"),
    Feature("probe_agreement", "", "agreement of two decodings", errors=-1, scale=".2f"),
    Feature("probe_words_per_s", "words/s", "words that were heard a second", step=0.3),
)
PROBED: Final = np.array([feature.name.startswith("probe_") for feature in FEATURES])
"""Which of them only a recording has that was probed. bool, shape (features,)."""


@dataclass(frozen=True)
class Size:
    """How large a speech model is.

    Args:
        parameters_m: millions.
        languages: that it knows; none: about a hundred.
    """

    parameters_m: float
    languages: tuple[str, ...] = ()

    def knows(self, language: str) -> bool:
        """Whether it was made for a language."""
        return not self.languages or language in self.languages


Sizes = Mapping[str, Size]
"""Of models, by their name in the catalogue."""


@dataclass(frozen=True)
class Trait:
    """A figure of a candidate."""

    name: str
    time: int
    value: Callable[[Candidate, Size], float]


TRAITS: Final = (
    Trait("model_size", 1, lambda _, size: math.log2(size.parameters_m)),
    Trait("one_language", 0, lambda _, size: float(bool(size.languages))),
    Trait("beam_size", 1, lambda candidate, _: float(candidate.beam_size)),
    Trait("batch_size", 0, lambda candidate, _: float(candidate.batch_size)),
    Trait("half_precision", 0, lambda candidate, _: float(candidate.compute_type != "int8")),
)
COLUMNS: Final = (*(feature.name for feature in FEATURES), *(trait.name for trait in TRAITS))
"""What trees are grown on: a recording's figures, then the candidate's."""


def vector_of(profile: AudioProfile, probe: AudioProbe | None) -> Vector:
    """A recording's figures in the order of FEATURES. What can't be told, or is no finite number, is NaN."""
    known = profile.model_dump(exclude={"languages", "track", "language"})
    if probe is not None:
        known |= {f"probe_{name}": value for name, value in probe.model_dump(exclude={"model"}).items()}
    return vector_from(known)


def vector_from(known: Mapping[str, object]) -> Vector:
    """The same from figures by name; what is missing among them, or is no finite number, is NaN."""
    return np.array([min(_figure(known.get(feature.name)), feature.most) for feature in FEATURES], dtype=np.float32)


def rows_of(recording: Vector, candidates: tuple[Candidate, ...], sizes: Sizes) -> NDArray[np.float32]:
    """A recording's figures beside those of each candidate.

    Returns:
        float32, shape (candidates, columns).

    Raises:
        KeyError: nobody knows how large one of the models is.
    """
    traits = [[trait.value(candidate, sizes[candidate.model]) for trait in TRAITS] for candidate in candidates]
    width = len(TRAITS)
    return np.hstack(
        [np.tile(recording, (len(candidates), 1)), np.array(traits, dtype=np.float32).reshape(len(candidates), width)]
    ).astype(np.float32)


def unprobed(recording: Vector) -> Vector:
    """The same recording, as if nobody had probed it."""
    return np.where(PROBED, np.float32(np.nan), recording).astype(np.float32)


def is_probed(recording: Vector) -> bool:
    """Whether anything is known of it that only a probe tells."""
    return bool(np.isfinite(recording[PROBED]).any())


def _figure(value: object) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return math.nan
