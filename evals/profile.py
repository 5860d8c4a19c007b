"""How right the audio profile is, and what it costs: ``python -m evals.profile``.

Speech is the catalogue's samples, nine languages; sounds are synthesised. The true syllables of a sample are counted in its text.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean, median
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream

from evals import sounds
from evals.corpus import Recording, clips
from evals.voices import RATE_HZ, Samples, resampled
from setu_asr.domain.profile.levels import LevelMeter
from setu_asr.domain.profile.measure import Sound, SoundMeter
from setu_asr.engines.demuxer import decode
from setu_asr.engines.voicing import SileroVoices
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

SNRS_DB: Final = (0.0, 5.0, 10.0, 20.0, 30.0)
BACKGROUNDS: Final = ("white noise", "pink noise", "crowd")
CUTS_HZ: Final = (1500.0, 2500.0, 3400.0, 4000.0, 5500.0)
GAINS: Final = (1.0, 4.0, 8.0, 16.0)
CODED_HZ: Final = 44_100
CODECS: Final = {"wav": "pcm_s16le", "m4a": "aac", "mp3": "libmp3lame"}
MUSIC_UNDER_DB: Final = (0.0, 10.0, 15.0, 20.0)
ROOMS_S: Final = (0.0, 0.2, 0.3, 0.5, 0.8, 1.2)
ROOM_PAUSE_S: Final = 0.3
ROOM_NOISE_DB: Final = 20.0
HIGHER: Final = (0.8, 1.0, 1.25)
SOUND_S: Final = 90.0
LONG_S: Final = 1800.0
THRESHOLD: Final = 0.5
VOWELS: Final[Mapping[str, str]] = {
    "hi": r"[\u0904-\u0914]|[\u0915-\u0939\u0958-\u095f](?!\u094d)",  # independent vowels, and consonants that keep theirs
    "": r"[aeiouyáéíóúàâêôãõäöüèëïîûùąęó]+",
}
UNCOUNTED: Final = ("ja", "zh")  # no vowels in their writing


def main() -> None:
    """Print a table."""
    voices = SileroVoices()
    speech = list(clips(Catalogue.load(ModelSettings())))
    joined = _joined(speech)
    for name, value, of in (
        *_ratios(joined, speech, voices),
        *_bandwidths(joined, voices),
        *_clipping(joined),
        *_music(joined, speech, voices),
        *_rates(speech, voices),
        *_rooms(speech, voices),
        *_pitches(joined, voices),
        *_cost(joined, voices),
    ):
        sys.stdout.write(f"{name:44} {value:>10}  {of}\n")


def measured(samples: Samples, voices: SileroVoices) -> Sound:
    """The figures of a recording."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    meter = SoundMeter(THRESHOLD)
    for start in range(0, len(pcm), 60 * RATE_HZ):
        piece = pcm[start : start + 60 * RATE_HZ]
        meter.add(piece, voices(piece.astype(np.float32) / np.float32(32768)))
    return meter.figures()


def _joined(speech: list[Recording], apart_s: float = 0.5) -> Samples:
    """All samples, equally loud, so far apart."""
    pause = sounds.silence(apart_s)
    levelled = [each.samples * np.float32(0.05 / np.sqrt(np.square(each.samples).mean())) for each in speech]
    return np.concatenate([part for samples in levelled for part in (samples, pause)])


Row = tuple[str, str, str]


def _background(name: str, duration_s: float, speech: list[Recording]) -> Samples:
    return sounds.crowd(duration_s, [each.samples for each in speech]) if name == "crowd" else sounds.STEADY[name](duration_s)


def _ratios(joined: Samples, speech: list[Recording], voices: SileroVoices) -> Iterator[Row]:
    for name in BACKGROUNDS:
        behind = _background(name, len(joined) / RATE_HZ + 1, speech)
        for snr_db in SNRS_DB:
            found = measured(sounds.mixed(joined, behind, snr_db), voices)
            yield (
                f"SNR in {name}",
                _shown(found.snr_db, "dB"),
                f"mixed at {snr_db:g} dB; syllables/s {_shown(found.speech_rate_sps)}",
            )


def _bandwidths(joined: Samples, voices: SileroVoices) -> Iterator[Row]:
    spectrum = np.fft.rfft(joined)
    frequency_hz = np.fft.rfftfreq(len(joined), 1 / RATE_HZ)
    for cut_hz in CUTS_HZ:
        cut = np.fft.irfft(np.where(frequency_hz > cut_hz, 0, spectrum), len(joined)).astype(np.float32)
        yield "bandwidth of speech", _shown(measured(cut, voices).bandwidth_hz, "Hz"), f"cut at {cut_hz:g} Hz"


def _clipping(joined: Samples) -> Iterator[Row]:
    wave = resampled(joined[: 20 * RATE_HZ], RATE_HZ, CODED_HZ)
    wave = wave / np.abs(wave).max()
    for gain in GAINS:
        for ending, codec in CODECS.items():
            with tempfile.NamedTemporaryFile(suffix=f".{ending}") as file:
                _encode(Path(file.name), codec, np.clip(wave * np.float32(gain), -1, 1))
                meter = LevelMeter()
                meter.add(np.asarray(decode(Path(file.name), None, 3600, lambda _share: None).pcm))
            true = float((np.abs(wave * gain) > 1).mean())
            yield (
                f"clipped samples in {ending}",
                f"{100 * meter.clipping_ratio:.2f} %",
                f"clipped at {CODED_HZ} Hz: {100 * true:.2f} %",
            )


