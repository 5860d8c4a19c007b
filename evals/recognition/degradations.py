"""What is done to clean speech, by kinds, each in five strengths from hardly audible to hopeless."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph

from evals import sounds
from evals.voices import RATE_HZ, Samples, resampled

HUM_HZ: Final = 50.0
HUM_PARTS: Final = 24
CLIPPED_AT: Final = 0.5
DECAY: Final = 6.908  # of sixty decibels: the natural logarithm of a thousand
DROPOUT_S: Final = (0.06, 0.22)
NARROW_HZ: Final = 8_000
GENERATIONS: Final = 3
WOW_HZ: Final = 2.5


@dataclass(frozen=True)
class Sound:
    """Clean speech, and what may be needed to spoil it.

    Args:
        speech: float32, shape (n_samples,), mono, -1..1, 16 kHz.
        others: gives what other people say.
        dice: whatever is random comes from it.
    """

    speech: Samples
    others: Callable[[], Sequence[Samples]]
    dice: np.random.Generator

    @property
    def duration_s(self) -> float:
        """How long it is, seconds."""
        return len(self.speech) / RATE_HZ

    @property
    def seed(self) -> int:
        """For what takes a seed."""
        return int(self.dice.integers(1, 2**31))


@dataclass(frozen=True)
class Kind:
    """A way of spoiling speech.

    Args:
        spoil: takes the sound and one of the strengths.
        strengths: from weak to strong, in the unit that the name of the function's argument tells.
    """

    spoil: Callable[[Sound, float], Samples]
    strengths: tuple[float, float, float, float, float]


def _white(sound: Sound, snr_db: float) -> Samples:
    return _mixed(sound.speech, sounds.white_noise(sound.duration_s + 1, sound.seed), snr_db)


def _pink(sound: Sound, snr_db: float) -> Samples:
    return _mixed(sound.speech, sounds.pink_noise(sound.duration_s + 1, sound.seed), snr_db)


def _brown(sound: Sound, snr_db: float) -> Samples:
    """Equal steps at random, as of a ship's engine; nothing below 20 Hz."""
    count = len(sound.speech)
    spectrum = np.fft.rfft(sound.dice.standard_normal(count))
    frequency_hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 20.0)
    noise = np.fft.irfft(spectrum / frequency_hz, count)
    return _mixed(sound.speech, np.asarray(noise / np.abs(noise).max(), np.float32), snr_db)


def _music(sound: Sound, snr_db: float) -> Samples:
    return _mixed(sound.speech, sounds.music(sound.duration_s + 1, sound.seed), snr_db)


def _crowd(sound: Sound, snr_db: float) -> Samples:
    return _mixed(sound.speech, sounds.crowd(sound.duration_s + 1, sound.others(), sound.seed), snr_db)


def _hum(sound: Sound, snr_db: float) -> Samples:
    """Mains hum with its harmonics."""
    time_s = np.arange(len(sound.speech)) / RATE_HZ
    wave = np.zeros(len(time_s))
    for part in range(1, HUM_PARTS + 1):
        wave += sound.dice.uniform(0.3, 1.0) / part**0.6 * np.sin(2 * np.pi * (part * HUM_HZ * time_s + sound.dice.random()))
    return _mixed(sound.speech, np.asarray(wave * (sounds.LEVEL / wave.std()), np.float32), snr_db)


def _room(sound: Sound, decay_s: float) -> Samples:
    """Reverberation: noise that dies away by 60 dB in so long, as loud as the direct sound after a second of decay and more."""
    time_s = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    tail = sound.dice.standard_normal(len(time_s)) * np.exp(-DECAY * time_s / decay_s)
    tail[: int(0.004 * RATE_HZ)] = 0
    tail *= np.sqrt(min(decay_s, 4.0)) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    size = len(sound.speech) + len(tail)
    wave = np.fft.irfft(np.fft.rfft(sound.speech, size) * np.fft.rfft(tail, size), size)[: len(sound.speech)]
    return _as_loud(np.asarray(wave, np.float32), sound.speech)


