"""Decoded sound as a file: WAV, 16-bit, mono, with the plainest header that there is."""

import struct
from typing import Final

# RIFF, its length, WAVE; "fmt ", 16 bytes: PCM, one channel, rate, bytes a second, bytes a sample, bits a sample; "data", its length.
# Source: IBM and Microsoft, Multimedia Programming Interface and Data Specifications 1.0, 1991.
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM: Final = 1
HEADER_BYTES: Final = _HEADER.size
LONGEST_BYTES: Final = 0xFFFFFFFF - HEADER_BYTES


def wav_header(samples: int, rate_hz: int) -> bytes:
    """The header of a file of so many 16-bit samples.

    Raises:
        ValueError: a WAV file can't be so long (37 hours at 16 kHz).
    """
    data_bytes = 2 * samples
    if data_bytes > LONGEST_BYTES:
        raise ValueError("a WAV file holds at most 4 GiB")
    return _HEADER.pack(
        b"RIFF", data_bytes + HEADER_BYTES - 8, b"WAVE", b"fmt ", 16, _PCM, 1, rate_hz, 2 * rate_hz, 2, 16, b"data", data_bytes
    )


def plain_samples(head: bytes, size_bytes: int, rate_hz: int) -> int | None:
    """How many samples a file has, if it is just what `wav_header` begins; None if it is anything else.

    Args:
        head: its first bytes.
        size_bytes: how many it has in all.
        rate_hz: the rate that it must have.
    """
    samples = (size_bytes - HEADER_BYTES) // 2
    if samples <= 0 or size_bytes % 2 or 2 * samples > LONGEST_BYTES:
        return None
    return samples if head == wav_header(samples, rate_hz) else None
