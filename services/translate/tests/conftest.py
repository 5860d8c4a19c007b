"""A language model's server that says whatever a test wants, behind a real socket, and stand-ins for the rest."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from setu_common.contracts import Segment, Transcript
from setu_common.testing import loopback
from setu_translate.domain.lines import Line
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.translator import Rendering, Translator


def completion(text: str, *, finish: str = "stop", logprobs: object = None) -> dict[str, object]:
    """A body as OpenAI's legacy completions have it."""
    choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": logprobs}
    return {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}


class FakeLlm:
    """``reply`` gets the line that is asked for and the whole request; a string is an answer, a Response is sent as it is."""

    def __init__(self) -> None:
        self.reply: Callable[[str, dict], object] = lambda line, _: f" {line.upper()}"
        self.delay_s: Callable[[str], float] = lambda _: 0
        self.requests: list[dict] = []
        self.headers: list[dict] = []
        self.most_at_once = 0
        self.four_at_once = asyncio.Event()
        self.waits_for_four = False
        self._at_once = 0

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/completions")
        async def _completions(request: Request) -> Response:
            body = await request.json()
            self.requests.append(body)
            self.headers.append(dict(request.headers))
            line = body["prompt"].rsplit("\n", 2)[-2].partition(": ")[2]
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self._at_once == 4:
                self.four_at_once.set()
            try:
                if self.waits_for_four:
                    await self.four_at_once.wait()
                await asyncio.sleep(self.delay_s(line))
            finally:
                self._at_once -= 1
            answer = self.reply(line, body)
            if isinstance(answer, str):
                answer = completion(answer)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return app


@pytest.fixture
def llm() -> FakeLlm:
    return FakeLlm()


@pytest.fixture(scope="session")
def make_llm():
    return FakeLlm


@pytest.fixture
async def llm_url(llm):
    async with loopback(llm.app) as url:
        yield f"{url}/v1"


@pytest.fixture
async def completions(llm_url):
    async with Completions(base_url=llm_url, model="some-model", api_key=None, timeout_s=5) as made:
        yield made


@pytest.fixture
def translator(completions) -> LlmTranslator:
    return LlmTranslator(completions, read_examples(), parallel=4)


class HandWork:
    """The work at hand, as a handler sees it, without a worker."""

    operation_id: UUID = uuid4()
    tenant = "acme"
    job_id: UUID | None = None
    attempt = 1
    cancelled = False

    def __init__(self) -> None:
        self.reported: list[tuple[float, str]] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.reported.append((fraction, note))

    async def in_thread(self, function, *args, **kwargs):
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture
def work() -> HandWork:
    return HandWork()


class HandErrand:
    """The work that lines are done for, as an engine sees it."""

    cancelled = False

    def __init__(self) -> None:
        self.renderings: dict[int, Rendering] = {}
        self.loads_s: list[float] = []

    def loaded(self, took_s: float) -> None:
        self.loads_s.append(took_s)

    def done(self, place: int, rendering: Rendering) -> None:
        self.renderings[place] = rendering

    async def in_thread(self, function, *args, **kwargs):
        return await asyncio.to_thread(function, *args, **kwargs)


@pytest.fixture
def errand() -> HandErrand:
    return HandErrand()


@pytest.fixture(scope="session")
def translate_lines():
    """Has an engine translate texts, and looks at whether it told of each."""

    async def translate(translator: Translator, *texts: str | Line, source="fr", target="en") -> list[Rendering]:
        errand = HandErrand()
        lines = [text if isinstance(text, Line) else Line(text) for text in texts]
        renderings = await translator.translate(lines, source, target, errand)
        assert [errand.renderings[place] for place in range(len(texts))] == renderings
        return renderings

    return translate


def transcript_of(*texts: str, language: str = "fr", first_index: int = 0) -> Transcript:
    segments = tuple(
        Segment(index=first_index + place, start_s=place, end_s=place + 0.9, text=text) for place, text in enumerate(texts)
    )
    return Transcript(
        language=language,
        language_probability=1.0,
        duration_s=float(len(texts)),
        segments=segments,
        engine="faster-whisper",
        model="whisper-base",
    )


@pytest.fixture
def make_transcript():
    return transcript_of


@pytest.fixture
def completion_body():
    return completion
