"""Jobs and their stages as values: what the tables hold, frozen, for the pure parts to think about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from setu_common.contracts import Degradation, JobRequest, JobState, Problem, Reference, StageState


class StageKey(NamedTuple):
    """Which stage of a job: its name, and the language it works for (empty if it runs once)."""

    stage: str
    target: str = ""


@dataclass(frozen=True)
class StageRecord:
    """One stage as its row has it.

    Args:
        key: which stage.
        state: where it stands.
        run: 1, and one more for each retry.
        operation_id: the operation that does the work; None until it is known to be submitted.
        progress: 0..1.
        note: what the service says it is doing.
        result: the kind's result model as JSON, once succeeded.
        problem: why it failed.
        detour: why its first way failed, where the fallback does it now or did it last.
        started_at: when the service began with it.
        ended_at: when it ended.
        model_time_s: wall time inside a model, seconds.
        unreachable_since: since when its service does not answer.
        former_operations: those of earlier runs, to be erased with the job.
    """

    key: StageKey
    state: StageState = StageState.WAITING
    run: int = 1
    operation_id: UUID | None = None
    progress: float = 0.0
    note: str = ""
    result: dict[str, Any] | None = None  # Any: JSON; the stage's OperationKind parses it
    problem: Problem | None = None
    detour: Problem | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    model_time_s: float | None = None
    unreachable_since: datetime | None = None
    former_operations: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class DeliveredFile:
    """A subtitle file that lies in the store."""

    language: str
    format: str
    reference: Reference


@dataclass(frozen=True)
class JobRecord:
    """One job as its row has it, with its stages in the order of the pipeline.

    Args:
        id: the job.
        tenant: whose it is.
        state: where it stands.
        version: grows with each change; a write must name the version it is based on.
        run: 1, and one more for each retry.
        request: what was asked for.
        media_name: the file name as the caller or its host gave it, for people; never a path.
        media: the recording; None until it has been fetched.
        created_at: when it was accepted.
        changed_at: when it was written last.
        read_at: when this was read, by the database's clock.
        ended_at: when it ended.
        progress: 0..1.
        source_language: the recording's, once known.
        degraded: what is missing or less than asked.
        delivered: the files that can be fetched.
        problem: why it failed.
        purge_asked_at: since when it is to be erased.
        stages: empty where only the job itself was read.
    """

    id: UUID
    tenant: str
    state: JobState
    version: int
    run: int
    request: JobRequest
    media_name: str
    media: Reference | None
    created_at: datetime
    changed_at: datetime
    read_at: datetime
    ended_at: datetime | None = None
    progress: float = 0.0
    source_language: str | None = None
    degraded: tuple[Degradation, ...] = ()
    delivered: tuple[DeliveredFile, ...] = ()
    problem: Problem | None = None
    purge_asked_at: datetime | None = None
    stages: tuple[StageRecord, ...] = ()

    @property
    def objects(self) -> list[str]:
        """The uris of the gateway's own objects that this job keeps alive."""
        recording = [self.media.uri] if self.media is not None else []
        return [*recording, *(file.reference.uri for file in self.delivered)]
