"""Observations in the database. Each function works on a connection whose transaction is the caller's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import AsrPlan, AudioProbe, AudioProfile, Candidate, Prediction, Reference
from setu_optimizer.domain.observing.correcting import Correction
from setu_optimizer.domain.observing.drift import Outcome
from setu_optimizer.domain.observing.labels import Label, ObservationSource, Seen
from setu_optimizer.domain.observing.signals import Signals
from setu_optimizer.domain.prediction.plans import candidate_of

MINUTE: Final = "audio/wav"
"""What a minute is that is heard again."""
# A job's correction and its observation may come at the same moment, in either order: each has to see the other.
_ALONE: Final[LiteralString] = (
    "SELECT pg_advisory_xact_lock(hashtextextended('setu.observing.' || %(tenant)s || %(recording)s, 0))"
)
_KEEP: Final[LiteralString] = """
INSERT INTO observation (tenant, source, recording, job_id, work, language, profile, probe, plan, candidate, prediction, duration_s,
    model_time_s, expected_wer, expected_time_s, signals, estimated_wer, wer, wer_basis, weight, disagreement, sound,
    stood_in)
VALUES (%(tenant)s, %(source)s, %(recording)s, %(job_id)s, %(work)s, %(language)s, %(profile)s, %(probe)s, %(plan)s, %(candidate)s,
    %(prediction)s, %(duration_s)s, %(model_time_s)s, %(expected_wer)s, %(expected_time_s)s, %(signals)s, %(estimated_wer)s, %(wer)s,
    %(wer_basis)s, %(weight)s, %(disagreement)s, %(sound)s, %(stood_in)s)
ON CONFLICT (tenant, recording, source) DO UPDATE SET work = excluded.work, language = excluded.language, profile = excluded.profile,
    probe = excluded.probe, plan = excluded.plan, candidate = excluded.candidate, prediction = excluded.prediction,
    duration_s = excluded.duration_s, model_time_s = excluded.model_time_s, expected_wer = excluded.expected_wer,
    expected_time_s = excluded.expected_time_s, signals = excluded.signals, estimated_wer = excluded.estimated_wer, wer = excluded.wer,
    wer_basis = excluded.wer_basis, weight = excluded.weight, disagreement = excluded.disagreement,
    sound = excluded.sound, stood_in = excluded.stood_in, updated_at = now()
RETURNING id, (xmax = 0) AS is_new
"""
_KNOWN: Final[LiteralString] = "SELECT wer FROM correction WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
_CORRECT: Final[LiteralString] = """
INSERT INTO correction (tenant, job_id, wer, words, substitutions, deletions, insertions, covered_ratio, stretches)
VALUES (%(tenant)s, %(job_id)s, %(wer)s, %(words)s, %(substitutions)s, %(deletions)s, %(insertions)s, %(covered_ratio)s, %(stretches)s)
ON CONFLICT (tenant, job_id) DO UPDATE SET wer = excluded.wer, words = excluded.words, substitutions = excluded.substitutions,
    deletions = excluded.deletions, insertions = excluded.insertions, covered_ratio = excluded.covered_ratio,
    stretches = excluded.stretches, corrected_at = now()
"""
_ESTIMATED: Final[LiteralString] = """
SELECT estimated_wer FROM observation WHERE tenant = %(tenant)s AND job_id = %(job_id)s AND source = 'job'
"""
_RELABEL: Final[LiteralString] = """
UPDATE observation SET wer = %(wer)s, wer_basis = %(wer_basis)s, weight = %(weight)s, updated_at = now()
WHERE tenant = %(tenant)s AND job_id = %(job_id)s AND source = 'job' AND NOT stood_in
"""
_FORGET: Final[LiteralString] = "DELETE FROM observation WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
_FORGET_EDITS: Final[LiteralString] = "DELETE FROM edit_outcome WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
_FORGET_CORRECTION: Final[LiteralString] = "DELETE FROM correction WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
_SEEN: Final[LiteralString] = """
SELECT id, tenant || '/' || recording AS recording, tenant || '/' || work AS work, language, profile, probe, candidate, wer, weight,
    wer_basis = 'known' AS known
