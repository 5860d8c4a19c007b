"""Whatever a decoder gives becomes 16-bit mono at one rate."""

from collections.abc import Iterator
from typing import Final

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from av.filter import Graph

from setu_asr.engines.demux.order import SAMPLE_BYTES

FASTEST_HZ: Final = 1_536_000  # twice the fastest converters; the resampler's memory grows with it
NAMED_CHANNELS: Final = 8  # up to here, layouts say which speaker is which; beyond, all channels count alike


class Mixer:
    """Mixes frames down, and takes their rate to another. Frames of another shape may follow at any time.

    Args:
        rate_hz: of what comes out.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._shape: tuple[str, str, int] | None = None
        self._way: AudioResampler | _Average | None = None

    def mix(self, frame: AudioFrame) -> Iterator[memoryview]:
        """What comes out for a frame: int16 samples."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._shape:
            yield from self.rest()
            self._way, self._shape = self._way_for(frame), shape
        if self._way is not None:
            yield from map(_samples, self._way.resample(frame))

    def rest(self) -> Iterator[memoryview]:
        """What is still held; afterwards it starts anew."""
        way, self._way, self._shape = self._way, None, None
        if way is not None:
            yield from map(_samples, way.resample(None))

    def _way_for(self, frame: AudioFrame) -> "AudioResampler | _Average":
        layout = frame.layout
        if layout.nb_channels > NAMED_CHANNELS or layout.name.endswith("channels"):
            return _Average(frame, self._rate_hz)
        return AudioResampler(format="s16", layout="mono", rate=self._rate_hz)


class _Average:
    """The mean of all channels, where nothing says which speaker is which."""

    def __init__(self, frame: AudioFrame, rate_hz: int) -> None:
        channels = frame.layout.nb_channels
        mean = "+".join(f"{1 / channels:.6f}*c{number}" for number in range(channels))
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name, time_base=frame.time_base
        )
        pan = graph.add("pan", f"mono|c0={mean}")
        form = graph.add("aformat", sample_rates=str(rate_hz), sample_fmts="s16", channel_layouts="mono")
        graph.link_nodes(source, pan, form, graph.add("abuffersink")).configure()
        self._graph = graph

    def resample(self, frame: AudioFrame | None) -> list[AudioFrame]:
        """As `av.audio.resampler.AudioResampler` does."""
        self._graph.push(frame)
        made: list[AudioFrame] = []
        while True:
            try:
                pulled = self._graph.pull()
            except (BlockingIOError, EOFError, FFmpegError):
                return made
            assert isinstance(pulled, AudioFrame)  # noqa: S101 an audio sink
            made.append(pulled)


def _samples(frame: AudioFrame) -> memoryview:
    return memoryview(frame.planes[0])[: frame.samples * SAMPLE_BYTES]