def _encode(path: Path, codec: str, wave: Samples) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=CODED_HZ, layout="mono")
        assert isinstance(stream, AudioStream)  # noqa: S101 codecs of sound
        size = stream.codec_context.frame_size or 4096
        for start in range(0, len(wave), size):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None, start : start + size]), "fltp", "mono")
            frame.sample_rate, frame.pts = CODED_HZ, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _music(joined: Samples, speech: list[Recording], voices: SileroVoices) -> Iterator[Row]:
    for name in (*sounds.STEADY, "crowd"):
        found = measured(_background(name, SOUND_S, speech), voices)
        yield f"music ratio, speech ratio of {name}", f"{found.music_ratio:.2f} {found.speech_ratio:.2f}", "nobody speaks"
    yield "music ratio of speech", f"{measured(joined, voices).music_ratio:.2f}", "no music"
    music = sounds.music(len(joined) / RATE_HZ + 1)
    for under_db in MUSIC_UNDER_DB:
        found = measured(sounds.mixed(joined, music, under_db), voices)
        yield "music ratio of speech over music", f"{found.music_ratio:.2f}", f"music {under_db:g} dB below"


def _rates(speech: list[Recording], voices: SileroVoices) -> Iterator[Row]:
    off, ratios = [], []
    for each in speech:
        true = syllables(each.reference, each.language)
        # Four times over, since a few seconds have no rate.
        found = measured(np.concatenate([each.samples] * 4), voices)
        if true and found.speech_rate_sps is not None:
            counted = found.speech_rate_sps * found.speech_ratio * each.duration_s
            off.append(abs(counted - true) / true)
            ratios.append(counted / true)
    yield "syllables counted per true one", f"{median(ratios):.2f}", f"median of {len(ratios)} clips"
    yield "error of a clip's syllables", f"{100 * mean(off):.0f} %", f"mean of {len(off)} clips"


def syllables(text: str, language: str) -> int | None:
    """How many syllables a text has, by its vowels; None where its writing has none."""
    if language in UNCOUNTED:
        return None
    vowels = VOWELS.get(language, VOWELS[""])
    if language == "hi":
        return len(re.findall(vowels, text))
    count = 0
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        silent = {"en": r"[^l]e$", "fr": r"(e|es|ent)$"}.get(language)
        found = len(re.findall(vowels, word))
        count += max(1, found - bool(silent and found > 1 and re.search(silent, word)))
    return count


def _rooms(speech: list[Recording], voices: SileroVoices) -> Iterator[Row]:
    dry = _joined(speech, ROOM_PAUSE_S)
    noise = sounds.pink_noise(len(dry) / RATE_HZ + 1)
    for t60_s in ROOMS_S:
        wet = _in_a_room(dry, t60_s) if t60_s else dry
        found, noisy = (measured(each, voices) for each in (wet, sounds.mixed(wet, noise, ROOM_NOISE_DB)))
        yield (
            "reverberation",
            _shown(found.reverberation_s, "s", 2),
            f"T60 {t60_s:g} s; in noise {ROOM_NOISE_DB:g} dB below {_shown(noisy.reverberation_s, 's', 2)}",
        )


def _in_a_room(dry: Samples, t60_s: float) -> Samples:
    """With the tail of a room: noise that falls by 60 dB in that time, with as much energy as the sound that comes straight."""
    time_s = np.arange(int(1.2 * t60_s * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(1).standard_normal(len(time_s)) * 10 ** (-3 * time_s / t60_s)
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    size = 1 << (len(dry) + len(tail)).bit_length()
    return np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(tail, size), size)[: len(dry)].astype(np.float32)


def _pitches(joined: Samples, voices: SileroVoices) -> Iterator[Row]:
    for factor in HIGHER:
        found = measured(resampled(joined, RATE_HZ, round(RATE_HZ / factor)), voices)
        yield (
            "pitch, its spread",
            f"{_shown(found.pitch_hz)} Hz {_shown(found.pitch_spread_st)} st",
            f"all at {factor:g} of their speed",
        )


def _cost(joined: Samples, voices: SileroVoices) -> Iterator[Row]:
    long = np.resize(joined, int(LONG_S * RATE_HZ))
    began_s = time.process_time()
    measured(long, voices)
    whole_s = time.process_time() - began_s
    began_s = time.process_time()
    for start in range(0, len(long), 60 * RATE_HZ):
        voices(long[start : start + 60 * RATE_HZ])
    model_s = time.process_time() - began_s
    yield "CPU time beside the model", f"{100 * (whole_s - model_s) / LONG_S:.2f} %", f"of {LONG_S:g} s of sound"
    yield "CPU time in the model that tells speech", f"{100 * model_s / LONG_S:.2f} %", f"of {LONG_S:g} s of sound"


def _shown(value: float | None, unit: str = "", digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f} {unit}".strip()


if __name__ == "__main__":
    main()