FROM observation WHERE wer IS NOT NULL AND source <> 'second-candidate'
ORDER BY created_at DESC, id LIMIT %(most)s
"""

_RECENT: Final[LiteralString] = """
SELECT profile, probe, model_time_s, expected_time_s, wer, expected_wer, wer_basis FROM observation
WHERE source = 'job' AND created_at > now() - make_interval(days => %(days)s) ORDER BY created_at DESC, id LIMIT %(most)s
"""

_HEARING: Final[LiteralString] = """
SELECT language, media_uri, media_bytes, plan, from_s FROM second_hearing WHERE operation_id = %(operation_id)s
"""
_KEEP_HEARING: Final[LiteralString] = """
INSERT INTO second_hearing (operation_id, language, media_uri, media_bytes, plan, from_s)
VALUES (%(operation_id)s, %(language)s, %(media_uri)s, %(media_bytes)s, %(plan)s, %(from_s)s)
"""
_DROP_HEARING: Final[LiteralString] = "DELETE FROM second_hearing WHERE operation_id = %(operation_id)s"
_HEARINGS_OF: Final[LiteralString] = """
SELECT id FROM operation WHERE tenant = %(tenant)s AND job_id = %(job_id)s AND kind = %(kind)s ORDER BY id
"""
_KEEP_SECOND: Final[LiteralString] = """
INSERT INTO observation (tenant, source, recording, job_id, work, language, profile, probe, plan, candidate, duration_s, model_time_s,
    signals, disagreement)
SELECT tenant, 'second-candidate', recording, job_id, work, language, profile, probe, %(plan)s, %(candidate)s, %(duration_s)s,
    %(model_time_s)s, %(signals)s, %(disagreement)s
FROM observation WHERE tenant = %(tenant)s AND job_id = %(job_id)s AND source = 'job'
ON CONFLICT (tenant, recording, source) DO UPDATE SET plan = excluded.plan, candidate = excluded.candidate, signals = excluded.signals,
    model_time_s = excluded.model_time_s, disagreement = excluded.disagreement, updated_at = now()
