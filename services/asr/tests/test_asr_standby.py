"""A hosted recogniser that can't be paid for, or is away: nothing is paid for twice, and no recording fails for it.

Through the real SDK, against a server on loopback that keeps its own bill, with the real ledger.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from pydantic import SecretStr

from setu_asr.engines.openai import DEPENDENCY, HostedServer, HostedWhisper
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Remote
from setu_asr.migrate import VERSIONS
from setu_asr.parts import OperationParts, forgotten
from setu_asr.reuse import Rehearing
from setu_asr.service import TranscriptionService
from setu_asr.settings import HostedSettings
from setu_common.contracts import TRANSCRIPTIONS, AsrPlan, Submission, Transcript, Transcription, TranscriptionRequest
from setu_common.cost import Attribution, BudgetExhausted, attributed
from setu_common.cost.budgets import set_job_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database, migrate
from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependencies, Mode
from setu_common.models import Catalogue
from setu_common.operations import Ending, Hints, Operations
from setu_common.settings import DatabaseSettings, ModelSettings, OperationSettings
from setu_common.store import Store
from setu_common.testing import Fault, ManualTime, OpenAiWire, always, faulty_wire, in_order

CLIP_S = 30.0
PER_CLIP = Decimal("0.003")  # half a minute of whisper-1
JOB = uuid4()
HOSTED = AsrPlan(engine="openai")
OWN = PriceSettings(cpu_usd_per_hour=Decimal(1))


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
    """The worker's handler, a recording of two clips of half a minute, and what is on record of it."""

    wire: OpenAiWire
    rehearing: Rehearing
    operations: Operations
    database: Database
    ledger: Database
    dependencies: Dependencies
    store: Store
    parrot: Any
    work: Any
    request: TranscriptionRequest

    async def begun(self) -> UUID:
        operation = await self.operations.submit(TRANSCRIPTIONS, self.request, Submission(tenant="local"))
        self.work.operation_id = operation.id
        return operation.id

    async def attempt(self, number: int = 1) -> Transcription:
        self.work.attempt = number
        to = Attribution("local", "asr", JOB, "transcriptions", "", self.work.operation_id, number)
        with attributed(to):
            result = await self.rehearing.transcribe(self.request, self.work)
        assert isinstance(result, Transcription)
        return result

    async def allow(self, usd: str) -> None:
        async with self.ledger.transaction() as connection:
            await set_job_budget(connection, "local", JOB, Decimal(usd))

    async def rows(self, sql: str = "SELECT * FROM ledger.call ORDER BY created_at") -> list[dict]:
        async with await psycopg.AsyncConnection.connect(self.url, row_factory=dict_row) as connection:
            return await (await connection.execute(sql.encode())).fetchall()

    url: str = ""

    async def hosted_rows(self) -> list[dict]:
        return [row for row in await self.rows() if row["provider"] == "openai"]

    async def transcript(self, result: Transcription) -> Transcript:
        return await self.store.load(result.transcript, Transcript)


@pytest.fixture
def settings_of_database(cloned_database) -> DatabaseSettings:
    def both(settings: DatabaseSettings) -> None:
        migrate(settings, "asr", VERSIONS)
        migrate_ledger(settings)

    return cloned_database("asr_and_ledger", both)


