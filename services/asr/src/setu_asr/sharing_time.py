"""What it takes to share a recording out is on record, though its transcription is not over by that.

An attempt that parks leaves no row of the ledger, for most only looked at what they wait for. One that opened a long recording, looked for its
speech and had its pieces asked for worked, for minutes perhaps, and the job's report would have nothing of them.
"""

import os
import time
from typing import Final, LiteralString

import structlog

from setu_asr.fallback import Transcribe
from setu_asr.settings import SERVICE
from setu_common.contracts import TRANSCRIPTIONS, Transcription, TranscriptionRequest
from setu_common.contracts.cost import StageMetrics
from setu_common.cost.stages import insertion_of
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Park, Work
from setu_common.operations.asides import Aside, write_aside_in

# As its claim told it.
_WAITED: Final[LiteralString] = """
SELECT greatest(0, extract(epoch FROM claimed_at - greatest(created_at, not_before)))::float8 FROM operation WHERE id = %(id)s
"""

log = structlog.get_logger()


class SharingTime:
    """The handler of ``transcriptions`` where what sharing takes is to be on record. No work fails for it.

    Args:
        transcribe: does what is asked.
        database: the asr service's.
    """

    def __init__(self, transcribe: Transcribe, database: Database) -> None:
        self._transcribe = transcribe
        self._database = database

    async def transcribe(self, request: TranscriptionRequest, work: Work) -> Transcription | Park:
        """Do what the request asks.

        Raises:
            SetuError: as what it goes around.
        """
        began_s, began_cpu_s = time.monotonic(), _cpu_s()
        done = await self._transcribe(request, work)
        if isinstance(done, Park) and done.worked:
            await self._write(request, work, time.monotonic() - began_s, _cpu_s() - began_cpu_s)
        return done

    async def _write(self, request: TranscriptionRequest, work: Work, wall_s: float, cpu_s: float) -> None:
        """A row of the same operation and attempt as the one of its end, which tells the sound's length, the model and its time: once."""
        try:
            async with self._database.transaction() as connection:
                waited_s = (await connection.exec_driver_sql(_WAITED, {"id": work.operation_id})).scalar()
                took = StageMetrics(
                    tenant=work.tenant,
                    service=SERVICE,
                    job_id=work.job_id,
                    stage=TRANSCRIPTIONS.name,
                    operation_id=work.operation_id,
                    attempt=work.attempt,
                    outcome="succeeded",
                    wall_s=wall_s,
                    cpu_s=cpu_s,
                    queue_wait_s=waited_s or 0.0,
                    bytes_in=request.media.bytes,
                    bytes_out=0,
                )
                await write_aside_in(connection, Aside(*insertion_of(took)))
        except DependencyUnavailable as error:
            log.warning("sharing_time.lost", reason=error.detail)


def _cpu_s() -> float:
    """Of this process, which does nothing else meanwhile, and of those that it waited for: media are opened by one of them."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