"""


@dataclass(frozen=True)
class Hearing:
    """A minute that another way is hearing.

    Args:
        language: that is spoken.
        media: the minute.
        plan: of the other way.
        from_s: where it begins in the recording.
    """

    language: str
    media: Reference
    plan: AsrPlan
    from_s: float


@dataclass(frozen=True)
class Observation:
    """What came of a recording that was transcribed in one way.

    Args:
        source: where it comes from.
        recording: the job's id, or the other system's.
        job_id: the job; None: it was another system's.
        work: of ``labels.work_of``.
        language: that is spoken.
        profile: of the sound; or figures by the same names where no more is known.
        probe: what the smallest model made of it.
        plan: how it was transcribed.
        candidate: the same as a way that can be chosen.
        prediction: what had been expected.
        duration_s: of the recording.
        model_time_s: that it took; None: not known, as when an earlier transcript was taken again.
        expected_wer: that was predicted.
        expected_time_s: that was predicted.
        signals: the recogniser's.
        estimated_wer: what they speak for.
        disagreement: with another hearing of the same sound, 0..1.
        sound: the same for the same sound; empty: not known.
        stood_in: another engine heard a part of it or all, so that not even counted errors are the plan's.
    """

    source: ObservationSource
    recording: str
    job_id: UUID | None
    work: str
    language: str
    profile: AudioProfile | Mapping[str, float]
    plan: AsrPlan
    candidate: Candidate
    duration_s: float
    probe: AudioProbe | None = None
    prediction: Prediction | None = None
    model_time_s: float | None = None
    expected_wer: float | None = None
    expected_time_s: float | None = None
    signals: Signals | None = None
    estimated_wer: float | None = None
    disagreement: float | None = None
    sound: str = ""
    stood_in: bool = False


async def alone(connection: AsyncConnection, tenant: str, recording: str) -> None:
    """Keep others who change what is known of a recording waiting until the transaction ends."""
    await connection.exec_driver_sql(_ALONE, {"tenant": tenant, "recording": recording})


async def keep(connection: AsyncConnection, tenant: str, seen: Observation, label: Label) -> tuple[UUID, bool]:
    """Keep an observation in place of an earlier one of the same recording; gives its id, and whether it is new."""
    values = {
        "tenant": tenant,
        "source": seen.source,
        "recording": seen.recording,
        "job_id": seen.job_id,
        "work": seen.work,
        "language": seen.language,
        "profile": Jsonb(_figures(seen.profile)),
        "probe": None if seen.probe is None else Jsonb(seen.probe.model_dump(mode="json")),
        "plan": Jsonb(seen.plan.model_dump(mode="json")),
        "candidate": Jsonb(seen.candidate.model_dump(mode="json")),
        "prediction": None if seen.prediction is None else Jsonb(seen.prediction.model_dump(mode="json")),
        "duration_s": seen.duration_s,
        "model_time_s": seen.model_time_s,
        "expected_wer": seen.expected_wer,
        "expected_time_s": seen.expected_time_s,
        "signals": None if seen.signals is None else Jsonb(seen.signals.model_dump(mode="json")),
        "estimated_wer": seen.estimated_wer,
        "wer": label.wer,
        "wer_basis": label.basis,
        "weight": label.weight,
        "disagreement": seen.disagreement,
        "sound": seen.sound,
        "stood_in": seen.stood_in,
    }
    row = (await connection.exec_driver_sql(_KEEP, values)).one()
    return row.id, row.is_new


async def known_wer(connection: AsyncConnection, tenant: str, job_id: UUID) -> float | None:
    """What people's corrections of a job said; None: there are none."""
    found: float | None = (await connection.exec_driver_sql(_KNOWN, {"tenant": tenant, "job_id": job_id})).scalar()
    return found


async def estimated_wer(connection: AsyncConnection, tenant: str, job_id: UUID) -> float | None:
    """What a job's recogniser spoke for; None: nobody knows, or nothing was observed yet."""
    found: float | None = (await connection.exec_driver_sql(_ESTIMATED, {"tenant": tenant, "job_id": job_id})).scalar()
    return found


async def keep_correction(connection: AsyncConnection, tenant: str, job_id: UUID, found: Correction, wer: float) -> None:
    """Keep what people's corrections of a job say, in place of earlier ones. Numbers only, no text."""
    stretches = [
        [list(each.segments), each.errors.substitutions, each.errors.deletions, each.errors.insertions, each.errors.words]
        for each in found.stretches
    ]
    values = {
        "tenant": tenant,
        "job_id": job_id,
        "wer": wer,
        "words": found.errors.words,
        "substitutions": found.errors.substitutions,
        "deletions": found.errors.deletions,
        "insertions": found.errors.insertions,
        "covered_ratio": found.covered_ratio,
        "stretches": json.dumps(stretches),
    }
    await connection.exec_driver_sql(_CORRECT, values)


async def relabel(connection: AsyncConnection, tenant: str, job_id: UUID, label: Label) -> None:
    """Put another error rate to a job's observation, if there is one and it is the plan's own."""
    values = {"tenant": tenant, "job_id": job_id, "wer": label.wer, "wer_basis": label.basis, "weight": label.weight}
    await connection.exec_driver_sql(_RELABEL, values)


async def forget(connection: AsyncConnection, tenant: str, job_id: UUID) -> None:
    """Erase all that a job and its corrections said."""
    await connection.exec_driver_sql(_FORGET, {"tenant": tenant, "job_id": job_id})
    await connection.exec_driver_sql(_FORGET_EDITS, {"tenant": tenant, "job_id": job_id})
    await connection.exec_driver_sql(_FORGET_CORRECTION, {"tenant": tenant, "job_id": job_id})


