"""One long recording in pieces: whoever hears one may be killed, the transcript stays what a single process writes, and a piece counts once."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID, uuid4

import httpx2
import pytest

from ownstack.blows import HEALING_S
from ownstack.jobs import Caller, Json, named, operations_of, stored
from ownstack.speech import catalogue, recording
from ownstack.stack import OwnStack
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.speech import SileroDetector
from setu_asr.service import TranscriptionService
from setu_asr.settings import RecognitionSettings
from setu_asr.worker import Installed
from setu_common.contracts import Reference, Transcript, Transcription, TranscriptionRequest
from setu_common.settings import StoreSettings
from setu_common.store import Store
from setu_gateway.pipeline.kinds import ADVANCES
from toystack.watching import eventually

STACK = "broken"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(240, func_only=True)]

P = ParamSpec("P")
T = TypeVar("T")

HEARS, PIECES = "transcriptions", "transcription-pieces"
# A minute and a half; the stack cuts up what is longer than SETU_ASR_SPLIT_ABOVE_S.
LANGUAGES = ("en", "fr", "es", "it", "pt", "en", "it", "fr", "pt", "es")
# The smallest model, clip by clip, so that there are pieces enough.
QUICKLY = {
    "reuse": False,
    "learn": False,
    "asr": {"model": "whisper-tiny.en", "beam_size": 1, "batch_size": 1, "redecode": False},
}
JOB_S = 120.0
AT_LEAST = 3


@dataclass(frozen=True)
class Undisturbed:
    """What comes of the recording if it is left in peace."""

    request: TranscriptionRequest
    transcript: Reference
    subtitles: dict[str, str]
    pieces: int


class Alone:
    """The work at hand, without a worker."""

    def __init__(self) -> None:
        self.operation_id: UUID = uuid4()
        self.tenant = "test"
        self.job_id: UUID | None = None
        self.attempt = 1
        self.cancelled = False

    def progress(self, fraction: float, note: str = "") -> None:
        """Nobody looks."""

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it beside the event loop."""
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture(scope="module")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("speech"), LANGUAGES, of=__name__)


@pytest.fixture(scope="module")
def undisturbed(stack: OwnStack, long_speech: Path) -> Undisturbed:
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        caller = Caller(stack, client)
        job = caller.ended(submitted(caller, long_speech), JOB_S)
        assert job["state"] == "succeeded", job
        whole = whole_of(stack, job["id"])
        pieces = len(pieces_of(stack, job["id"]))
        request = TranscriptionRequest.model_validate(whole["request"])
        return Undisturbed(request, transcript_of(whole), caller.subtitles(job), pieces)


def submitted(caller: Caller, speech: Path) -> str:
    return caller.submitted(speech, "en", source="en", overrides=json.dumps(QUICKLY))


def whole_of(stack: OwnStack, job_id: str) -> Json:
    [row] = [row for row in operations_of(stack, job_id, ["asr"]) if row["kind"] == HEARS]
    return row


def pieces_of(stack: OwnStack, job_id: str) -> list[Json]:
    """In the recording's order."""
    rows = [row for row in operations_of(stack, job_id, ["asr"]) if row["kind"] == PIECES]
    return sorted(rows, key=lambda row: int(row["idempotency_key"].rpartition("/")[2]))


def transcript_of(row: Json) -> Reference:
    return Reference.model_validate(row["result"]["transcript"])


def in_the_midst(stack: OwnStack, job_id: str) -> None:
    """Wait until one piece is over and another one is being heard."""

    def begun() -> bool:
        pieces = pieces_of(stack, job_id)
        assert not pieces or not all(row["ended_at"] for row in pieces), "all are over before one was seen to be heard"
        return {"running", "succeeded"} <= {row["state"] for row in pieces}

    assert eventually(begun, JOB_S, longest_s=0.05), operations_of(stack, job_id)


