"""What was heard before is taken again: on a real database, with a recogniser that counts how often it is asked."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from setu_asr.engines.pool import RecogniserPool
from setu_asr.errors import NoSpeech
from setu_asr.migrate import VERSIONS
from setu_asr.reuse import Rehearing
from setu_asr.service import TranscriptionService
from setu_common.contracts import (
    TRANSCRIPTIONS,
    AsrOverrides,
    AsrPlan,
    Reference,
    Submission,
    Transcript,
    Transcription,
    TranscriptionRequest,
)
from setu_common.db import Database, migrate
from setu_common.models import Catalogue
from setu_common.operations import Hints, Operations, Park
from setu_common.settings import DatabaseSettings, ModelSettings, OperationSettings
from setu_common.store import Store


class SilentHints(Hints):
    """Tells nobody."""

    def __init__(self) -> None:
        """Without a server."""

    def look(self, queue_name):
        """Nobody is told."""


class Present(Catalogue):
    def ensure(self, name, on_progress=None):
        return self._settings.folder / name


@dataclass
class Desk:
    """The handler, and a worker's part around it: rows that begin and end."""

    rehearing: Rehearing
    operations: Operations
    database: Database
    store: Store
    parrot: Any
    work: Any

    async def begun(self, request: TranscriptionRequest, tenant: str = "local") -> UUID:
        operation = await self.operations.submit(TRANSCRIPTIONS, request, Submission(tenant=tenant))
        self.work.operation_id, self.work.tenant = operation.id, tenant
        return operation.id

    async def ended(self, operation_id: UUID, result: Transcription, state: str = "succeeded") -> None:
        statement = """UPDATE operation SET state = :state, result = cast(:result AS jsonb), objects = ARRAY[:uri], ended_at = now()
                       WHERE id = :id"""
        values = {"state": state, "result": result.model_dump_json(), "uri": result.transcript.uri, "id": operation_id}
        async with self.database.transaction() as connection:
            await connection.execute(text(statement), values)

    async def transcribe(self, media: Reference, tenant: str = "local", **request: Any) -> tuple[UUID, Transcription]:
        asked = TranscriptionRequest(media=media, **request)
        operation_id = await self.begun(asked, tenant)
        result = await self.rehearing.transcribe(asked, self.work)
        assert isinstance(result, Transcription)
        await self.ended(operation_id, result)
        return operation_id, result

    @property
    def heard(self) -> int:
        return len(self.parrot.batches)

    async def rows(self) -> int:
        async with self.database.reading() as connection:
            return (await connection.execute(text("SELECT count(*) FROM heard_before"))).scalar_one()


@pytest.fixture
def asr_database_settings(cloned_database) -> DatabaseSettings:
    return cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))


def rehearing_on(database: Database, store: Store, request, settings) -> Rehearing:
    models = ModelSettings(folder=settings.scratch_folder / "models", offline=True)
    whole = Catalogue.load(models)
    catalogue = Present({name: whole[name] for name in whole.names()}, models)
    parrot = request.getfixturevalue("parrot")

    def load(_key, _folder):
        return parrot

    service = TranscriptionService(
        store=store,
        catalogue=catalogue,
        pool=RecogniserPool(0, 1),
        engines=lambda _engine: load,
        find_speech=request.getfixturevalue("find_speech"),
        settings=settings,
    )
    return Rehearing(
        service=service,
        database=database,
        store=store,
        catalogue=catalogue,
        vad_threshold=settings.vad_threshold,
        piece_s=settings.piece_s,
    )


@pytest.fixture
async def desk(asr_database_settings, store_settings, recognition, work, request):
    database, store = Database(asr_database_settings, "asr"), Store(store_settings, "asr")
    operations = Operations(database, store, SilentHints(), OperationSettings())
    rehearing = rehearing_on(database, store, request, recognition)
    yield Desk(rehearing, operations, database, store, request.getfixturevalue("parrot"), work)
    await operations.close()
    await database.close()


@pytest.fixture
async def tone(desk, media) -> Reference:
    return await desk.store.put("local", media.audio("a.wav", "pcm_s16le", duration_s=4.0).read_bytes(), "audio/wav")


async def again(desk: Desk, media: Reference) -> Reference:
    """The same sound, uploaded once more: an object of its own."""
    return await desk.store.put("local", await desk.store.read(media), "audio/wav")


async def test_the_same_sound_and_plan_are_heard_once(desk, tone):
    _, first = await desk.transcribe(tone)
    _, second = await desk.transcribe(await again(desk, tone))
    assert desk.heard == 1
    assert (first.cached, second.cached, second.model_time_s) == (False, True, 0.0)
    assert second.transcript.uri != first.transcript.uri
    assert await desk.store.load(second.transcript, Transcript) == await desk.store.load(first.transcript, Transcript)
    own = {"transcript", "cached", "model_time_s", "model_load_s"}
    assert second.model_dump(exclude=own) == first.model_dump(exclude=own)


