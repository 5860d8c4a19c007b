"""What was heard before is not heard again: the same sound in the same way, for the same tenant, gives the earlier transcript.

A row of ``heard_before`` says what an operation heard; it counts once that operation has succeeded, and goes with it, whether it is
erased or too old. So nothing can be taken from work that broke off, and what was erased is not remembered. The transcript is copied:
either may be erased without harm to the other.
"""

import hashlib
import json
from importlib.metadata import version
from typing import Any, Final, LiteralString
from uuid import UUID

import structlog
from pydantic import ValidationError

from setu_asr.domain.plans import SAID, alike
from setu_asr.service import TranscriptionService
from setu_common.contracts import AsrPlan, Transcription, TranscriptionRequest
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.models import Catalogue
from setu_common.operations import Park, Work
from setu_common.store import ObjectMissing, Store

# To be raised whenever the same sound and plan give another transcript than before: a new rule, another threshold.
METHOD: Final = 2
LIBRARIES: Final = ("av", "ctranslate2", "faster-whisper")  # their releases may hear otherwise, too

_FIND: Final[LiteralString] = """
SELECT operation.result FROM heard_before JOIN operation ON operation.id = heard_before.operation_id
WHERE heard_before.tenant = %(tenant)s AND heard_before.likeness = %(likeness)s AND operation.state = 'succeeded'
ORDER BY operation.ended_at DESC LIMIT 1
"""
_REMEMBER: Final[LiteralString] = """
INSERT INTO heard_before (operation_id, tenant, likeness)
SELECT id, tenant, %(likeness)s FROM operation WHERE id = %(operation_id)s AND tenant = %(tenant)s
ON CONFLICT (operation_id) DO UPDATE SET likeness = excluded.likeness
"""

log = structlog.get_logger()


class Rehearing:
    """The handler of ``transcriptions`` where what was heard before may be taken again.

    Args:
        service: hears what was not.
        database: the asr service's.
        store: has the transcripts.
        catalogue: tells one model of a name from another.
        vad_threshold: decides what counts as speech, and so what is heard.
        piece_s: decides what is heard together.
    """

    def __init__(
        self,
        *,
        service: TranscriptionService,
        database: Database,
        store: Store,
        catalogue: Catalogue,
        vad_threshold: float,
        piece_s: float,
    ) -> None:
        self._service = service
        self._database = database
        self._store = store
        self._catalogue = catalogue
        self._vad_threshold = vad_threshold
        self._piece_s = piece_s

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription | Park:
        """Do what the request asks; with ``reuse`` from what was heard before, if it was.

        Raises:
            SetuError: as ``TranscriptionService.transcribe``. That the database is away is no reason not to listen.
        """
        plan = self._service.planned(request)
        likeness = self._likeness(request, plan)
        result: Transcription | Park | None = await self._again(work.tenant, likeness, plan) if request.reuse else None
        if result is None:
            result = await self._service.transcribe(request, work)
        if isinstance(result, Park):
            return result
        if result.stand_in is None and alike(result.plan, plan):  # else it is not what this plan gives
            await self._remember(work.operation_id, work.tenant, likeness)
        return result

    def _likeness(self, request: TranscriptionRequest, plan: AsrPlan) -> str:
        """The same for all requests that have the same transcript: SHA-256 over all that it depends on."""
        model = self._catalogue[plan.model].fingerprint if plan.model in self._catalogue.names() else plan.model
        meant = [
            METHOD,
            [version(library) for library in LIBRARIES],
            request.media.sha256,
            request.language,
            plan.model_dump(mode="json", exclude=set(SAID)),
            request.overrides.prompt,
            request.overrides.temperature,
            model,
            self._vad_threshold,
            self._piece_s,
        ]
        return hashlib.sha256(json.dumps(meant, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    async def _again(self, tenant: str, likeness: str, plan: AsrPlan) -> Transcription | None:
        try:
            found = await self._found(tenant, likeness)
        except DependencyUnavailable as error:
            log.warning("transcription.reuse_impossible", reason=error.detail)
            return None
        try:
            earlier = Transcription.model_validate(found)
            content = await self._store.read(earlier.transcript)
        except (ValidationError, ObjectMissing):
            return None  # there is none, or one of another release, or it is being erased at this moment
        copy = await self._store.put(tenant, content, earlier.transcript.media_type)
        log.info("transcription.taken_again", duration_s=round(earlier.duration_s, 3), segments=earlier.segment_count)
        return earlier.model_copy(
            update={"transcript": copy, "plan": plan, "cached": True, "model_time_s": 0.0, "model_load_s": None}
        )

    async def _found(self, tenant: str, likeness: str) -> dict[str, Any] | None:  # Any: JSON
        async with self._database.reading() as connection:
            row = (await connection.exec_driver_sql(_FIND, {"tenant": tenant, "likeness": likeness})).first()
        return None if row is None else row.result

    async def _remember(self, operation_id: UUID, tenant: str, likeness: str) -> None:
        values = {"operation_id": operation_id, "tenant": tenant, "likeness": likeness}
        try:
            async with self._database.transaction() as connection:
                await connection.exec_driver_sql(_REMEMBER, values)
        except DependencyUnavailable as error:
            log.warning("transcription.not_remembered", reason=error.detail)
