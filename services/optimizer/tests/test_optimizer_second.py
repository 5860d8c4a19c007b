"""A minute of some jobs is heard once more, by another way."""

import asyncio
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import (
    AsrPlan,
    AudioProfile,
    Candidate,
    InstalledCandidate,
    InstalledCandidates,
    ObservationRequest,
    Operation,
    OperationState,
    Segment,
    Submission,
    Transcript,
    Transcription,
    TranscriptionRequest,
)
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Bound, Park
from setu_common.operations.claims import Claims
from setu_common.operations.connection import HealingConnection
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Recorder
from setu_common.operations.payloads import Payloads
from setu_common.operations.runner import Runner
from setu_common.settings import OperationSettings
from setu_common.store import ObjectMissing, Store
from setu_optimizer.domain.observing.labels import Label
from setu_optimizer.observing import Observations, repository
from setu_optimizer.observing.minutes import Minutes
from setu_optimizer.observing.repository import Observation
from setu_optimizer.observing.second import SECOND_HEARINGS, SecondHearer, SecondHearingRequest, SecondHearings
from setu_optimizer.predictors.tables import published

TINY = InstalledCandidate(candidate=Candidate(model="whisper-tiny.en", beam_size=1), time_factor=0.05)
BASE = InstalledCandidate(candidate=Candidate(model="whisper-base"), time_factor=0.2)
PLAN = AsrPlan(model="whisper-base", source="predicted", expected_wer=0.1)


def heard(*lines: tuple[float, str]) -> Transcript:
    segments = tuple(Segment(index=at, start_s=start, end_s=start + 2, text=line) for at, (start, line) in enumerate(lines))
    return Transcript(
        language="en",
        language_probability=1,
        duration_s=200,
        segments=segments,
        engine="faster-whisper",
        model="whisper-base",
    )


FIRST = heard((30, "the captain went aboard"), (40, "nobody saw him"), (95, "far too late to count"))


@dataclass
class FakeAsr:
    """The asr service: takes what is asked, once for each key, and ends it when told to."""

    store: Store
    asked: list[tuple[TranscriptionRequest, Submission]] = field(default_factory=list)
    purged: list[UUID] = field(default_factory=list)
    result: Transcription | None = None
    state: OperationState = OperationState.QUEUED
    id: UUID = field(default_factory=uuid4)
    away: bool = False
    cancels_to: OperationState = OperationState.CANCELLED

    async def submit(self, _kind, request, submission) -> Operation:
        if self.away:
            raise DependencyUnavailable("The asr service does not answer.")
        if (request, submission) not in self.asked:
            self.asked.append((request, submission))
        return self.operation(self.id)

    async def cancel(self, _tenant, operation_id) -> Operation:
        self.state = self.cancels_to
        return self.operation(operation_id)

    def operation(self, operation_id) -> Operation:
        result = self.result.model_dump(mode="json") if self.result else None
        return Operation(
            id=operation_id,
            kind="transcriptions",
            state=self.state,
            version=1,
            progress=0,
            attempt=1,
            created_at=datetime.now(UTC),
            result=result,
        )

    async def purge(self, _tenant, operation_id) -> None:
        self.purged.append(operation_id)

    async def hears(self, transcript: Transcript) -> None:
        self.state = OperationState.SUCCEEDED
        self.result = Transcription(
            transcript=await self.store.put_model("acme", transcript),
            language="en",
            language_probability=1,
            duration_s=60,
            segment_count=len(transcript.segments),
            plan=PLAN,
            model_time_s=3,
        )


@pytest.fixture
def asr(store) -> FakeAsr:
    return FakeAsr(store)


@pytest.fixture
def hearer_of(database, store, asr):
    def make(*installed: InstalledCandidate) -> SecondHearer:
        async def candidates() -> InstalledCandidates:
            return InstalledCandidates(candidates=installed)

        minutes = Minutes(database, store, asr)
        return SecondHearer(database=database, store=store, minutes=minutes, candidates=candidates, table=published())

    return make


@pytest.fixture
def observations(database, store, operations, asr) -> Observations:
    return Observations(database, operations, Minutes(database, store, asr))


@pytest.fixture
def there(store):
    """Whether a minute is in the store."""

    async def look(media) -> bool:
        try:
            await store.read(media)
        except ObjectMissing:
            return False
        return True

    return look


