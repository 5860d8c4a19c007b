"""A minute of a job as the asr service hears it again: kept in the store before it is asked for, and erased with all that came of it.

The optimizer's operation names the asr service's: its id is the key. So what was asked for is found again, even where its answer was lost.
"""

from typing import Final, Protocol
from uuid import UUID

import structlog

from setu_common.contracts import TRANSCRIPTIONS, Operation, OperationKind, Submission, Transcription, TranscriptionRequest
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable, RemoteProblem, is_retryable
from setu_common.store import Store
from setu_optimizer.observing import repository
from setu_optimizer.observing.repository import Hearing

LAST: Final = -100
"""The lowest priority that there is."""
_ENDS_WITHIN_S: Final = 2.0

log = structlog.get_logger()


class Asr(Protocol):
    """The part of the asr service's operations that is needed; an ``OperationsClient``."""

    async def submit(
        self, kind: OperationKind[TranscriptionRequest, Transcription], request: TranscriptionRequest, submission: Submission
    ) -> Operation:
        """See ``OperationsClient``."""

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """See ``OperationsClient``."""

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """See ``OperationsClient``."""


class Minutes:
    """Has minutes heard, and erases them.

    Args:
        database: the optimizer's.
        store: has the minutes.
        asr: hears.
    """

    def __init__(self, database: Database, store: Store, asr: Asr) -> None:
        self._database = database
        self._store = store
        self._asr = asr

    async def find(self, operation_id: UUID) -> Hearing | None:
        """What an operation has begun to have heard, if it has."""
        async with self._database.reading() as connection:
            return await repository.hearing(connection, operation_id)

    async def asked(self, tenant: str, operation_id: UUID, hearing: Hearing) -> Operation:
        """Ask for a minute, or for what became of it: the same operation each time.

        Raises:
            DependencyUnavailable: the asr service does not answer.
            RemoteProblem: it refuses the request.
        """
        request = TranscriptionRequest(media=hearing.media, language=hearing.language, plan=hearing.plan, reuse=False)
        submission = Submission(tenant=tenant, idempotency_key=f"second-hearing/{operation_id}", priority=LAST)
        return await self._asr.submit(TRANSCRIPTIONS, request, submission)

    async def erase(self, tenant: str, operation_id: UUID, hearing: Hearing) -> None:
        """Erase the minute, and at the asr service all that came of it.

        Raises:
            DependencyUnavailable: the asr service does not answer, or hears it at this moment: again later, nothing is lost by that.
        """
        await self._store.delete(hearing.media.uri)
        try:
            operation = await self.asked(tenant, operation_id, hearing)
        except RemoteProblem as error:
            if is_retryable(error):
                raise
            log.warning("second_hearing.never_taken", reason=error.detail)  # refused now as it was then
        else:
            await self._purge(tenant, operation)
        async with self._database.transaction() as connection:
            await repository.drop_hearing(connection, operation_id)

    async def _purge(self, tenant: str, operation: Operation) -> None:
        if not operation.state.ended:
            operation = await self._asr.cancel(tenant, operation.id)
        if not operation.state.ended:
            raise StillHeard
        await self._asr.purge(tenant, operation.id)


class StillHeard(DependencyUnavailable):
    """A minute of the job is being heard at this moment."""

    def __init__(self) -> None:
        super().__init__(
            "A minute of this job is being heard again. That ends within seconds; ask again.", retry_after_s=_ENDS_WITHIN_S
        )
