"""The asr service with a database of its own, its API, and so many workers of one thread each."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
import psycopg
from pydantic import SecretStr

from bench.stack import seconds_between
from setu_asr.domain.audio import RATE_HZ
from setu_cli.embedded.guarded import Guarded
from setu_common.contracts import AsrPlan, Reference, Transcript, Transcription, TranscriptionRequest, headers
from setu_common.contracts.pieces import PieceRequest
from setu_common.settings import DatabaseSettings, ModelSettings, RedisSettings, StoreSettings
from setu_common.store import Store
from testbed.serving import environment_of, launch, served

Json = dict[str, Any]  # Any: JSON

TENANT: Final = "bench"
_PIECES: Final = "SELECT request FROM asr.operation WHERE parent_id = %s ORDER BY split_part(idempotency_key, '/', 2)::int"
START_S: Final = 60.0
PATIENCE_S: Final = 1800.0
WARMED_IN: Final = 10  # rounds; the first is enough if no worker takes the other's recording
ONE_THREAD: Final[Mapping[str, str]] = {
    "SETU_WORKER_CONCURRENCY": "1",
    "SETU_WORKER_NICE": "0",
    "SETU_ASR_CPU_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "SETU_ASR_IDLE_TTL_S": "86400",
}


@dataclass(frozen=True)
class Done:
    """A transcription that has ended well.

    Args:
        transcript: what came of it.
        took_s: from its acceptance to its end, by the database's clock.
        model_load_s: in which a worker loaded the model; 0 where it was in memory.
        pieces: how many others heard parts of it.
        cuts_s: where those begin, seconds from the recording's start; without the first.
    """

    transcript: Transcript
    took_s: float
    model_load_s: float
    pieces: int
    cuts_s: tuple[float, ...]


@dataclass(frozen=True)
class Service:
    """One that runs.

    Args:
        client: of its API, trusted by it.
        store: where media and transcripts lie.
        database: its own.
        workers: how many it has.
    """

    client: httpx2.Client
    store: Store
    database: DatabaseSettings
    workers: int

    def begin(self, media: Reference, language: str, plan: AsrPlan) -> str:
        """Ask for a transcription; its operation's id."""
        request = TranscriptionRequest(media=media, language=language, plan=plan, reuse=False)
        answer = self.client.post("/v1/transcriptions", json=request.model_dump(mode="json")).raise_for_status()
        return str(answer.json()["id"])

    def ended(self, operation_id: str) -> Done:
        """A transcription, once it has ended."""
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            found: Json = self.client.get(f"/v1/operations/{operation_id}", params={"wait": "20"}).raise_for_status().json()
            if found["state"] == "succeeded":
                return self._done(found)
            if found["ended_at"] is not None:
                raise RuntimeError(f"a transcription {found['state']}: {found['problem']}")
        raise TimeoutError(f"a transcription has not ended after {PATIENCE_S:.0f} s")

    def hear(self, media: Reference, language: str, plan: AsrPlan) -> Done:
        """Have a recording transcribed."""
        return self.ended(self.begin(media, language, plan))

    def warm(self, media: Reference, language: str, plan: AsrPlan) -> None:
        """Give every worker something to hear, until all have loaded the model."""
        warm = 0
        for _ in range(WARMED_IN):
            for operation_id in [self.begin(media, language, plan) for _ in range(self.workers)]:
                warm += bool(self.ended(operation_id).model_load_s)
            if warm == self.workers:
                return
        raise RuntimeError("one worker takes everything")

    def _done(self, operation: Json) -> Done:
        result = Transcription.model_validate(operation["result"])
        with psycopg.connect(self.database.url) as connection:
            rows = connection.execute(_PIECES, [operation["id"]]).fetchall()
        pieces = [PieceRequest.model_validate(request) for (request,) in rows]
        return Done(
            transcript=asyncio.run(self.store.load(result.transcript, Transcript)),
            took_s=seconds_between(operation["created_at"], operation["ended_at"]),
            model_load_s=result.model_load_s or 0.0,
            pieces=len(pieces),
            cuts_s=tuple(piece.clips[0][0] / RATE_HZ for piece in pieces[1:]),
        )


@contextmanager
def asr_service(
    name: str, *, workers: int, settings: Mapping[str, str], database: DatabaseSettings, redis: RedisSettings, folder: Path
) -> Iterator[Service]:
    """Run one as long as the block lasts; it is ready when the block begins.

    Args:
        name: of its folder, for logs.
        workers: how many.
        settings: the workers', beside `ONE_THREAD`.
        database: an empty one.
        redis: with a prefix of its own.
        folder: has the folder ``store``.
    """
    own, token = folder / name, secrets.token_urlsafe(24)
    own.mkdir()
    store = StoreSettings(url=f"file://{folder}/store")
    models = {"SETU_MODELS_FOLDER": str(ModelSettings().folder.expanduser())}
    environment = {**environment_of(database, redis, store, SecretStr(token), **models), **ONE_THREAD, **settings}
    with ExitStack() as running:
        url = running.enter_context(served("setu_asr.main", environment, own))
        guarded = running.enter_context(Guarded(own / "workers-guardian.log"))
        for number in range(workers):
            ready = own / f"worker-{number}.ready"
            worker = launch(("setu_asr.worker",), {**environment, "SETU_WORKER_READY_FILE": str(ready)}, own)
            named = replace(worker, name=f"worker-{number}", log=str(own / f"worker-{number}.log"))
            guarded.start_ready(named, partial(_exists, ready), timeout_s=START_S)
        known = {"Authorization": f"Bearer {token}", headers.TENANT: TENANT}
        client = running.enter_context(httpx2.Client(base_url=url, headers=known, timeout=60))
        yield Service(client, Store(store, "asr"), database, workers)


def _exists(file: Path, _pid: int) -> bool:
    return file.exists()
