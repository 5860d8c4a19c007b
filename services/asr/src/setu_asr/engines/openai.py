"""Recognition by a hosted model: OpenAI's ``POST /v1/audio/transcriptions``, or a server that speaks the same.

The only user of its SDK here. Each batch of clips is one compressed upload, or as many as the limit asks for.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

import structlog
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, omit
from pydantic import BaseModel, Field, ValidationError

from setu_asr.domain.audio import RATE_HZ, Samples
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.hosted import ToldSegment, ToldWord, Upload, by_clip, language_code, uploads
from setu_asr.engines.compressing import BITS_PER_S, CONTAINER, MEDIA_TYPE, compressed
from setu_asr.engines.recogniser import ModelKey
from setu_asr.errors import HostedRefused, UnusablePlan
from setu_asr.settings import HostedSettings
from setu_common.contracts import AsrPlan
from setu_common.cost import Meter, Unmetered, Usage
from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.http import create_client, never_reached, parse_retry_after
from setu_common.llm.building import whose_prices

TOO_MANY_REQUESTS: Final = 429
SERVER_ERRORS: Final = 500
TURNED_AWAY: Final = (TOO_MANY_REQUESTS, 503)
QUOTA: Final = "insufficient_quota"
AWAY_S: Final = 10.0
# The container's own bytes, and bits that the encoder takes beyond its rate.
OVERHEAD: Final = 1.25

log = structlog.get_logger()

# Opened for each round of uploads, which has an event loop of its own.
Metered = Callable[[], AbstractAsyncContextManager[Meter]]


def _surely_unbilled(error: HostedRefused | DependencyUnavailable) -> bool:
    """Whether the server refused before it did any work, or never heard of it. One that broke, or fell silent, may bill all the same."""
    return isinstance(error, HostedRefused) or error.context.get("status") in TURNED_AWAY or never_reached(error.__cause__)


def _unmetered() -> AbstractAsyncContextManager[Meter]:
    return nullcontext(Unmetered())


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


class HostedWhisper:
    """See `setu_asr.engines.recogniser.Recogniser`.

    Args:
        key: whose model is what the server calls it.
        settings: where the server is, its key and its limits.
        metered: gives what is told of each upload.

    Raises:
        UnusablePlan: no key was given to this worker.
    """

    def __init__(self, key: ModelKey, settings: HostedSettings, metered: Metered = _unmetered) -> None:
        if settings.api_key is None:
            raise UnusablePlan(
                "The engine openai needs a key that this worker was not given (SETU_ASR_OPENAI_API_KEY). Use another engine, or leave "
                "the plan out."
            )
        self._model = key.model
        self._api_key = settings.api_key.get_secret_value()
        self._settings = settings
        self._metered = metered
        self._billed_as = settings.billed_as or whose_prices(settings.url)
        self._longest_s = settings.max_upload_bytes * 8 / (BITS_PER_S * OVERHEAD)

    def detect_language(self, clips: Sequence[Samples]) -> tuple[str, float]:
        """The language of the first clip. The API does not tell how probable it is: 1.

        Raises:
            DependencyUnavailable, HostedRefused, BudgetExhausted: as ``recognise``.
        """
        [answer] = asyncio.run(self._ask_each([Upload((clips[0],))], None, NO_HINTS))
        code = language_code(answer.language)
        if code is None:
            raise self._unreadable("names no language that Setu knows")
        return code, 1.0

    def recognise(
        self,
        clips: Sequence[Samples],
        language: str,
        plan: AsrPlan,  # noqa: ARG002  the server has a beam of its own
        hints: Hints = NO_HINTS,
    ) -> list[list[Heard]]:
        """What is said in each clip.

        Raises:
            DependencyUnavailable: no answer, none in time, or none that can be read.
            HostedRefused: the server refuses, and will again.
            BudgetExhausted: what the upload could cost is more than may be spent.
        """
        together = list(uploads(clips, self._longest_s))
        answers = asyncio.run(self._ask_each(together, language, hints))
        return list(chain.from_iterable(self._placed(upload, answer) for upload, answer in zip(together, answers, strict=True)))

    async def _ask_each(self, together: Sequence[Upload], language: str | None, hints: Hints) -> list[_Answer]:
        http = create_client(self._settings.url, service_token=None, timeout_s=self._settings.timeout_s)
        client = AsyncOpenAI(
            base_url=self._settings.url, api_key=self._api_key, timeout=http.timeout, max_retries=0, http_client=http
        )
        async with client, self._metered() as meter:
            return [await self._paid(meter, client, upload, language, hints) for upload in together]

    async def _paid(self, meter: Meter, client: AsyncOpenAI, upload: Upload, language: str | None, hints: Hints) -> _Answer:
        """Ask, on record. Sound is billed by begun seconds; what was refused or never arrived is not, and of the rest nobody knows."""
        samples = upload.samples()
        heard = Usage(audio_s=math.ceil(len(samples) / RATE_HZ))
        async with meter.call(self._billed_as, self._model, heard) as call:
            try:
                answer = await self._ask(client, samples, len(upload.clips), language, hints)
            except (HostedRefused, DependencyUnavailable) as error:
                if _surely_unbilled(error):
                    call.settle(Usage(), outcome="failed")
                raise
            call.settle(heard)
            return answer

    async def _ask(self, client: AsyncOpenAI, samples: Samples, clips: int, language: str | None, hints: Hints) -> _Answer:
        content = compressed(samples)
        log.info("hosted.asked", model=self._model, clips=clips, size_bytes=len(content))
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                told: Any = await client.audio.transcriptions.create(  # Any: whatever the server sent
                    model=self._model,
                    file=(f"speech.{CONTAINER}", content, MEDIA_TYPE),
                    language=language or omit,
                    response_format="verbose_json",
                    timestamp_granularities=["word", "segment"],
                    prompt=hints.prompt or omit,
                    temperature=hints.temperature or 0,
                )
        except APIStatusError as error:
            raise self._refusal(error) from error
        except (APIConnectionError, TimeoutError) as error:  # the SDK's own timeout is the former
            raise DependencyUnavailable(
                f"The hosted recogniser does not answer, or not within {self._settings.timeout_s:g} s.", retry_after_s=AWAY_S
            ) from error
        except (APIError, ValueError) as error:  # ValueError: a body that says it is JSON and is not
            raise self._unreadable("is no transcript") from error
        try:
            return _Answer.model_validate(told.to_dict(warnings=False) if hasattr(told, "to_dict") else told)
        except ValidationError as error:
            raise self._unreadable("is no transcript in verbose_json") from error

    def _refusal(self, error: APIStatusError) -> SetuError:
        status = error.status_code
        if status >= SERVER_ERRORS or (status == TOO_MANY_REQUESTS and error.code != QUOTA):
            told_s = parse_retry_after(error.response.headers.get("Retry-After"), datetime.now(UTC))
            return DependencyUnavailable(
                f"The hosted recogniser is busy or broken (it answered {status}).",
                retry_after_s=AWAY_S if told_s is None else told_s,
                status=status,
            )
        return HostedRefused(
            f"The hosted recogniser answered {status}. Check its key and quota, and that it offers the model {self._model!r} with "
            "verbose_json and word timestamps, as whisper-1 does (SETU_ASR_OPENAI_URL, _API_KEY and _MODEL).",
            status=status,
        )

    def _unreadable(self, what: str) -> DependencyUnavailable:
        return DependencyUnavailable(
            f"What the hosted recogniser answers {what}; check SETU_ASR_OPENAI_URL.", retry_after_s=AWAY_S
        )

    def _placed(self, upload: Upload, answer: _Answer) -> list[list[Heard]]:
        segments = [
            ToldSegment(each.start, each.end, each.text, each.avg_logprob, each.no_speech_prob, each.compression_ratio)
            for each in sorted(answer.segments or [], key=lambda each: each.start)
        ]
        if not segments and answer.text.strip():
            raise self._unreadable("has a text and no segments")
        words = [ToldWord(each.start, each.end, each.word) for each in sorted(answer.words or [], key=lambda each: each.start)]
        return by_clip(upload, segments, words)