async def test_without_reuse_it_is_heard_anew(desk, tone):
    await desk.transcribe(tone)
    _, second = await desk.transcribe(tone, reuse=False)
    assert (desk.heard, second.cached) == (2, False)


@pytest.mark.parametrize(
    "other",
    [
        {"language": "hi"},
        {"plan": AsrPlan(beam_size=1)},
        {"overrides": AsrOverrides(model="whisper-small")},
        {"overrides": AsrOverrides(prompt="Sarah")},
        {"overrides": AsrOverrides(temperature=0.3)},
        {"tenant": "other"},
    ],
    ids=str,
)
async def test_another_way_or_another_tenant_is_another_thing(desk, tone, other):
    await desk.transcribe(tone)
    _, second = await desk.transcribe(tone, **other)
    assert (desk.heard, second.cached) == (2, False)
    _, third = await desk.transcribe(tone, **other)
    assert (desk.heard, third.cached) == (2, True)


async def test_a_plan_that_says_the_same_in_other_words_is_the_same(desk, tone):
    await desk.transcribe(tone)
    _, second = await desk.transcribe(tone, plan=AsrPlan(source="predicted", explanation="cheap", expected_wer=0.1))
    assert (second.cached, second.plan.explanation) == (True, "cheap")


async def test_another_sound_is_heard(desk, tone, media):
    await desk.transcribe(tone)
    other = await desk.store.put("local", media.audio("b.wav", "pcm_s16le", duration_s=5.0).read_bytes(), "audio/wav")
    _, second = await desk.transcribe(other)
    assert (desk.heard, second.cached) == (2, False)


@pytest.mark.parametrize("state", ["running", "failed", "cancelled"])
async def test_nothing_is_taken_from_work_that_broke_off(desk, tone, state):
    request = TranscriptionRequest(media=tone)
    operation_id = await desk.begun(request)
    result = await desk.rehearing.transcribe(request, desk.work)
    if state != "running":
        await desk.ended(operation_id, result, state)
    _, second = await desk.transcribe(tone)
    assert (desk.heard, second.cached) == (2, False)


async def test_an_attempt_that_failed_is_not_remembered(desk, tone):
    desk.parrot.deaf_after_s = 0
    with pytest.raises(NoSpeech):
        await desk.transcribe(tone)
    assert await desk.rows() == 0


async def test_what_was_heard_in_another_way_or_is_still_being_heard_is_not_remembered(desk, tone, monkeypatch):
    whole = desk.rehearing._service.transcribe

    async def otherwise(request, work):
        result = await whole(request, work)
        return result.model_copy(update={"plan": result.plan.model_copy(update={"beam_size": 2})})

    async def in_pieces(_request, _work):
        return Park(2.0)

    monkeypatch.setattr(desk.rehearing._service, "transcribe", otherwise)
    await desk.transcribe(tone)
    monkeypatch.setattr(desk.rehearing._service, "transcribe", in_pieces)
    request = TranscriptionRequest(media=tone)
    await desk.begun(request)
    assert await desk.rehearing.transcribe(request, desk.work) == Park(2.0)
    assert await desk.rows() == 0


async def test_a_second_attempt_of_the_same_operation_is_remembered_once(desk, tone):
    request = TranscriptionRequest(media=tone)
    operation_id = await desk.begun(request)
    await desk.rehearing.transcribe(request, desk.work)
    await desk.ended(operation_id, await desk.rehearing.transcribe(request, desk.work))
    assert (desk.heard, await desk.rows()) == (2, 1)


async def test_what_is_erased_is_forgotten_and_what_was_taken_of_it_stays(desk, tone):
    first_id, _ = await desk.transcribe(tone)
    second_id, second = await desk.transcribe(tone)
    await desk.operations.purge("local", first_id)
    assert (await desk.store.load(second.transcript, Transcript)).segments
    _, third = await desk.transcribe(tone)
    assert (desk.heard, third.cached) == (1, True)  # of the second, which is a job's own
    await desk.operations.purge("local", second_id)
    await desk.operations.purge("local", desk.work.operation_id)
    assert await desk.rows() == 0
    _, fourth = await desk.transcribe(tone)
    assert (desk.heard, fourth.cached) == (2, False)


async def test_a_transcript_that_is_gone_is_made_again(desk, tone):
    _, first = await desk.transcribe(tone)
    await desk.store.delete(first.transcript.uri)
    _, second = await desk.transcribe(tone)
    assert (desk.heard, second.cached) == (2, False)


async def test_where_the_database_is_away_it_is_heard_all_the_same(desk, tone, recognition, request, unused_tcp_port):
    away = Database(DatabaseSettings(url=f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/setu", connect_timeout_s=1), "asr")
    lone = rehearing_on(away, desk.store, request, recognition)
    result = await lone.transcribe(TranscriptionRequest(media=tone), desk.work)
    assert isinstance(result, Transcription)
    assert (result.cached, result.segment_count > 0) == (False, True)
    await away.close()