def _noisy_room(sound: Sound, snr_db: float) -> Samples:
    """A room with half a second of reverberation, and noise in it."""
    return _pink(Sound(_room(sound, 0.6), sound.others, sound.dice), snr_db)


def _band(sound: Sound, cut_hz: float) -> Samples:
    """Nothing above so many hertz, nor below 300: a telephone, or something worse."""
    count = len(sound.speech)
    spectrum = np.fft.rfft(sound.speech)
    frequency_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    kept = np.where((frequency_hz > cut_hz) | (frequency_hz < 300.0), 0, spectrum)  # noqa: PLR2004 as the telephone's lower end
    return _as_loud(np.asarray(np.fft.irfft(kept, count), np.float32), sound.speech)


def _clipping(sound: Sound, gain_db: float) -> Samples:
    loudest = float(np.abs(sound.speech).max(initial=1e-9))
    return np.asarray(np.clip(sound.speech / loudest * 10 ** (gain_db / 20), -1, 1) * CLIPPED_AT, np.float32)


def _faint(sound: Sound, below_db: float) -> Samples:
    """So far below its level, in sixteen bits of which few are left, and a faint hiss that recorders have."""
    hiss = sounds.white_noise(sound.duration_s + 1, sound.seed)[: len(sound.speech)] * np.float32(2e-5 / sounds.LEVEL)
    wave = sound.speech * np.float32(10 ** (-below_db / 20)) + hiss
    return np.asarray(np.round(wave * 32767) / 32767, np.float32)


def _dropouts(sound: Sound, share: float) -> Samples:
    """Holes, as of packets that are lost."""
    wave = sound.speech.copy()
    while float((wave == 0).mean()) - float((sound.speech == 0).mean()) < share:
        start = int(sound.dice.integers(len(wave)))
        wave[start : start + int(sound.dice.uniform(*DROPOUT_S) * RATE_HZ)] = 0
    return wave


def _overlap(sound: Sound, above_db: float) -> Samples:
    """Somebody else talks as well, so many decibels less loud."""
    other = np.resize(sound.others()[0], len(sound.speech) + RATE_HZ)
    return _mixed(sound.speech, np.roll(other, int(sound.dice.integers(len(other)))), above_db)


