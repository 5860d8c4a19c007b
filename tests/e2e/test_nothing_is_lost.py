"""Whatever works on a job, or is needed for it, is killed or away for a while: nothing is lost, and nothing is done twice."""

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import httpx2
import psycopg
import pytest

from ownstack.badmedia import silence
from ownstack.blows import (
    FIRST_S,
    HEALING_S,
    Blow,
    assert_done_once,
    assert_outages_were_told,
    assert_survived,
    kill,
    kill_child,
    left_in_peace,
)
from ownstack.jobs import Json, named, stored
from ownstack.stack import OwnStack
from toystack.watching import eventually

STACK = "broken"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(180, func_only=True)]

BLOWS: Mapping[str, Blow] = {
    "child of the asr worker killed": Blow("asr", kill_child, counted=((1, 0),)),
    "asr worker killed": Blow("asr", kill("asr-worker"), counted=((0, 1),)),
    "translate worker killed": Blow("translate", kill("translate-worker"), counted=((0, 1),)),
    # Its second attempt is 10 s after the first; on a busy machine the model may not be loaded by then.
    "language model killed": Blow("translate", kill("llm"), counted=((1, 0), (2, 0))),
    "gateway API killed": Blow("asr", kill("gateway-api")),
    "pipeline worker killed": Blow("asr", kill("gateway-worker")),
    "Valkey killed and emptied": Blow("asr", lambda stack, _row: stack.empty_valkey()),
    "Postgres restarted": Blow("asr", kill("postgres", signal.SIGINT)),
    "Postgres killed": Blow("asr", kill("postgres")),
}


@pytest.fixture(scope="module")
def undisturbed(stack, short_speech):
    return left_in_peace(stack, short_speech)


@pytest.mark.parametrize("blow", BLOWS.values(), ids=BLOWS.keys())
def test_a_job_survives(blow, stack, caller, short_speech, undisturbed):
    assert_survived(blow, stack, caller, short_speech, undisturbed)


OUTAGES = {
    "gateway API killed": ("gateway-api", signal.SIGKILL),
    "Postgres restarted": ("postgres", signal.SIGINT),
    "Postgres killed": ("postgres", signal.SIGKILL),
}


@pytest.mark.parametrize(("name", "number"), OUTAGES.values(), ids=OUTAGES.keys())
def test_what_is_submitted_in_an_outage_is_refused_clearly_and_sent_again_becomes_one_job(
    name, number, stack, caller, short_speech
):
    key = str(uuid4())
    stack.kill(name, number)
    assert eventually(lambda: is_away(stack, name), longest_s=0.02)

    accepted = caller.insisted(lambda: caller.submit(short_speech, key=key), HEALING_S)
    repeated = caller.submit(short_speech, key=key)

    assert caller.silences + len(caller.refusals) > 0, "nothing was away"
    assert_outages_were_told(caller)
    assert (repeated.status_code, repeated.json()["id"]) == (202, accepted["id"])
    job = caller.ended(accepted["id"], FIRST_S)
    assert job["state"] == "succeeded", job
    assert_done_once(stack, job, {})
    assert_one_job(stack, job, key, short_speech)


def is_away(stack: OwnStack, name: str) -> bool:
    """Whether what was ended takes no calls any more: Postgres goes on until it has heard of it."""
    try:
        with stack.rows():
            return name != "postgres"
    except psycopg.OperationalError:
        return True


def test_an_upload_that_the_gateway_dies_over_can_be_sent_again(stack, caller, tmp_path):
    key = str(uuid4())
    long = tmp_path / "long.wav"
    long.write_bytes(silence(600.0))  # half of it is more than a piece as the store writes them
    before = stored(stack)

    def half_sent() -> Iterator[bytes]:
        yield from (b"--x\r\n", b'Content-Disposition: form-data; name="media"; filename="long.wav"\r\n\r\n')
        yield long.read_bytes()[: long.stat().st_size // 2]
        assert eventually(lambda: stored(stack) - before), "nothing was being written"
        stack.kill("gateway-api")
        while True:  # until it is noticed
            yield b"\0" * 1000

    with pytest.raises(httpx2.TransportError):
        caller.http.post("/jobs", content=half_sent(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    (half_written,) = stored(stack) - before
    assert half_written.startswith("gateway/.incoming/")  # nobody can take it for a recording; it is swept after a day
    (stack.home.store / half_written).unlink()
    accepted = caller.insisted(lambda: caller.submit(long, key=key), HEALING_S)

    assert caller.submit(long, key=key).json()["id"] == accepted["id"]
    job = caller.ended(accepted["id"], FIRST_S)
    assert job["problem"]["code"] == "no-speech"
    assert_one_job(stack, job, key, long)


def assert_one_job(stack: OwnStack, job: Json, key: str, media: Path) -> None:
    """The key stands for one job, and of the recordings that were sent only that job's was kept."""
    with stack.rows() as db:
        rows = db.execute("SELECT id, objects FROM gateway.job WHERE idempotency_key = %s", [key]).fetchall()
    assert [str(row["id"]) for row in rows] == [job["id"]]
    assert stored(stack) == named(stack)
    assert job["media"]["bytes"] == media.stat().st_size
