"""What the service needs of a recogniser, whoever makes it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from setu_asr.domain.audio import Recording, Region, Samples
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_common.contracts import AsrPlan


class Recogniser(Protocol):
    """A loaded model. Calls block; one at a time."""

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """The language that is spoken, and how probable that is.

        Args:
            clips: speech; each float32, shape (n_samples,), mono, -1..1, 16 kHz, at most 30 s. At least one.
        """

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        """What is said in each clip, with times from the clip's start.

        Args:
            clips: as above; at most ``plan.batch_size``.
            language: a language code.
            plan: beam and batch size; whether doubtful stretches are heard again, where the engine does so.
            hints: a prompt and a temperature, where the engine takes them.
        """


@runtime_checkable
class Piecemeal(Recogniser, Protocol):
    """A recogniser that may stop in the midst of a batch: what it heard until then counts."""

    def pieces(
        self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS
    ) -> Iterator[list[list[Heard]]]:
        """As ``recognise``, some clips after the other, in their order."""


@runtime_checkable
class SpeechTranslator(Protocol):
    """A loaded model that can also tell what speech means in English. Calls block; one at a time."""

    def in_english(self, clips: Sequence[Samples], language: str, plan: AsrPlan) -> list[Heard | None]:
        """What each clip means, in English; None where nothing came that could be meant.

        Args:
            clips: as ``Recogniser.recognise`` takes them.
            language: the one that is spoken.
            plan: beam and batch size.
        """


@runtime_checkable
class Glancer(Protocol):
    """A loaded model that can tell quickly, and less exactly, what is said. Calls block; one at a time."""

    def glance(self, clips: Sequence[Samples], language: str) -> list[Heard]:
        """What is said in each clip, without times of words.

        Args:
            clips: as ``Recogniser.recognise`` takes them, at most 25 s each, any number.
            language: the one that is spoken.
        """


@dataclass(frozen=True)
class Finished:
    """What was heard once it is finished, and what is less than asked for."""

    heard: tuple[Heard, ...]
    notes: tuple[str, ...]


@runtime_checkable
class Finisher(Protocol):
    """A loaded model that has more to do once all of a recording is heard: aligning words, naming speakers. Calls block."""

    def finish(self, recording: Recording, heard: Sequence[Heard], language: str, plan: AsrPlan) -> Finished:
        """Finish what was heard.

        Args:
            recording: the whole of it.
            heard: with the recording's times.
            language: the one that is spoken.
            plan: says what is wanted.
        """


class SpeechDetector(Protocol):
    """Tells speech from other sound."""

    def __call__(self, samples: Samples) -> list[Region]:
        """Stretches of speech in order, not overlapping, each at most 30 s, in samples from the start of ``samples``."""


@dataclass(frozen=True)
class ModelKey:
    """Which model is loaded how."""

    engine: str
    model: str
    compute_type: str


Load = Callable[[ModelKey, Path], Recogniser]


@dataclass(frozen=True)
class Remote:
    """Takes the place of ``Load`` where the models lie elsewhere: the catalogue knows nothing of them, and there are no files to get.

    Args:
        connect: makes a recogniser of it.
        model: what is used where a plan names none of the engine's own.
    """

    connect: Callable[[ModelKey], Recogniser]
    model: str

    def __call__(self, key: ModelKey, _folder: Path) -> Recogniser:
        """As ``Load`` has it."""
        return self.connect(key)
