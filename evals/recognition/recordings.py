"""Which recordings there are, by whom, of what, and spoiled how; and making them.

Nothing of the test is in the training: other texts, other voices, other ways of being spoiled (clean speech is in both).
"""

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final, Literal

import numpy as np

from evals import sounds
from evals.corpus import CACHE, TEXTS, clips, read_wav, write_wav
from evals.recognition.degradations import CLEAN, TEST, TRAIN, Sound
from evals.voices import Samples, Voice
from setu_common.models import Catalogue

FOLDER: Final = CACHE / "recognition"
SEED: Final = 7
PAUSE_S: Final = (0.3, 0.8)
BETWEEN_S: Final = 1.5
CLIP_AFTER: Final = 4  # sentences
REAL: Final = "clips"
SHORTENED: Final = ("faster",)  # two texts, or it were less than a minute
SLOW: Final = ("kokoro",)  # speaks no faster than one listens: it reads few texts
SLOW_TEXTS: Final = 2
LEVELS: Final = (1, 2, 3, 0, 2, 1, 3, 2, 4, 1)  # the middle most often, hopeless once in ten

Split = Literal["train", "test"]
# A voice that is only higher or faster is the same voice: it stays on its side.
VOICES: Final[dict[Split, tuple[Voice, ...]]] = {
    "train": (
        Voice("piper", "joe"),
        Voice("pico", "en-US"),
        Voice("kokoro", "en-us/jm_kumo"),
        Voice("piper", "joe", pitch=0.88),
        Voice("espeak", "en-us", rate=0.95),
        Voice("pico", "en-US", pitch=0.85),
        Voice("kokoro", "en-us/jf_alpha"),
        Voice("piper", "joe", rate=1.1, pitch=1.14),
        Voice("pico", "en-US", rate=1.1, pitch=1.15),
    ),
    "test": (
        Voice("pico", "en-GB"),
        Voice("kokoro", "en-us/jf_gongitsune"),
        Voice("pico", "en-GB", pitch=0.82),
        Voice("kokoro", "en/jf_nezumi"),
        Voice("espeak", "en+f4", rate=0.95),
        Voice("pico", "en-GB", rate=1.15, pitch=1.12),
    ),
}
KINDS: Final = {"train": TRAIN, "test": TEST}
# Recordings of each kind; the kinds that are named here are heard more often than the others.
CLEAN_COUNT: Final = {"train": 24, "test": 20}
OFTEN: Final = {"crowd": 36, "overlap": 20}
COUNT: Final = {"train": 9, "test": 8}
# So many texts in one recording, by turns; most have one, which is a minute.
LONG: Final = {5: 2, 17: 3, 31: 2, 43: 3, 58: 2, 71: 3, 86: 2, 99: 10, 112: 3}


@dataclass(frozen=True)
class Spec:
    """One recording to be.

    Args:
        number: unique in its split.
        split: ``train`` or ``test``.
        texts: names of scripts in evals/texts/optimizer, one after the other.
        voices: who speaks each of them.
        real: the catalogue's clips are heard among the sentences.
        kind: how it is spoiled.
        strength: how much, in the kind's own unit.
        level: the same as one of five, 0 the weakest.
    """

    number: int
    split: Split
    texts: tuple[str, ...]
    voices: tuple[Voice, ...]
    real: bool
    kind: str
    strength: float
    level: int

    @property
    def name(self) -> str:
        """Unique in all."""
        return f"{self.split}-{self.number:03}"

    @property
    def voice(self) -> str:
        """Who speaks, for a table."""
        spoken = dict.fromkeys(_voice_name(each) for each in self.voices)
        return "+".join((*spoken, REAL) if self.real else spoken)

    @property
    def cells(self) -> dict[str, str | float | int | None]:
        """What tells it from others, and from what had its name before the plan was changed."""
        return {
            "recording": self.name,
            "split": self.split,
            "texts": "+".join(self.texts),
            "voice": self.voice,
            "kind": self.kind,
            "strength": self.strength,
            "level": self.level,
        }


@dataclass(frozen=True)
class Made:
    """A recording and all that is said in it."""

    samples: Samples
    reference: str


def planned() -> list[Spec]:
    """All recordings, so mixed that the first ones of them are a fair choice of all."""
    dice = np.random.default_rng(SEED)
    specs = [spec for split in VOICES for spec in _of_split(split, dice)]
    # Each recording gets a place within its kind, and all are taken in order of that: every prefix has all kinds in proportion.
    counts = {(spec.split, spec.kind): 0 for spec in specs}
    totals = {key: sum((spec.split, spec.kind) == key for spec in specs) for key in counts}
    placed = []
    for spec in specs:
        key = (spec.split, spec.kind)
        placed.append(((counts[key] + dice.random()) / totals[key], spec))
        counts[key] += 1
    return [spec for _, spec in sorted(placed, key=lambda pair: pair[0])]


def _of_split(split: Split, dice: np.random.Generator) -> list[Spec]:
    texts = _texts(split)
    turns = cycle((text, voice) for text, voice in _pairs(texts, VOICES[split], dice))
    specs: list[Spec] = []
    for kind, way in KINDS[split].items():
        count = CLEAN_COUNT[split] if kind == CLEAN else OFTEN.get(kind, COUNT[split])
        for level in islice(cycle(LEVELS), count):
            number = len(specs)
            chosen = list(islice(turns, max(LONG.get(number, 1), 1 + (kind in SHORTENED))))
            spoken = tuple(dict(chosen))  # nothing is read twice in one recording
            specs.append(
                Spec(
                    number=number,
                    split=split,
                    texts=spoken,
                    voices=tuple(dict(chosen)[text] for text in spoken),
                    real=split == "test" and number % 9 == 4,  # noqa: PLR2004 few: there are three clips
                    kind=kind,
                    strength=way.strengths[level],
                    level=level,
                )
            )
    return specs


