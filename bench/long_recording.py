"""A long recording whose every word is known: films of evals/texts one after the other, each time spoken by others."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
from evals import sounds, voices
from evals.corpus import (
    CACHE,
    CASTS,
    PACKAGES,
    SCENE_PAUSE_S,
    SENTENCE_PAUSE_S,
    TEXTS,
    Line,
    Recording,
    Tell,
    read_wav,
    scenes,
    write_wav,
)
from evals.voices import RATE_HZ, Samples

LANGUAGE: Final = "en"
FILMS: Final = ("en-market", "en-harbour")
RECAST: Final = 3  # by how many places the cast moves from one time to the next; no divisor of the cast's size


def long_recording(minutes: float, tell: Tell) -> Recording:
    """Scenes until there are so many minutes of them. It is kept in ``build/evals`` under a hash of all that it is made from.

    Args:
        minutes: how long it is at least; it ends with a scene.
        tell: is told how far the voices are.
    """
    key = f"long-{minutes:g}-{_fingerprint()}"
    sound, notes = CACHE / f"{key}.wav", CACHE / f"{key}.json"
    if not notes.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        samples, said = _spoken(minutes, tell)
        write_wav(sound, samples)
        notes.write_text(json.dumps({"reference": said}, ensure_ascii=False), "utf-8")
    return Recording(sound.stem, "long", LANGUAGE, read_wav(sound), json.loads(notes.read_text("utf-8"))["reference"])


def path_of(recording: Recording) -> Path:
    """Where it lies: WAV, 16 bits, mono, 16 kHz."""
    return CACHE / f"{recording.name}.wav"


def _fingerprint() -> str:
    texts = [(TEXTS / f"{name}.txt").read_text("utf-8") for name in FILMS]
    code = [Path(file).read_text("utf-8") for file in (__file__, voices.__file__)]
    cast = json.dumps([asdict(voice) for voice in CASTS[LANGUAGE]])
    versions = [f"{package} {metadata.version(package)}" for package in PACKAGES]
    return hashlib.sha256("\0".join((*texts, *code, cast, *versions)).encode()).hexdigest()[:12]


def _spoken(minutes: float, tell: Tell) -> tuple[Samples, str]:
    parts: list[Samples] = []
    said: list[str] = []
    length = 0
    for turn, scene in _scenes():
        for line in scene:
            parts.extend((turn[line.speaker].say(line.text), sounds.silence(SENTENCE_PAUSE_S)))
            said.append(line.text)
            length += len(parts[-2]) + len(parts[-1])
        parts.append(sounds.silence(SCENE_PAUSE_S))
        length += len(parts[-1])
        tell(f"voices have spoken {length / RATE_HZ / 60:.1f} of {minutes:g} minutes")
        if length >= 60 * minutes * RATE_HZ:
            break
    return np.concatenate(parts), " ".join(said)


def _scenes() -> Iterator[tuple[dict[str, voices.Voice], Sequence[Line]]]:
    """The films' scenes over and over, with who speaks in each."""
    cast = CASTS[LANGUAGE]
    for time in count():
        for name in FILMS:
            script = scenes((TEXTS / f"{name}.txt").read_text("utf-8"))
            speakers = dict.fromkeys(line.speaker for scene in script for line in scene)
            spoken_by = {speaker: cast[(place + RECAST * time) % len(cast)] for place, speaker in enumerate(speakers)}
            yield from ((spoken_by, scene) for scene in script)