async def seen(connection: AsyncConnection, most: int) -> Sequence[Seen]:
    """The newest observations whose error rate is known or estimated, of all tenants: figures of sound, and no words."""
    rows = (await connection.exec_driver_sql(_SEEN, {"most": most})).all()
    return [
        Seen(
            id=row.id,
            recording=row.recording,
            work=row.work,
            language=row.language,
            figures=row.profile | {f"probe_{name}": value for name, value in (row.probe or {}).items()},
            candidate=Candidate.model_validate(row.candidate),
            wer=row.wer,
            weight=row.weight,
            known=row.known,
        )
        for row in rows
    ]


async def recent(connection: AsyncConnection, days: int, most: int) -> list[tuple[Mapping[str, object], Outcome]]:
    """The last days' jobs, of all tenants: figures of their sound, and what came of them; error rates that were counted alone."""
    rows = (await connection.exec_driver_sql(_RECENT, {"days": days, "most": most})).all()
    return [
        (
            row.profile | {f"probe_{name}": value for name, value in (row.probe or {}).items()},
            Outcome(
                time_s=row.model_time_s,
                expected_time_s=row.expected_time_s,
                wer=row.wer if row.wer_basis == "known" else None,
                expected_wer=row.expected_wer,
            ),
        )
        for row in rows
    ]


async def hearing(connection: AsyncConnection, operation_id: UUID) -> Hearing | None:
    """The minute that an operation has begun to have heard."""
    row = (await connection.exec_driver_sql(_HEARING, {"operation_id": operation_id})).one_or_none()
    if row is None:
        return None
    media = Reference(uri=row.media_uri, bytes=row.media_bytes, media_type=MINUTE)
    return Hearing(row.language, media, AsrPlan.model_validate(row.plan), row.from_s)


async def keep_hearing(connection: AsyncConnection, operation_id: UUID, begun: Hearing) -> None:
    """Remember what an operation has begun to have heard."""
    values = {
        "operation_id": operation_id,
        "language": begun.language,
        "media_uri": begun.media.uri,
        "media_bytes": begun.media.bytes,
        "plan": Jsonb(begun.plan.model_dump(mode="json")),
        "from_s": begun.from_s,
    }
    await connection.exec_driver_sql(_KEEP_HEARING, values)


async def drop_hearing(connection: AsyncConnection, operation_id: UUID) -> None:
    """Know no more of a minute that was erased."""
    await connection.exec_driver_sql(_DROP_HEARING, {"operation_id": operation_id})


async def hearings_of(connection: AsyncConnection, tenant: str, job_id: UUID, kind: str) -> Sequence[UUID]:
    """The operations of a kind by which a job is heard again."""
    values = {"tenant": tenant, "job_id": job_id, "kind": kind}
    return (await connection.exec_driver_sql(_HEARINGS_OF, values)).scalars().all()


async def keep_second(
    connection: AsyncConnection,
    tenant: str,
    job_id: UUID,
    *,
    plan: AsrPlan,
    signals: Signals,
    duration_s: float,
    model_time_s: float,
    disagreement: float | None,
) -> None:
    """Keep what a second way made of a job beside its observation; of a job that was erased nothing is kept."""
    values = {
        "tenant": tenant,
        "job_id": job_id,
        "plan": Jsonb(plan.model_dump(mode="json")),
        "candidate": Jsonb(candidate_of(plan).model_dump(mode="json")),
        "signals": Jsonb(signals.model_dump(mode="json")),
        "duration_s": duration_s,
        "model_time_s": model_time_s,
        "disagreement": disagreement,
    }
    await connection.exec_driver_sql(_KEEP_SECOND, values)


def _figures(profile: AudioProfile | Mapping[str, float]) -> dict[str, Any]:  # Any: JSON
    """What is learned from: the track's title may name what nobody else is to know."""
    if isinstance(profile, AudioProfile):
        return profile.model_dump(mode="json", exclude={"track", "languages"})
    return dict(profile)