def _pairs(texts: Sequence[str], voices: Sequence[Voice], dice: np.random.Generator) -> list[tuple[str, Voice]]:
    """Every voice with every text, in an order in which neighbours differ in both."""
    rounds = []
    for shift in dice.permutation(len(texts)):
        for place, voice in enumerate(voices):
            number = (shift + place) % len(texts)
            rounds.append((texts[number % SLOW_TEXTS if voice.engine in SLOW else number], voice))
    return rounds


def _voice_name(voice: Voice) -> str:
    changed = "".join(f" {name} {value:g}" for name, value in (("rate", voice.rate), ("pitch", voice.pitch)) if value != 1)
    return f"{voice.engine} {voice.name}{changed}"


def slow(spec: Spec) -> bool:
    """Whether it takes as long to make as to listen to."""
    return any(voice.engine in SLOW for voice in spec.voices)


class Studio:
    """Makes recordings, and keeps them in build/evals.

    Args:
        catalogue: has the clips of real voices.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._clips = [(each.samples, each.reference) for each in clips(catalogue) if each.language == "en"]
        FOLDER.mkdir(parents=True, exist_ok=True)

    def made(self, spec: Spec) -> bool:
        """Whether it is kept."""
        return _path(spec).is_file()

    def make(self, spec: Spec) -> Made:
        """The recording, spoiled, and what is said in it."""
        path = _path(spec)
        reference = self._reference(spec)
        if not path.is_file():
            half = path.with_suffix(".half")
            write_wav(half, self._spoiled(spec))
            half.replace(path)
        return Made(read_wav(path), reference)

    def _reference(self, spec: Spec) -> str:
        said: list[str] = []
        for number, text in enumerate(spec.texts):
            for place, sentence in enumerate(sentences(spec.split, text)):
                said.append(sentence)
                clip = self._clip_after(spec, number, place)
                said += [clip[1]] if clip else []
        return " ".join(said)

    def _spoiled(self, spec: Spec) -> Samples:
        dice = np.random.default_rng([SEED, spec.number, spec.split == "test"])
        parts: list[Samples] = []
        for number, (text, voice) in enumerate(zip(spec.texts, spec.voices, strict=True)):
            for place, said in enumerate(self._spoken(spec.split, text, voice)):
                parts += [said, sounds.silence(float(dice.uniform(*PAUSE_S)))]
                clip = self._clip_after(spec, number, place)
                parts += [_as_loud_as(clip[0], said), sounds.silence(0.5)] if clip else []
            parts.append(sounds.silence(BETWEEN_S))
        speech = np.concatenate(parts)
        return KINDS[spec.split][spec.kind].spoil(Sound(speech, lambda: self._others(spec), dice), spec.strength)

    def _clip_after(self, spec: Spec, number: int, place: int) -> tuple[Samples, str] | None:
        turn, rest = divmod(place + 1, CLIP_AFTER)
        return self._clips[turn - 1] if spec.real and number == 0 and rest == 0 and turn <= len(self._clips) else None

    def _others(self, spec: Spec) -> list[Samples]:
        """What else is said on the same side: other texts by other voices that are quickly made."""
        known = _texts(spec.split)
        texts = [text for text in known if text not in spec.texts] or known
        quick = [voice for voice in VOICES[spec.split] if voice.engine != "kokoro" and voice not in spec.voices]
        pairs = [(texts[(spec.number + turn) % len(texts)], quick[(spec.number + turn) % len(quick)]) for turn in range(3)]
        return [np.concatenate(self._spoken(spec.split, text, voice)) for text, voice in pairs]

    def _spoken(self, split: Split, text: str, voice: Voice) -> list[Samples]:
        """A text sentence by sentence; kept, since many recordings are made of the same speech."""
        key = hashlib.sha256(f"{text}\0{sentences(split, text)}\0{voice}".encode()).hexdigest()[:16]
        path = FOLDER / "speech" / f"{text}-{key}.npz"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".half.npz")
            np.savez(half, *[(voice.say(sentence) * 32767).astype(np.int16) for sentence in sentences(split, text)])
            half.replace(path)
        with np.load(path) as kept:
            return [kept[f"arr_{place}"].astype(np.float32) / np.float32(32767) for place in range(len(kept.files))]


def _texts(split: Split) -> list[str]:
    return sorted(path.stem for path in (TEXTS / "optimizer" / split).glob("*.txt"))


def sentences(split: Split, text: str) -> list[str]:
    """A script of evals/texts/optimizer: a line a sentence; # is a comment."""
    rows = (TEXTS / "optimizer" / split / f"{text}.txt").read_text("utf-8").splitlines()
    return [row.strip() for row in rows if row.strip() and not row.startswith("#")]


def _path(spec: Spec) -> Path:
    return FOLDER / f"{spec.name}-{_fingerprint(spec)}.wav"


def _as_loud_as(clip: Samples, said: Samples) -> Samples:
    level = float(np.sqrt(np.square(clip).mean()))
    return np.asarray(np.clip(clip * (float(np.sqrt(np.square(said).mean())) / max(level, 1e-9)), -1, 1), np.float32)


def _fingerprint(spec: Spec) -> str:
    """Of all that a recording is made from; how the code is laid out doesn't count."""
    code = ast.dump(ast.parse((Path(__file__).parent / "degradations.py").read_text("utf-8")))
    texts = [sentences(spec.split, text) for text in spec.texts]
    return hashlib.sha256(f"{spec}\0{texts}\0{code}".encode()).hexdigest()[:10]
