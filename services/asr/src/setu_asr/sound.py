"""Decoded sound as an object of the store: WAV, 16 kHz, mono, 16 bits."""

from typing import Final

from setu_asr.domain.audio import RATE_HZ, Recording
from setu_asr.domain.wav import wav_header
from setu_common.contracts import Reference
from setu_common.store import Store

WRITTEN_AT_ONCE: Final = 1 << 19  # samples


async def keep_sound(store: Store, tenant: str, recording: Recording) -> Reference:
    """Store a recording's sound, a stretch at a time."""
    pcm = recording.pcm
    async with store.writer(tenant, "audio/wav") as writer:
        await writer.write(wav_header(len(pcm), RATE_HZ))
        for start in range(0, len(pcm), WRITTEN_AT_ONCE):
            await writer.write(pcm[start : start + WRITTEN_AT_ONCE].data)
        return await writer.finish()
