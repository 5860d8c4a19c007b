"""A minute of a recording in the store, cut out without reading the rest."""

import io
import struct
import wave

import pytest

from setu_common.store import Store
from setu_optimizer.observing.second import HEAD_BYTES, minute_of

RATE = 1000


@pytest.fixture
async def long_sound(store):
    """Ten minutes in the store, of which every sample is another."""
    file = io.BytesIO()
    with wave.open(file, "wb") as whole:
        whole.setnchannels(1)
        whole.setsampwidth(2)
        whole.setframerate(RATE)
        whole.writeframes(b"".join(struct.pack("<H", at & 0xFFFF) for at in range(600 * RATE)))
    return await store.put("acme", file.getvalue(), "audio/wav")


@pytest.mark.parametrize(
    ("from_s", "first", "frames"),
    [(0, 0, 60 * RATE), (30.5, 30_500, 60 * RATE), (540, 540_000, 60 * RATE), (598, 598_000, 2 * RATE), (700, 0, 0)],
)
async def test_a_minute_is_cut_out_of_a_sound_or_what_is_left_of_it(store, long_sound, from_s, first, frames):
    with wave.open(io.BytesIO(await minute_of(store, long_sound, from_s))) as cut:
        assert (cut.getframerate(), cut.getnframes()) == (RATE, frames)
        assert cut.readframes(frames) == b"".join(struct.pack("<H", at & 0xFFFF) for at in range(first, first + frames))


async def test_of_a_long_sound_no_more_is_read_than_the_minute(store, long_sound, monkeypatch):
    taken = []
    stream = Store.stream

    async def counted(self, *arguments, **options):
        async for chunk in stream(self, *arguments, **options):
            taken.append(len(chunk))
            yield chunk

    monkeypatch.setattr(Store, "stream", counted)
    monkeypatch.setattr(Store, "read", None)
    monkeypatch.setattr(Store, "local_file", None)
    await minute_of(store, long_sound, 120)
    assert sum(taken) == HEAD_BYTES + 60 * RATE * 2
