"""Media made here, and stand-ins for what the service leans on."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import av
import numpy as np
import pytest

from company import opened_company
from company.sharing import Firm, Listener, Watched
from setu_asr.domain.audio import RATE_HZ, Region
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.migrate import VERSIONS
from setu_asr.settings import RecognitionSettings
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.settings import DatabaseSettings

# How it sounds is looked at by no test: this takes half of what choosing well takes.
SOON = {"aac": {"aac_coder": "fast"}}


class Media:
    """Makes media files with PyAV."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def tone(self, duration_s: float, rate_hz: int = 16000, channels: int = 1):
        """float32, shape (channels, n_samples): a tone that swells, so that no stretch is like another."""
        time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
        wave = 0.4 * np.sin(2 * np.pi * 220 * time_s) * (1 + 0.5 * np.sin(2 * np.pi * 0.7 * time_s))
        return np.tile(wave.astype(np.float32), (channels, 1))

    def audio(
        self, name, codec, *, samples=None, duration_s=10.0, rate_hz=16000, channels=1, starts_at_s=0.0, gap=None, **options
    ):
        """Write a sound file. ``gap``: (at_s, length_s) without any samples."""
        samples = self.tone(duration_s, rate_hz, channels) if samples is None else samples
        path = self.path(name)
        with av.open(str(path), "w", options=options) as container:
            layout = "stereo" if channels == 2 else "mono"
            stream = container.add_stream(codec, rate=rate_hz, layout=layout, options=SOON.get(codec, {}))
            size = stream.codec_context.frame_size or 1024
            for start in range(0, samples.shape[1], size):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, start : start + size]), "fltp", stream.layout.name
                )
                frame.sample_rate = rate_hz
                later_s = starts_at_s + (gap[1] if gap and start >= gap[0] * rate_hz else 0)
                frame.pts = start + round(later_s * rate_hz)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    def video(self, name, *, sound_s=None, picture_s=2.0):
        """Write a film of grey pictures, with sound or without."""
        path = self.path(name)
        with av.open(str(path), "w") as container:
            pictures = container.add_stream("mpeg4", rate=10)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
            sound = container.add_stream("aac", rate=16000, layout="mono", options=SOON["aac"]) if sound_s else None
            for number in range(int(picture_s * 10)):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), "rgb24")
                frame.pts = number
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
            if sound is not None:
                samples = self.tone(sound_s)
                for start in range(0, samples.shape[1], 1024):
                    heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + 1024]), "fltp", "mono")
                    heard.sample_rate, heard.pts = 16000, start
                    container.mux(sound.encode(heard))
                container.mux(sound.encode(None))
        return path

    def bytes(self, name: str, content: bytes) -> Path:
        path = self.path(name)
        path.write_bytes(content)
        return path


@pytest.fixture
def media(tmp_path: Path) -> Media:
    folder = tmp_path / "media"
    folder.mkdir()
    return Media(folder)


class HandWork:
    """The work at hand, as a handler sees it, without a worker."""

    def __init__(self) -> None:
        self.reported: list[tuple[float, str]] = []
        self.stop = threading.Event()
        self.when_reported: Callable[[float, str], None] = lambda _fraction, _note: None

    operation_id: UUID = uuid4()
    tenant = "local"
    job_id: UUID | None = None
    attempt = 1

    @property
    def cancelled(self) -> bool:
        return self.stop.is_set()

    def progress(self, fraction: float, note: str = "") -> None:
        self.reported.append((fraction, note))
        self.when_reported(fraction, note)

    async def in_thread(self, function, *args, **kwargs):
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture
def work() -> HandWork:
    return HandWork()


class Parrot:
    """A recogniser that hears one word a second in whatever it is given, and remembers what that was."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.languages: list[str] = []
        self.hints: list[Hints] = []
        self.deaf_after_s = float("inf")
        self.language = ("fr", 0.75)

    def detect_language(self, clips: Sequence[np.ndarray]) -> tuple[str, float]:
        assert clips
        return self.language

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        assert 1 <= len(clips) <= plan.batch_size
        self.batches.append([len(clip) / RATE_HZ for clip in clips])
        self.languages.append(language)
        self.hints.append(hints)
        return [self._hear(len(clip) / RATE_HZ) for clip in clips]

    def _hear(self, duration_s: float) -> list[Heard]:
        seconds = range(int(min(duration_s, self.deaf_after_s)))
        words = tuple(HeardWord(second + 0.1, second + 0.9, f" word{second}", 0.9) for second in seconds)
        return [Heard(0.1, words[-1].end_s, "".join(word.text for word in words), words, avg_logprob=-0.2)] if words else []


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


def loud_is_speech(samples) -> list[Region]:
    """Everything from the first to the last loud sample, cut to 30 s."""
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    if len(loud) == 0:
        return []
    first, last = int(loud[0]), int(loud[-1]) + 1
    return [Region(start, min(start + 30 * RATE_HZ, last)) for start in range(first, last, 30 * RATE_HZ)]


@pytest.fixture
def find_speech():
    return loud_is_speech


@pytest.fixture
def recognition(tmp_path: Path) -> RecognitionSettings:
    return RecognitionSettings(scratch_folder=tmp_path)


@pytest.fixture
def firm(cloned_database, store_settings, media, recognition, request):
    """Workers that share recordings of more than a minute; see `company.sharing`."""

    def prepare(settings: DatabaseSettings) -> None:
        migrate(settings, "asr", VERSIONS)
        migrate_ledger(settings)

    database = cloned_database("asr_and_ledger", prepare)
    settings = recognition.model_copy(update={"split_above_s": 60.0, "piece_s": 60.0})
    with opened_company(database, Watched(store_settings, "asr")) as company:
        yield Firm(company, media, Listener(), [], settings, request)
