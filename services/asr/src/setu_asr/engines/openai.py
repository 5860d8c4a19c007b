"""Recognition by a hosted model: OpenAI's ``POST /v1/audio/transcriptions``, or a server that speaks the same.

The only user of its SDK here. Each batch of clips is one compressed upload, or as many as the limit asks for. Uploads go through what calls
to language models go through: a deadline, retries with a budget, a circuit, and the meter; the SDK's own retries are off.
"""

import asyncio
import hashlib
import json
import math
from collections.abc import Coroutine, Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeVar

import structlog
from openai import APIError, AsyncOpenAI, omit
from pydantic import BaseModel, Field, ValidationError

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.hosted import ToldSegment, ToldWord, Upload, by_clip, language_code, uploads
from setu_asr.engines.compressing import BITS_PER_S, CONTAINER, MEDIA_TYPE, compressed
from setu_asr.engines.parts import NoParts, Parts
from setu_asr.engines.recogniser import ModelKey
from setu_asr.errors import HostedRefused, UnusablePlan
from setu_asr.settings import HostedSettings
from setu_common.contracts import AsrPlan
from setu_common.cost import Meter, Unmetered, Usage
from setu_common.cost.payloads import usage_of_openai
from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.http import AnswerLate, BreakerPolicy, Dependencies, Policy, create_client, deadline_in
from setu_common.llm import (
    LimitPolicy,
    Limits,
    LlmContextTooLong,
    LlmQuotaExhausted,
    LlmRateLimited,
    LlmRefusal,
    LlmRequestRefused,
    LlmUnavailable,
    LlmUnusable,
    classify_llm,
    whose_prices,
)
from setu_common.llm.calling import Calls, Reading
from setu_common.llm.openai_answers import error_of
from setu_common.llm.statuses import unreadable

DEPENDENCY: Final = "asr-openai"
AWAY_S: Final = 10.0
OK: Final = 200
# The container's own bytes, and bits that the encoder takes beyond its rate.
OVERHEAD: Final = 1.25
# Uploads are few and long: some in five minutes tell as much as twenty calls in half a minute elsewhere. One alone, with its repetitions, does not.
WINDOW_S: Final = 300.0
FEWEST: Final = 8

T = TypeVar("T")
log = structlog.get_logger()


class _Segment(BaseModel):
    start: float = Field(allow_inf_nan=False)
    end: float = Field(allow_inf_nan=False)
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class _Word(BaseModel):
    start: float = Field(allow_inf_nan=False)
    end: float = Field(allow_inf_nan=False)
    word: str


class _Answer(BaseModel):
    """What is needed of the answer. The SDK checks nothing of what comes."""

    language: str = ""
    segments: list[_Segment] | None = None
    words: list[_Word] | None = None
    text: str


