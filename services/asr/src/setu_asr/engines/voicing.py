"""How probable speech is from moment to moment, by the Silero model that faster-whisper brings along."""

from typing import Any, Protocol

import numpy as np

from setu_asr.domain.audio import Samples
from setu_asr.domain.profile.voicing import HOP, Probabilities


class VoiceDetector(Protocol):
    """Tells how probable speech is."""

    def __call__(self, samples: Samples) -> Probabilities:
        """Of each whole 32 ms.

        Args:
            samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.

        Returns:
            float32, shape (n_samples // 512,), 0..1.
        """


class SileroVoices:
    """See `VoiceDetector`."""

    def __call__(self, samples: Samples) -> Probabilities:
        """Of each whole 32 ms."""
        from faster_whisper import vad  # noqa: PLC0415 takes a second to import, and brings threads that must not be forked

        whole = len(samples) // HOP * HOP
        if whole == 0:
            return np.zeros(0, np.float32)
        model: Any = vad.get_vad_model()  # Any: faster-whisper ships no types
        return np.asarray(model(samples[:whole].copy()), np.float32).reshape(
            -1
        )  # a copy: the model writes into what it is given
