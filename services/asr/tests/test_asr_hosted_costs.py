"""What a hosted recogniser bills, told to a meter."""

import asyncio
from contextlib import asynccontextmanager, nullcontext

import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from setu_asr.domain.audio import RATE_HZ
from setu_asr.engines.openai import HostedWhisper
from setu_asr.engines.recogniser import ModelKey
from setu_asr.errors import HostedRefused
from setu_asr.settings import HostedSettings
from setu_cli.embedded.ports import free_port
from setu_common.contracts import AsrPlan
from setu_common.cost import BudgetExhausted, Usage
from setu_common.errors import DependencyUnavailable
from setu_common.testing import loopback
from setu_common.testing.metering import RecordingMeter

KEY = ModelKey("openai", "whisper-1", "int8")
HEARD = {"text": "hello", "segments": [{"start": 0.0, "end": 1.0, "text": "hello"}], "words": []}


def server(status: int) -> tuple[FastAPI, list[str]]:
    app, asked = FastAPI(), []

    @app.post("/v1/audio/transcriptions")
    async def _heard(request: Request) -> JSONResponse:
        asked.append("")
        return JSONResponse(HEARD if status == 200 else {"error": {"message": "no"}}, status)

    return app, asked


async def hear(url: str, meter: object, seconds: float = 2.5) -> None:
    from asyncio import to_thread

    settings = HostedSettings(url=f"{url}/v1", api_key=SecretStr("any"), billed_as="openai")
    engine = HostedWhisper(KEY, settings, lambda: nullcontext(meter))  # type: ignore[arg-type]  # stands in for a Meter
    clip = np.full(int(seconds * RATE_HZ), 0.1, np.float32)
    await to_thread(engine.recognise, [clip], "en", AsrPlan())


async def test_an_upload_is_billed_by_the_seconds_that_it_begins():
    meter = RecordingMeter()
    app, _ = server(200)
    async with loopback(app) as url:
        await hear(url, meter)
    (call,) = meter.calls
    assert (call.provider, call.model, call.bound, call.usage) == ("openai", "whisper-1", Usage(audio_s=3), Usage(audio_s=3))


async def test_a_refusal_bills_nothing_and_of_a_broken_server_nobody_knows():
    refused, broken = RecordingMeter(), RecordingMeter()
    app, _ = server(401)
    async with loopback(app) as url:
        with pytest.raises(HostedRefused):
            await hear(url, refused)
    app, _ = server(500)
    async with loopback(app) as url:
        with pytest.raises(DependencyUnavailable):
            await hear(url, broken)
    assert [call.usage for call in refused.calls] == [Usage()]
    assert [call.usage for call in broken.calls] == [None]


@pytest.mark.parametrize("status", [429, 503])
async def test_who_is_busy_and_turns_one_away_bills_nothing(status):
    meter = RecordingMeter()
    app, asked = server(status)
    async with loopback(app) as url:
        with pytest.raises(DependencyUnavailable):
            await hear(url, meter)
    assert len(asked) == 1
    assert [(call.usage, call.outcome) for call in meter.calls] == [(Usage(), "failed")]


async def test_a_server_that_was_never_reached_bills_nothing():
    meter = RecordingMeter()
    with pytest.raises(DependencyUnavailable):
        await hear(f"http://127.0.0.1:{free_port()}", meter)
    assert [(call.usage, call.outcome) for call in meter.calls] == [(Usage(), "failed")]


async def test_of_an_answer_that_broke_off_nobody_knows_whether_it_was_billed():
    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    meter = RecordingMeter()
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(DependencyUnavailable):
            await hear(f"http://127.0.0.1:{port}", meter)
    assert [call.usage for call in meter.calls] == [None]


async def test_past_a_budget_nothing_is_sent():
    class Exhausted:
        @asynccontextmanager
        async def call(self, provider, model, bound):
            raise BudgetExhausted("Nothing is left.")
            yield

    app, asked = server(200)
    async with loopback(app) as url:
        with pytest.raises(BudgetExhausted):
            await hear(url, Exhausted())
    assert asked == []