def heard_by_one(theirs: Store, request: TranscriptionRequest, folder: Path) -> Transcript:
    """What comes of the same request here and at once, by a service that shares nothing."""
    ours = Store(StoreSettings(url=f"file://{folder}", durable=False), "asr")
    settings = RecognitionSettings(cpu_threads=1)
    pool = RecogniserPool(60, 1)
    service = TranscriptionService(
        store=ours,
        catalogue=catalogue(),
        pool=pool,
        engines=Installed(settings),
        find_speech=SileroDetector(settings.vad_threshold),
        settings=settings,
    )

    async def heard() -> Transcript:
        media = await ours.put("test", await theirs.read(request.media), request.media.media_type)
        result = await service.transcribe(request.model_copy(update={"media": media}), Alone())
        assert isinstance(result, Transcription)
        return await ours.load(result.transcript, Transcript)

    try:
        return asyncio.run(heard())
    finally:
        pool.close()


def test_what_is_heard_in_pieces_is_what_one_process_hears(stack: OwnStack, undisturbed: Undisturbed, tmp_path: Path):
    store = Store(StoreSettings(url=stack.home.store.as_uri()), "asr")
    shared = asyncio.run(store.load(undisturbed.transcript, Transcript))

    assert undisturbed.pieces >= AT_LEAST
    assert len(shared.segments) > undisturbed.pieces
    assert shared == heard_by_one(store, undisturbed.request, tmp_path)


def test_a_long_recording_survives_the_death_of_whoever_hears_it(
    stack: OwnStack, caller: Caller, long_speech: Path, undisturbed: Undisturbed
):
    job_id = submitted(caller, long_speech)
    in_the_midst(stack, job_id)
    stack.kill("asr-worker")

    job = caller.ended(job_id, HEALING_S + JOB_S)

    assert job["state"] == "succeeded", job
    assert transcript_of(whole_of(stack, job_id)).sha256 == undisturbed.transcript.sha256
    assert caller.subtitles(job) == undisturbed.subtitles
    pieces = pieces_of(stack, job_id)
    assert {row["state"] for row in pieces} == {"succeeded"}
    assert len(pieces) == undisturbed.pieces
    # What was over stays so: what each of the worker's two processes had under way is heard again, and nothing else.
    assert {row["attempts"] for row in pieces} == {0}
    assert 1 <= sum(row["losses"] for row in pieces) <= 2
    assert_counted_once(stack, caller, job_id, pieces)


def assert_counted_once(stack: OwnStack, caller: Caller, job_id: str, pieces: list[Json]) -> None:
    """Each piece is on record with what it took, the whole with nothing of that, and the job's cost has them all."""
    ids = [row["id"] for row in pieces]
    with stack.rows() as db:
        calls = db.execute(
            "SELECT operation_id FROM ledger.call WHERE job_id = %s AND stage = %s AND outcome = 'ok'", [job_id, HEARS]
        ).fetchall()
        attempts = db.execute(
            "SELECT operation_id FROM ledger.stage_metrics WHERE operation_id = ANY(%s) AND outcome = 'succeeded'", [ids]
        ).fetchall()
    assert Counter(row["operation_id"] for row in calls) == Counter(ids)
    # What an attempt took is written a moment after its end, which a process that is killed may not live to see.
    assert Counter(row["operation_id"] for row in attempts) <= Counter(ids)
    cost = caller.http.get(f"/jobs/{job_id}/cost").raise_for_status().json()
    [hearing] = [stage for stage in cost["stages"] if stage["stage"] == HEARS]
    # Whoever is killed leaves a call behind of which nothing is known.
    assert hearing["calls"] - hearing["unresolved"] == len(ids)


def test_a_job_that_is_cancelled_takes_its_pieces_with_it(stack: OwnStack, caller: Caller, long_speech: Path):
    left_before = stored(stack) - named(stack)  # who is killed leaves objects to the daily sweep
    job_id = submitted(caller, long_speech)
    in_the_midst(stack, job_id)

    assert caller.http.delete(f"/jobs/{job_id}").status_code == 202
    job = caller.ended(job_id, HEALING_S)

    assert job["state"] == "cancelled"
    assert eventually(lambda: all(row["ended_at"] for row in operations_of(stack, job_id)), HEALING_S)
    states = Counter(row["state"] for row in pieces_of(stack, job_id))
    assert states["cancelled"] >= 1
    assert states.keys() <= {"succeeded", "cancelled"}

    caller.gone(job_id, HEALING_S)

    # What has just erased it is there yet.
    assert {row["kind"] for row in operations_of(stack, job_id)} <= {ADVANCES.name}
    assert eventually(lambda: stored(stack) - named(stack) <= left_before, HEALING_S)