@pytest.fixture
def count_of(database):
    async def count(table: str) -> int:
        async with database.reading() as connection:
            return (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()

    return count


@pytest.fixture
def worker_of(optimizer_database_settings, store):
    """A worker's child without its process: has a handler run what is due, and waits for it."""
    connections = [HealingConnection(optimizer_database_settings, "optimizer") for _ in range(2)]
    settings = OperationSettings()

    def make(hearer: SecondHearer):
        loop = asyncio.get_running_loop()
        runner = Runner(
            run=lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(),
            bounds={SECOND_HEARINGS.name: Bound(SECOND_HEARINGS, hearer.hear)},
            settled={},
            claims=Claims(connections[0], settings, "w", 1),
            payloads=Payloads(store, settings.inline_bytes),
            heart=Heart(
                Claims(connections[1], settings, "w", 1),
                settings,
                stopping_since=lambda: 0.0,
                ended=lambda _: None,
                settled=lambda _: None,
            ),
            settings=settings,
            ended=lambda _: None,
            stopping=lambda: False,
            recorder=Recorder("optimizer", connections[0].transaction),
        )

        async def look() -> None:
            with connections[0].transaction() as db:
                db.execute("UPDATE operation SET not_before = now(), asleep = false WHERE state = 'queued'")
            await asyncio.to_thread(runner.look, SECOND_HEARINGS.queue)

        return look

    yield make
    for connection in connections:
        connection.close()


@pytest.fixture
async def request_(database, store, operations, tmp_path, work) -> SecondHearingRequest:
    """Of a job that was observed, for the operation at hand."""
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(1000)
        file.writeframes(b"".join(int(second).to_bytes(2, "little") * 1000 for second in range(100)))
    job_id = uuid4()
    request = SecondHearingRequest(
        job_id=job_id,
        language="en",
        plan=PLAN,
        transcript=await store.put_model("acme", FIRST),
        audio=await store.put("acme", path.read_bytes(), "audio/wav"),
    )
    seen = Observation("job", str(job_id), job_id, "w", "en", {"snr_db": 10.0}, PLAN, BASE.candidate, 100)
    async with database.transaction() as connection:
        await repository.keep(connection, "acme", seen, Label(0.1, "estimated", 0.25))
    work.operation_id = (await operations.submit(SECOND_HEARINGS, request, Submission(tenant="acme", job_id=job_id))).id
    return request


async def test_a_minute_from_where_speech_begins_is_heard_by_another_model_and_compared(
    *, hearer_of, request_, asr, database, store, there, work
):
    hearer = hearer_of(BASE, TINY)
    assert await hearer.hear(request_, work) == Park(20)
    assert await hearer.hear(request_, work) == Park(20)
    [(asked, submission)] = asr.asked
    assert (asked.plan.model, asked.plan.beam_size, asked.plan.expected_wer, asked.reuse) == ("whisper-tiny.en", 1, None, False)
    assert submission.priority == -100
    async with store.local_file(asked.media) as path, database.reading():
        with wave.open(str(path)) as cut:
            assert cut.getnframes() == 60_000
            assert cut.readframes(1) == (30).to_bytes(2, "little")
    await asr.hears(heard((0.2, "the captain went ashore"), (10, "nobody saw him")))
    result = await hearer.hear(request_, work)
    assert (result.model, result.disagreement) == ("whisper-tiny.en", pytest.approx(1 / 7))
    assert asr.purged == [asr.id]
    assert len(asr.asked) == 1
    assert not await there(asked.media)
    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT * FROM observation WHERE source = 'second-candidate'"))).mappings().all()
        learned_from = await repository.seen(connection, 10)
    assert [(row["job_id"], row["wer"], row["disagreement"]) for row in rows] == [(request_.job_id, None, pytest.approx(1 / 7))]
    assert rows[0]["candidate"]["model"] == "whisper-tiny.en"
    assert [each.candidate.model for each in learned_from] == ["whisper-base"]


async def test_where_there_is_no_other_model_nothing_is_asked(hearer_of, request_, asr, work):
    result = await hearer_of(BASE).hear(request_, work)
    assert (result.disagreement, bool(result.note), asr.asked) == (None, True, [])


async def test_a_second_way_that_fails_leaves_nothing_behind(hearer_of, request_, asr, database, work):
    hearer = hearer_of(BASE, TINY)
    await hearer.hear(request_, work)
    asr.state = OperationState.FAILED
    result = await hearer.hear(request_, work)
    assert "could not hear" in result.note
    assert asr.purged == [asr.id]
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM observation"))).scalar_one() == 1


async def test_of_a_job_that_was_erased_meanwhile_nothing_is_kept(*, hearer_of, request_, asr, database, work):
    hearer = hearer_of(BASE, TINY)
    await hearer.hear(request_, work)
    async with database.transaction() as connection:
        await repository.forget(connection, "acme", request_.job_id)
    await asr.hears(heard((0.2, "the captain went ashore")))
    await hearer.hear(request_, work)
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM observation"))).scalar_one() == 0


async def test_a_worker_keeps_the_minute_while_it_is_heard_and_erases_it_then(
    *, hearer_of, worker_of, request_, operations, asr, there, count_of, work
):
    look = worker_of(hearer_of(BASE, TINY))
    await look()
    [(asked, _)] = asr.asked
    assert await there(asked.media), "the attempt parked, and the asr service still has to read it"
    await look()
    assert await there(asked.media)
    await asr.hears(heard((0.2, "the captain went ashore"), (10, "nobody saw him")))
    await look()
    operation = await operations.get("acme", work.operation_id)
    assert (operation.state, operation.result["disagreement"]) == (OperationState.SUCCEEDED, pytest.approx(1 / 7))
    assert (await there(asked.media), asr.purged, await count_of("second_hearing")) == (False, [asr.id], 0)


async def test_a_worker_that_can_go_on_no_more_erases_the_minute(
    *, hearer_of, worker_of, request_, operations, store, asr, there, work
):
    look = worker_of(hearer_of(BASE, TINY))
    await look()
    [(asked, _)] = asr.asked
    await store.delete(request_.transcript.uri)
    await look()
    assert (await operations.get("acme", work.operation_id)).state is OperationState.FAILED
    assert (await there(asked.media), asr.purged) == (False, [asr.id])


async def test_the_minute_is_known_before_anybody_is_asked_and_the_answer_may_be_lost(*, hearer_of, request_, asr, there, work):
    hearer = hearer_of(BASE, TINY)
    asr.away = True
    with pytest.raises(DependencyUnavailable):
        await hearer.hear(request_, work)
    asr.away = False
    assert await hearer.hear(request_, work) == Park(20)
    [(asked, submission)] = asr.asked
    assert submission.idempotency_key == f"second-hearing/{work.operation_id}"
    assert await there(asked.media)


async def test_erasing_a_job_ends_its_second_hearing_and_erases_the_minute_and_what_came_of_it(
    *, hearer_of, request_, observations, asr, there, count_of, work
):
    await hearer_of(BASE, TINY).hear(request_, work)
    [(asked, _)] = asr.asked
    await observations.forget_job("other", request_.job_id)
    assert await there(asked.media)
    asr.cancels_to = OperationState.CANCELLING
    with pytest.raises(DependencyUnavailable):
        await observations.forget_job("acme", request_.job_id)
    asr.state = asr.cancels_to = OperationState.CANCELLED
    await observations.forget_job("acme", request_.job_id)
    await observations.forget_job("acme", request_.job_id)
    assert (await there(asked.media), asr.purged) == (False, [asr.id])
    assert [await count_of(table) for table in ("operation", "second_hearing", "observation")] == [0, 0, 0]


async def test_a_share_of_jobs_is_drawn_each_once(operations, database, request_):
    told = {
        "source_language": "en",
        "profile": AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=1, music_ratio=0),
        "plan": PLAN,
        "transcript": request_.transcript,
        "audio": request_.audio,
        "model_time_s": 1,
    }

    async def count() -> int:
        async with database.reading() as connection:
            statement = "SELECT count(*) FROM operation WHERE idempotency_key LIKE 'second/%'"
            return (await connection.execute(text(statement))).scalar_one()

    jobs = [ObservationRequest(job_id=UUID(int=at * 100), **told) for at in range(100)]
    hearings = SecondHearings(operations, 0.02)
    for _ in range(2):
        for job in jobs:
            await hearings.draw(job, "acme")
    assert await count() == 2
    for job in jobs:
        await SecondHearings(operations, 0.0).draw(job, "other")
        await SecondHearings(operations, 1.0).draw(job.model_copy(update={"cached": True}), "other")
        await SecondHearings(operations, 1.0).draw(job.model_copy(update={"audio": None}), "other")
    assert await count() == 2
