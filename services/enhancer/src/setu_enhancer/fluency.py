"""How probable a text is to a language model: what people don't say, a model does not expect.

A server of OpenAI's legacy completions tells the probability of what it writes, and some (vLLM) that of what it is given, by ``echo``.
llama.cpp's does not. But it can be held to a text by a grammar that allows nothing else, and tells for each token the probability that the
model gave it before the grammar had its say; so the text is scored as it is "written". Which of the two a server can is found out once, with a
sentence that is known. A server that can neither has no scores.
"""

import asyncio
import json
import math
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.llm import Answer, LlmError, LlmRequestRefused

LEAD: Final = "Film subtitles in {language}:\n"
PROBE: Final = "I don't know what you mean."
IMPROBABLE: Final = "Mean what know you don't I."
CERTAIN: Final = -0.05
"""Nearer to 0 than this a mean log-probability is no opinion: the grammar's certainty is told instead of the model's."""
TOKENS_BEYOND: Final = 8
LONGEST_BYTES: Final = 2000
LINE_BYTES: Final = 150
"""A text of so many is asked about however short the time is: whoever allows less than the usual has a faster server."""
BYTES_PER_S: Final = 5.0
"""So many bytes of a text there is time for a second. Source: the embedded model on one thread, four texts at once, tells 7 of Hindi and 12 of
English, so what is let through takes two thirds of its time at most."""

log = structlog.get_logger()


class Fluency(Protocol):
    """Says how probable texts are."""

    @property
    def longest_bytes(self) -> int:
        """Of a longer text it tells nothing."""

    async def mean_logprobs(self, texts: Sequence[str], language: str) -> Sequence[float | None]:
        """The mean natural logarithm of the tokens' probabilities of each text, in their order; None where it can't be told."""


class Completing(Protocol):
    """Goes on with a text; ``setu_common.llm.OpenAiProvider`` does."""

    async def complete(
        self,
        prompt: str,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Answer[str]:
        """See ``OpenAiProvider.complete``."""


Way = Callable[[str, str], Awaitable[float | None]]


class CompletionsFluency:
    """A ``Fluency`` by a server's ``/v1/completions``.

    Args:
        server: the server.
        at_once: requests under way at once.
        timeout_s: how long an answer may take once its turn has come, seconds; texts that would take longer are not asked about.
    """

    def __init__(self, server: Completing, *, at_once: int = 4, timeout_s: float | None = None) -> None:
        self.longest_bytes = (
            LONGEST_BYTES if timeout_s is None else min(LONGEST_BYTES, max(LINE_BYTES, int(timeout_s * BYTES_PER_S)))
        )
        self._server = server
        self._slots = asyncio.Semaphore(at_once)
        self._timeout_s = timeout_s
        self._finding = asyncio.Lock()
        self._way: Way | None = None
        self._found = False

    async def mean_logprobs(self, texts: Sequence[str], language: str) -> list[float | None]:
        """See ``Fluency``.

        Raises:
            DependencyUnavailable: the server does not answer.
            LlmUnusable: it does not answer such requests at all.
        """
        way = await self._ways()
        if way is None:
            return [None] * len(texts)
        lead = LEAD.format(language=LANGUAGE_NAMES.get(language, language))
        tasks = {text: asyncio.create_task(self._of(way, lead, text)) for text in dict.fromkeys(texts)}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
        return [tasks[text].result() for text in texts]

    async def _ways(self) -> Way | None:
        async with self._finding:
            if not self._found:
                for way in (self._held, self._echoed):
                    if await self._works(way):
                        self._way = way
                        break
                else:
                    log.warning("fluency.no_way", hint="the server tells no probabilities of a given text")
                self._found = True
        return self._way

    async def _works(self, way: Way) -> bool:
        """Whether a sentence is more probable in its order than in the reverse, and neither is certain."""
        lead = LEAD.format(language=LANGUAGE_NAMES["en"])
        try:
            likely, unlikely = await way(lead, PROBE), await way(lead, IMPROBABLE)
        except LlmRequestRefused:
            return False
        return likely is not None and unlikely is not None and unlikely < likely < CERTAIN

    async def _of(self, way: Way, lead: str, text: str) -> float | None:
        text = _printable(text)
        if not text or size_bytes(text) > self.longest_bytes:
            return None
        async with self._slots:
            try:
                return await way(lead, text)
            except LlmRequestRefused:
                raise
            except LlmError as error:  # of this text alone
                log.warning("fluency.no_score", code=error.code)
                return None

    async def _held(self, lead: str, text: str) -> float | None:
        """By a grammar that allows the text and nothing else."""
        answer = await self._server.complete(
            lead,
            max_tokens=len(text.encode()) + TOKENS_BEYOND,
            timeout_s=self._timeout_s,
            parameters={"grammar": f"root ::= {json.dumps(text, ensure_ascii=False)}"},
        )
        return _mean(answer, 0, len(text.encode())) if answer.text.strip() == text else None

    async def _echoed(self, lead: str, text: str) -> float | None:
        """By having the prompt's own probabilities told."""
        answer = await self._server.complete(lead + text, max_tokens=1, timeout_s=self._timeout_s, parameters={"echo": True})
        if not answer.text.startswith(lead + text):
            return None
        # The first token has no probability, and is not told; so places are counted from the end.
        beyond = len(answer.text.encode()) - len((lead + text).encode())
        return _mean(answer, beyond, len(text.encode()))


def size_bytes(text: str) -> int:
    """How long a text is as it is put before a server."""
    return len(_printable(text).encode("utf-8", "replace"))


def _printable(text: str) -> str:
    """A text in one line, without control characters: a server takes no grammar that holds them, and says so as if it had broken down."""
    return " ".join("".join(each for each in text if each.isspace() or unicodedata.category(each) != "Cc").split())


def _mean(answer: Answer[str], beyond: int, length: int) -> float | None:
    """The mean of the tokens of a stretch of so many bytes, which so many others follow; None if they are not told."""
    found: list[float] = []
    for token in reversed(answer.tokens):
        if beyond > 0:
            beyond -= token.length_bytes
        elif length > 0:
            length -= token.length_bytes
            found.append(token.logprob)
    return math.fsum(found) / len(found) if found and length <= 0 else None