def _tempo(sound: Sound, times: float) -> Samples:
    """So many times as fast, at the same pitch."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE_HZ, format="flt", layout="mono", time_base=Fraction(1, RATE_HZ))
    tempo, sink = graph.add("atempo", f"{times:g}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    graph.push(_frame(sound.speech, RATE_HZ, 0))
    graph.push(None)
    parts: list[Samples] = []
    while True:
        try:
            parts.append(np.asarray(graph.pull().to_ndarray(), np.float32).reshape(-1))
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts)


def _wow(sound: Sound, share: float) -> Samples:
    """A tape whose speed swings by so much of itself."""
    time_s = np.arange(len(sound.speech)) / RATE_HZ
    swing_s = share / (2 * np.pi * WOW_HZ) * np.sin(2 * np.pi * (WOW_HZ * time_s + sound.dice.random()))
    return np.asarray(np.interp(time_s + swing_s, time_s, sound.speech), np.float32)


def _coded(codec: str, container: str, rate_hz: int = RATE_HZ) -> Callable[[Sound, float], Samples]:
    """Coded, decoded and coded again, as what is passed on is: once is heard by nobody."""

    def spoil(sound: Sound, kbit_s: float) -> Samples:
        wave = resampled(sound.speech, RATE_HZ, rate_hz)
        for _ in range(GENERATIONS):
            wave = once(wave, kbit_s)
        return resampled(wave, rate_hz, RATE_HZ)

    def once(wave: Samples, kbit_s: float) -> Samples:
        file = io.BytesIO()
        with av.open(file, "w", format=container) as writer:
            stream = writer.add_stream(codec, rate=rate_hz, layout="mono")
            if not isinstance(stream, AudioStream):
                raise TypeError(f"{codec} is no codec of sound")
            stream.codec_context.bit_rate = int(kbit_s * 1000)
            resampler = av.AudioResampler(
                stream.codec_context.format, "mono", rate_hz, frame_size=stream.codec_context.frame_size
            )
            for frame in (*resampler.resample(_frame(wave, rate_hz, 0)), *resampler.resample(None)):
                writer.mux(stream.encode(frame))
            writer.mux(stream.encode(None))
        file.seek(0)
        back = av.AudioResampler("flt", "mono", rate_hz)
        with av.open(file, "r") as reader:
            frames = [part for frame in reader.decode(audio=0) for part in back.resample(frame)]
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in (*frames, *back.resample(None))])
        return np.asarray(heard, np.float32)

    return spoil


def _frame(samples: Samples, rate_hz: int, pts: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), "flt", "mono")
    frame.sample_rate, frame.pts = rate_hz, pts
    return frame


def _mixed(speech: Samples, background: Samples, snr_db: float) -> Samples:
    """Speech and what is behind it; what is louder than the speech takes its level, or the sum would be clipped as well."""
    return sounds.mixed(speech * np.float32(min(1.0, 10 ** (snr_db / 20))), background, snr_db)


def _as_loud(wave: Samples, as_this: Samples) -> Samples:
    level = float(np.sqrt(np.square(wave).mean()))
    wanted = float(np.sqrt(np.square(as_this).mean()))
    return np.asarray(np.clip(wave * (wanted / max(level, 1e-9)), -1, 1), np.float32)


def _clean(sound: Sound, _: float) -> Samples:
    return sound.speech


CLEAN: Final = "clean"
# No kind is in both, except speech that is left as it is.
TRAIN: Final[Mapping[str, Kind]] = {
    CLEAN: Kind(_clean, (0, 0, 0, 0, 0)),
    "white noise": Kind(_white, (18, 12, 8, 4, 0)),
    "pink noise": Kind(_pink, (16, 11, 7, 3, -1)),
    "music": Kind(_music, (10, 3, -2, -6, -11)),
    "hum": Kind(_hum, (4, -3, -6, -8, -11)),
    "reverberation": Kind(_room, (0.4, 0.8, 1.1, 1.5, 2.2)),
    "noisy room": Kind(_noisy_room, (18, 13, 9, 5, 1)),
    "band limit": Kind(_band, (3000, 2000, 1700, 1450, 1200)),
    "mp3": Kind(_coded("libmp3lame", "mp3"), (24, 16, 12, 10, 8)),
    "aac": Kind(_coded("aac", "adts"), (14, 10, 8, 6.5, 5)),
    "clipping": Kind(_clipping, (20, 30, 36, 42, 50)),
    "faster": Kind(_tempo, (1.5, 1.8, 2.0, 2.2, 2.5)),
    "faint": Kind(_faint, (44, 50, 53, 55, 58)),
}
TEST: Final[Mapping[str, Kind]] = {
    CLEAN: Kind(_clean, (0, 0, 0, 0, 0)),
    "brown noise": Kind(_brown, (6, 1, -4, -8, -12)),
    "crowd": Kind(_crowd, (18, 14, 11, 8, 4)),
    "opus": Kind(_coded("libopus", "ogg"), (10, 8, 7, 6, 5)),
    "telephone codec": Kind(_coded("libopencore_amrnb", "amr", NARROW_HZ), (12.2, 10.2, 7.4, 5.9, 4.75)),
    "overlap": Kind(_overlap, (18, 14, 10, 7, 4)),
    "dropouts": Kind(_dropouts, (0.05, 0.1, 0.16, 0.22, 0.3)),
    "wow": Kind(_wow, (0.05, 0.12, 0.2, 0.28, 0.4)),
}
