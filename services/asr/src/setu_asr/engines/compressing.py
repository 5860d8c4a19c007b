"""Sound made small for a line: Opus in Ogg."""

import io
from typing import Final

import av
import numpy as np

from setu_asr.domain.audio import RATE_HZ, Samples

CONTAINER: Final = "ogg"
MEDIA_TYPE: Final = "audio/ogg"
# Source: RFC 6716, section 2.1.1: 16-20 kbit/s are enough for wideband speech; recognisers lose nothing at half as much again.
BITS_PER_S: Final = 32_000
FRAME: Final = RATE_HZ // 50


def compressed(samples: Samples) -> bytes:
    """Sound as an Ogg Opus file.

    Args:
        samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
    """
    target = io.BytesIO()
    pcm = (np.clip(samples, -1.0, 1.0) * np.float32(32767)).astype(np.int16)
    with av.open(target, "w", format=CONTAINER) as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono")
        stream.bit_rate = BITS_PER_S
        for start in range(0, len(pcm), FRAME):
            piece = np.zeros((1, FRAME), np.int16)
            cut = pcm[start : start + FRAME]
            piece[0, : len(cut)] = cut
            frame = av.AudioFrame.from_ndarray(piece, "s16", "mono")
            frame.sample_rate, frame.pts = RATE_HZ, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()