@pytest.fixture
async def desk(settings_of_database, store_settings, recognition, media, request):
    work, parrot = request.getfixturevalue("work"), request.getfixturevalue("parrot")
    database, ledger = Database(settings_of_database, "asr"), Database(settings_of_database, SCHEMA)
    store = Store(store_settings, "asr")
    operations = Operations(database, store, SilentHints(), OperationSettings())
    meter = Metering(Ledger(ledger), Prices(OWN))
    dependencies = Dependencies(timing=ManualTime().timing)
    models = ModelSettings(folder=recognition.scratch_folder / "models", offline=True)
    whole = Catalogue.load(models)
    catalogue = Present({name: whole[name] for name in whole.names()}, models)
    async with faulty_wire(OpenAiWire(audio_s=CLIP_S)) as wire:
        hosted = HostedSettings(
            url=f"{wire.url}/v1", api_key=SecretStr("any"), billed_as="openai", max_upload_bytes=200_000, timeout_s=5
        )
        server = HostedServer(hosted, dependencies, meter, OperationParts(database))
        remote = Remote(lambda key: HostedWhisper(key, server), "whisper-1")
        service = TranscriptionService(
            store=store,
            catalogue=catalogue,
            pool=RecogniserPool(0, 1),
            engines=lambda engine: remote if engine == "openai" else lambda _key, _folder: parrot,
            find_speech=request.getfixturevalue("find_speech"),
            settings=recognition,
            meter=meter,
        )
        rehearing = Rehearing(
            service=service, database=database, store=store, catalogue=catalogue, vad_threshold=0.5, piece_s=240.0
        )
        sound = media.audio("a.wav", "pcm_s16le", duration_s=2 * CLIP_S)
        reference = await store.put("local", sound.read_bytes(), "audio/wav")
        asked = TranscriptionRequest(media=reference, language="en", plan=HOSTED.model_copy(update={"redecode": False}))
        desk = Desk(wire, rehearing, operations, database, ledger, dependencies, store, parrot, work, asked)
        desk.url = settings_of_database.url
        await desk.begun()
        yield desk
        await server.close()
    await operations.close()
    await ledger.close()
    await database.close()


async def test_each_upload_is_a_row_that_costs_what_the_provider_bills(desk):
    result = await desk.attempt()
    rows = await desk.rows()
    assert [(row["provider"], row["model"], row["outcome"], row["usd"]) for row in rows] == [
        ("openai", "whisper-1", "ok", PER_CLIP)
    ] * 2
    assert {(row["job_id"], row["stage"], row["operation_id"]) for row in rows} == {
        (JOB, "transcriptions", desk.work.operation_id)
    }
    assert [charge.usage.audio_s for charge in desk.wire.bill.charges] == [CLIP_S, CLIP_S]
    assert (result.stand_in, result.notes, result.plan.engine) == (None, (), "openai")
    assert desk.parrot.batches == []


async def test_what_fails_in_passing_is_repeated_at_no_cost(desk):
    desk.wire.plan = in_order(Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.NONE, Fault.OVERLOADED)
    await desk.attempt()
    assert [(row["outcome"], row["usd"]) for row in await desk.rows()] == [
        ("failed", 0),
        ("failed", 0),
        ("ok", PER_CLIP),
        ("failed", 0),
        ("ok", PER_CLIP),
    ]
    assert len(desk.wire.bill.charges) == 2


async def test_another_attempt_pays_for_nothing_that_was_heard_before(desk):
    desk.wire.plan = in_order(Fault.NONE, *[Fault.SERVER_ERROR] * 4)
    with pytest.raises(DependencyUnavailable):
        await desk.attempt(1)
    assert len(desk.wire.bill.charges) == 1
    result = await desk.attempt(2)
    assert len(desk.wire.bill.charges) == 2
    assert (result.stand_in, len((await desk.transcript(result)).segments)) == (None, 2)
    rows = await desk.rows()
    assert [row["usd"] for row in rows if row["outcome"] == "cached"] == [0]
    assert sum(row["usd"] for row in rows) == 2 * PER_CLIP


async def test_another_operation_asks_anew_and_what_was_kept_goes_with_an_operations_end(desk):
    await desk.attempt()
    first_id = desk.work.operation_id
    operation = await desk.operations.get("local", first_id)
    ending = Ending(operation, "local", "asr", None, None, due=False, idempotency_key=None)
    await desk.begun()
    desk.request = desk.request.model_copy(update={"reuse": False})
    await desk.attempt()
    assert len(desk.wire.bill.charges) == 4
    assert len(await desk.rows("SELECT * FROM asr.heard_part")) == 4
    async with desk.database.transaction() as connection:
        for statement, values in forgotten(ending):
            await connection.exec_driver_sql(statement, values)
    left = await desk.rows("SELECT DISTINCT operation_id FROM asr.heard_part")
    assert [row["operation_id"] for row in left] == [desk.work.operation_id]