class HostedServer:
    """The server, for as long as a process calls it: one client, one circuit, one meter.

    Made on an event loop, which makes its calls while other threads wait for them.

    Args:
        settings: where it is, its key and its limits.
        dependencies: the process's, of which it becomes one.
        meter: told of each request.
        parts: what it answered before to the operation at hand.

    Raises:
        UnusablePlan: no key was given to this worker.
    """

    def __init__(
        self,
        settings: HostedSettings,
        dependencies: Dependencies | None = None,
        meter: Meter | None = None,
        parts: Parts | None = None,
    ) -> None:
        if settings.api_key is None:
            raise UnusablePlan(
                "The engine openai needs a key that this worker was not given (SETU_ASR_OPENAI_API_KEY). Use another engine, or leave "
                "the plan out."
            )
        dependencies = dependencies or Dependencies()
        breaker = BreakerPolicy(window_s=WINDOW_S, minimum=FEWEST, open_s=30.0, probe_s=settings.timeout_s)
        self.settings = settings
        self.parts = parts or NoParts()
        self.meter = meter or Unmetered()
        self.dependency = dependencies.dependency(
            DEPENDENCY, Policy(attempt_s=settings.timeout_s, breaker=breaker), classify=classify_llm
        )
        self.limits = Limits(DEPENDENCY, LimitPolicy(), dependencies.timing)
        self.billed_as = settings.billed_as or whose_prices(settings.url)
        self._loop = asyncio.get_running_loop()
        http = create_client(settings.url, service_token=None, timeout_s=settings.timeout_s)
        self.client = AsyncOpenAI(
            base_url=settings.url,
            api_key=settings.api_key.get_secret_value(),
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:  # Any: what coroutines are given and give on the way
        """Have the event loop do something, with what is bound here, and wait for it; from any thread but the loop's own."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class HostedWhisper:
    """See `setu_asr.engines.recogniser.Recogniser` and ``Piecemeal``.

    Args:
        key: whose model is what the server calls it.
        server: where it is.
    """

    def __init__(self, key: ModelKey, server: HostedServer) -> None:
        self._model = key.model
        self._server = server
        self._calls = Calls(
            billed_as=server.billed_as,
            model=key.model,
            dependency=server.dependency,
            limits=server.limits,
            meter=server.meter,
        )
        self._longest_s = server.settings.max_upload_bytes * 8 / (BITS_PER_S * OVERHEAD)

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """The language of the first clip. The API does not tell how probable it is: 1.

        Raises:
            DependencyUnavailable, HostedRefused, BudgetExhausted: as ``pieces``.
        """
        answer = self._server.wait_for(self._answer(Upload((clips[0],)), None, NO_HINTS))
        code = language_code(answer.language)
        if code is None:
            raise HostedRefused(
                "What the hosted recogniser answers names no language that Setu knows; name the recording's own in source_language."
            )
        return code, 1.0

    def recognise(self, clips: Sequence[Samples], language: str, plan: AsrPlan, hints: Hints = NO_HINTS) -> list[list[Heard]]:
        """What is said in each clip; raises as ``pieces``."""
        return list(chain.from_iterable(self.pieces(clips, language, plan, hints)))

    def pieces(
        self,
        clips: Sequence[Samples],
        language: str,
        plan: AsrPlan,  # noqa: ARG002  the server has a beam of its own
        hints: Hints = NO_HINTS,
    ) -> Iterator[list[list[Heard]]]:
        """What is said in the clips of one upload after the other.

        Raises:
            DependencyUnavailable: no answer, none in time, or none that can be read; ``CircuitOpen``: it is not asked at the moment.
            HostedRefused: the server refuses, and will again.
            BudgetExhausted: what the upload could cost is more than may be spent.
        """
        for upload in uploads(clips, self._longest_s):
            yield _placed(upload, self._server.wait_for(self._answer(upload, language, hints)))

    async def _answer(self, upload: Upload, language: str | None, hints: Hints) -> _Answer:
        """Ask, unless this operation has asked the same before. Sound is billed by begun seconds."""
        samples = upload.samples()
        heard = Usage(audio_s=math.ceil(len(samples) / RATE_HZ))
        likeness = self._likeness(samples, language, hints)
        known = await self._server.parts.find(likeness)
        if known is not None:
            async with self._server.meter.call(self._server.billed_as, self._model, Usage()) as call:
                call.settle(heard, outcome="cached")
            return _Answer.model_validate_json(known)
        content = await asyncio.to_thread(compressed, samples)
        log.info("hosted.asked", model=self._model, clips=len(upload.clips), size_bytes=len(content))
        try:
            with deadline_in(self._server.settings.patience_s):
                answer = await self._calls.make(
                    lambda: self._once(content, heard, language, hints), bound=heard, operation="transcription"
                )
        except SetuError as error:
            raise self._told(error) from error
        await self._server.parts.keep(likeness, answer.model_dump_json())
        return answer

    async def _once(self, content: bytes, heard: Usage, language: str | None, hints: Hints) -> Reading[_Answer]:
        try:
            told: Any = await self._server.client.audio.transcriptions.create(  # Any: whatever the server sent
                model=self._model,
                file=(f"speech.{CONTAINER}", content, MEDIA_TYPE),
                language=language or omit,
                response_format="verbose_json",
                timestamp_granularities=["word", "segment"],
                prompt=hints.prompt or omit,
                temperature=hints.temperature or 0,
            )
        except (APIError, ValueError) as error:  # ValueError: a body that says it is JSON and is not
            raise error_of(error, DEPENDENCY, self._model) from error
        content_told = told.to_dict(warnings=False) if hasattr(told, "to_dict") else told
        try:
            answer = _Answer.model_validate(content_told)
        except ValidationError:
            return Reading(None, error=unreadable(DEPENDENCY))
        billed = _billed(content_told) or heard
        if language is not None and not answer.segments and answer.text.strip():  # it would answer so again, and bill again
            return Reading(billed, error=LlmRequestRefused("It has a text and no segments.", status=OK))
        return Reading(billed, answer)

    def _likeness(self, samples: Samples, language: str | None, hints: Hints) -> str:
        """The same for requests that have the same answer."""
        asked = json.dumps([self._server.settings.url, self._model, language, hints.prompt, hints.temperature])
        return hashlib.sha256(asked.encode() + samples.tobytes()).hexdigest()

    def _told(self, error: SetuError) -> SetuError:
        """A provider's error as this service tells it: what to look at here, and when to come back."""
        status = error.context.get("status")
        if isinstance(error, LlmQuotaExhausted):
            detail = f"The hosted recogniser's quota is used up (it answered {status}). Look at the account's billing."
            return HostedRefused(detail, status=status)
        if isinstance(error, LlmUnusable | LlmContextTooLong | LlmRefusal):
            return HostedRefused(
                f"The hosted recogniser answered {status}. Check its key, and that it offers the model {self._model!r} with "
                "verbose_json and word timestamps, as whisper-1 does (SETU_ASR_OPENAI_URL, _API_KEY and _MODEL).",
                status=status,
            )
        if not isinstance(error, LlmUnavailable | LlmRateLimited | AnswerLate):
            return error  # that its circuit is open; or of something else that is needed, such as the ledger
        retry_after_s = AWAY_S if error.retry_after_s is None else error.retry_after_s
        if status is None:
            detail = f"The hosted recogniser does not answer, or not within {self._server.settings.timeout_s:g} s."
        elif status == OK:
            detail = "What the hosted recogniser answers is no transcript in verbose_json; check SETU_ASR_OPENAI_URL."
        else:
            detail = f"The hosted recogniser is busy or broken (it answered {status})."
        return DependencyUnavailable(detail, retry_after_s=retry_after_s, status=status)


def _billed(told: Any) -> Usage | None:  # noqa: ANN401  (Any: JSON)
    """What the server says that it bills; None if it doesn't say."""
    try:
        return usage_of_openai(told["usage"]) or None
    except (KeyError, TypeError, ValueError, AttributeError):  # figures that are none
        return None


def _placed(upload: Upload, answer: _Answer) -> list[list[Heard]]:
    segments = [
        ToldSegment(each.start, each.end, each.text, each.avg_logprob, each.no_speech_prob, each.compression_ratio)
        for each in sorted(answer.segments or [], key=lambda each: each.start)
    ]
    words = [ToldWord(each.start, each.end, each.word) for each in sorted(answer.words or [], key=lambda each: each.start)]
    return by_clip(upload, segments, words)
