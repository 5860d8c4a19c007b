"""OpenAI's audio API: ``POST /v1/audio/transcriptions`` and ``/v1/audio/translations``, for its SDK as it is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, NamedTuple

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.errors import InvalidRequest, SetuError
from setu_common.web import ClosingDep
from setu_gateway.api.dependencies import Door, DoorDep, WriterDep
from setu_gateway.api.intake import LENGTH_DIGITS
from setu_gateway.openai.answering import body_of
from setu_gateway.openai.asking import DEFAULT_MODELS, FORMATS, GRANULARITIES, Reader, speech_models
from setu_gateway.openai.listening import CallerLeft, Listener
from setu_gateway.openai.refusing import refusal

CLIENT_LEFT: Final = 499  # nobody reads it; the access log does
Json = dict[str, Any]  # Any: OpenAPI's own shape

log = structlog.get_logger()


class OpenAiRoute(APIRoute):
    """A route whose errors have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as FastAPI has it
        """The handler, with errors told as OpenAI tells them."""
        answer = super().get_route_handler()

        async def answer_or_refuse(request: Request) -> Response:
            try:
                return await answer(request)
            except SetuError as error:
                problem = error.problem(request.scope.get("state", {}).get("request_id"))
                log.info("audio.refused", code=problem.code, status=problem.status)
                return refusal(problem)
            except RequestValidationError:
                return refusal(InvalidRequest("The request's headers can't be taken as they are.").problem())

        return answer_or_refuse


router = APIRouter(tags=["openai"], route_class=OpenAiRoute)


async def _listener(request: Request) -> Listener:
    listener: Listener = request.app.state.listener
    return listener


ListenerDep = Annotated[Listener, Depends(_listener)]

_PROPERTIES: Final[Json] = {
    "file": {"type": "string", "format": "binary", "description": "The recording: whatever PyAV opens, pictures and all"},
    "model": {
        "type": "string",
        "enum": [*sorted(DEFAULT_MODELS - {""}), *speech_models()],
        "description": "`whisper-1`: the model that Setu is set to",
    },
    "prompt": {"type": "string", "description": "Text that could have been said just before; of a translation not used"},
    "response_format": {"type": "string", "enum": list(FORMATS), "default": "json"},
    "temperature": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
}
_LANGUAGE: Final[Json] = {"type": "string", "enum": sorted(LANGUAGE_NAMES), "description": "Detected if left out"}
_GRANULARITIES: Final[Json] = {
    "type": "array",
    "items": {"type": "string", "enum": list(GRANULARITIES)},
    "description": "With `verbose_json` alone",
}
_ERROR: Final[Json] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}


def _body(title: str, properties: Json) -> Json:
    schema = {"type": "object", "title": title, "required": ["file", "model"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


_ANSWERS: Final[dict[int | str, Json]] = {
    200: {
        "description": "What is said, in the shape that was asked for",
        "content": {"application/json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}},
    },
    "4XX": {"description": "As OpenAI tells it", "content": {"application/json": {"schema": _ERROR}}},
    "5XX": {"description": "As OpenAI tells it", "content": {"application/json": {"schema": _ERROR}}},
}


class Call(NamedTuple):
    """One request, and what it is answered in."""

    request: Request
    tenant: str
    closing: asyncio.Event


@router.post(
    "/v1/audio/transcriptions",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=_body(
        "AudioTranscription", {**_PROPERTIES, "language": _LANGUAGE, "timestamp_granularities[]": _GRANULARITIES}
    ),
)
async def transcribe_audio(
    request: Request, caller: WriterDep, door: DoorDep, listener: ListenerDep, closing: ClosingDep
) -> Response:
    """What is said in a recording, as OpenAI's API of this name. It is a job, which is cancelled if you leave and erased once it is answered."""
    return await _answer(Call(request, caller.tenant, closing), Reader(translating=False), door, listener)


@router.post(
    "/v1/audio/translations",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=_body("AudioTranslation", _PROPERTIES),
)
async def translate_audio(
    request: Request, caller: WriterDep, door: DoorDep, listener: ListenerDep, closing: ClosingDep
) -> Response:
    """What is said in a recording, in English, as OpenAI's API of this name."""
    return await _answer(Call(request, caller.tenant, closing), Reader(translating=True), door, listener)


async def _answer(call: Call, reader: Reader, door: Door, listener: Listener) -> Response:
    length = call.request.headers.get("content-length", "")
    async with door.backlog.place(call.tenant) as taken:
        upload = await door.intake.receive_form(
            call.request.stream(),
            tenant=call.tenant,
            content_type=call.request.headers.get("content-type"),
            content_length=int(length[:LENGTH_DIGITS]) if length.isdecimal() else None,
            shape=reader.shape,
        )
        taken()  # a job is made of it next
    if reader.asked is None:
        raise AssertionError("a form that was taken has been read")
    try:
        async with _watched(call.request) as left:
            heard = await listener.hear(call.tenant, upload, left=left, closing=call.closing)
    except CallerLeft:
        log.info("audio.abandoned")
        return Response(status_code=CLIENT_LEFT)
    content, media_type = body_of(reader.asked, heard)
    return Response(content, media_type=media_type)


@asynccontextmanager
async def _watched(request: Request) -> AsyncIterator[asyncio.Event]:
    """Set once the caller has gone. The body must have been read."""
    left = asyncio.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue
        left.set()

    watching = asyncio.ensure_future(watch())
    try:
        yield left
    finally:
        watching.cancel()