async def test_past_a_budget_this_machine_hears_the_rest_and_the_result_says_so(desk):
    await desk.allow("0.004")
    result = await desk.attempt()
    assert len(desk.wire.bill.charges) == 1
    assert [(row["outcome"], row["usd"]) for row in await desk.hosted_rows()] == [("ok", PER_CLIP)]
    assert result.stand_in == "faster-whisper"
    assert desk.parrot.batches == [[pytest.approx(CLIP_S, abs=0.01)]]
    (note,) = result.notes
    assert note.startswith("1 of 2 stretches were heard by whisper-base on this machine and not by the hosted recogniser: Of ")
    transcript = await desk.transcript(result)
    assert (transcript.engine, transcript.model) == ("openai", "whisper-1")
    texts = " ".join(segment.text for segment in transcript.segments)
    assert "This is what was said." in texts
    assert "word3" in texts


@pytest.mark.parametrize("fault", [Fault.QUOTA, Fault.BAD_REQUEST])
async def test_who_refuses_is_replaced_at_once(desk, fault):
    desk.wire.plan = always(fault)
    result = await desk.attempt(1)
    assert len(desk.wire.received) == 1
    assert desk.wire.bill.charges == []
    assert result.notes[0].startswith("All of it was heard by whisper-base on this machine")
    assert (result.plan.engine, result.plan.model, result.stand_in) == ("faster-whisper", "whisper-base", "faster-whisper")
    assert (await desk.transcript(result)).engine == "faster-whisper"
    own = [row for row in await desk.rows() if row["provider"] == "own"]
    assert [(row["model"], row["outcome"]) for row in own] == [("whisper-base", "ok")]


async def test_a_circuit_that_is_open_is_not_waited_for(desk):
    desk.dependencies.force(DEPENDENCY, Mode.OPEN)
    result = await desk.attempt(1)
    assert desk.wire.received == []
    assert result.stand_in == "faster-whisper"
    assert "An operator has shut" in result.notes[0]


async def test_who_is_away_is_asked_again_in_every_attempt_and_replaced_in_the_last(desk):
    desk.wire.plan = always(Fault.OVERLOADED)
    for number in range(1, TRANSCRIPTIONS.max_attempts):
        with pytest.raises(DependencyUnavailable):
            await desk.attempt(number)
        assert desk.parrot.batches == []
    result = await desk.attempt(TRANSCRIPTIONS.max_attempts)
    assert result.stand_in == "faster-whisper"
    assert "busy or broken" in result.notes[0] or "failed too often" in result.notes[0]


async def test_the_language_is_told_by_this_machine_as_well_where_it_must(desk):
    await desk.allow("0")
    desk.request = desk.request.model_copy(update={"language": None})
    result = await desk.attempt()
    assert (result.language, result.stand_in) == ("fr", "faster-whisper")
    assert desk.wire.received == []


async def test_where_nobody_can_stand_in_the_reason_is_the_hosted_ones(desk):
    await desk.allow("0")
    desk.request = desk.request.model_copy(update={"language": "hi"})
    service = desk.rehearing._service
    service.ears.settings = service.ears.settings.model_copy(update={"model": "whisper-tiny.en"})
    with pytest.raises(BudgetExhausted):
        await desk.attempt()


async def test_what_another_engine_heard_is_not_taken_again_for_the_hosted_ones(desk):
    desk.wire.plan = always(Fault.QUOTA)
    await desk.attempt()
    assert await desk.rows("SELECT * FROM asr.heard_before") == []
