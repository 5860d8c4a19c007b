"""How an error rate is known, and how much it counts; observations as examples that a model learns from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from setu_common.contracts import Candidate, Context, WerBasis
from setu_optimizer.domain.knowledge.scopes import scopes_of
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import vector_from

ObservationSource = Literal["job", "history", "second-candidate"]
"""Where an observation comes from: a job of Setu's, one of another system, or a minute of a job that was heard once more."""

KNOWN_WEIGHT: Final = 1.0
ESTIMATED_WEIGHT: Final = 0.25
"""An estimate is off by several points on average, and always in the direction in which the recogniser misjudges itself."""
DOUBTED_WEIGHT: Final = 0.25
"""A counted error rate that the recogniser's own confidence contradicts by far: it may be right, and it may be another recording's text."""
DOUBTED_APART: Final = 0.35
"""Distance of the roots of both from which on it is doubted: 12 errors in 100 words, of a transcript of which none were expected."""


@dataclass(frozen=True)
class Label:
    """An error rate, how it is known, and how much it counts; None and 0 where nothing is known."""

    wer: float | None
    basis: WerBasis | None
    weight: float


@dataclass(frozen=True)
class Seen:
    """An observation as it is learned from.

    Args:
        id: of its row.
        recording: whose it is, over all tenants.
        work: the series or film, over all tenants: recordings of one have voices and sound in common.
        language: that is spoken.
        figures: profile, and probe under names that begin with ``probe_``.
        candidate: how it was transcribed.
        wer: errors per word.
        weight: how much that counts.
        known: whether the errors were counted.
    """

    id: UUID
    recording: str
    work: str
    language: str
    figures: Mapping[str, object]
    candidate: Candidate
    wer: float
    weight: float
    known: bool


def label_of(known: float | None, estimated: float | None) -> Label:
    """What is taken for true, of errors that people's corrections tell and those that a recogniser's confidence speaks for."""
    if known is not None:
        apart = abs(known**0.5 - estimated**0.5) if estimated is not None else 0.0
        return Label(known, "known", DOUBTED_WEIGHT if apart > DOUBTED_APART else KNOWN_WEIGHT)
    if estimated is not None:
        return Label(estimated, "estimated", ESTIMATED_WEIGHT)
    return Label(None, None, 0.0)


def work_of(context: Context, recording: str) -> str:
    """The series or film that a recording is of, as a key that tells nobody which it is; a recording of none is one by itself.

    Args:
        context: names the series or film; a title such as "Mirzapur S01E02" names a series.
        recording: the same for the same sound, where that is known.
    """
    named = next((each.key for each in scopes_of(context) if each.level in ("series", "title")), "")
    return hashlib.sha256((named or recording).encode()).hexdigest()[:16]


def example_of(seen: Seen) -> Example:
    """An observation as an example.

    Its time is left out: it is of another machine, and of whatever ran there beside it. What a way takes on a machine is calibrated there.
    """
    return Example(
        recording=seen.recording,
        group=seen.work,
        language=seen.language,
        figures=vector_from(seen.figures),
        candidate=seen.candidate,
        wer=seen.wer,
        weight=seen.weight,
        measured=seen.known,
    )
