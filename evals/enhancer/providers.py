"""Who edits: a model, or somebody who gives what people wrote, or noise."""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Final, Literal, Self, TypeVar

from bench.prompts import llm_server
from pydantic import BaseModel

from evals.enhancer.pricing import usd
from setu_common.cost import Unmetered, Usage
from setu_common.http import Dependencies
from setu_common.llm import Answer, Heard, LlmProvider, Message, NoProvider, make_provider
from setu_common.llm.settings import LlmSettings, ProviderSettings
from setu_enhancer.domain.prompting import answer_of
from setu_enhancer.domain.readings import Called, Readings
from setu_enhancer.reading import BAR, Names

M = TypeVar("M", bound=BaseModel)

GOOD, POOR, SURE = "9", "5", "8"  # a judge's digits
EMBEDDED: Final = "embedded"
EMBEDDED_MODEL: Final = "gemma3-270m"
HOSTED: Final = ("openai", "anthropic")

_DOCUMENT: Final = re.compile(r"<<(\w+)\n(.*)\n\1>>", re.DOTALL)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, word by word, and what it was about."""

    system: str
    user: str
    answer: str
    about: Literal["edits", "grades", "names"] = "edits"


class Answering:
    """A ``LlmProvider`` that answers every line it is asked about with a text that is known beforehand.

    Args:
        name: its name.
        texts: what it answers, by index.
        readings: the names that it reads in lines.
    """

    model: Final = "known"

    def __init__(self, name: str, texts: Mapping[int, str], readings: Readings | None = None) -> None:
        self.name = name
        self.exchanges: list[Exchange] = []
        self._texts = texts
        self._good = frozenset(texts.values())
        self._readings = readings or Readings()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002  see LlmProvider
        shape: Mapping[str, object] | None = None,  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
        heard: Heard | None = None,  # noqa: ARG002
        probabilities: bool = True,  # noqa: ARG002
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        text = answer_of({index: self._texts[index] for index in asked(messages[-1].text)})
        self.exchanges.append(Exchange(messages[0].text, messages[-1].text, text))
        return Answer(text, text, self.name, self.model, Usage())

    async def complete(
        self, prompt: str, *, max_tokens: int, stop: Sequence[str] = (), timeout_s: float | None = None
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        raise NotImplementedError

    async def chat_as(
        self,
        schema: type[M],
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002  see LlmProvider
        timeout_s: float | None = None,  # noqa: ARG002
        heard: Heard | None = None,  # noqa: ARG002
    ) -> Answer[M]:
        """See ``LlmProvider``: as a judge it prefers what people wrote, and says no more than it has to; as a reader it says what was once read."""
        lines = json.loads(messages[-1].text)["lines"]
        told: dict[str, list[str]] = (
            {"names": self._named(lines)} if schema is Names else {"verdicts": [self._graded(*line) for line in lines]}
        )
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        self.exchanges.append(Exchange(messages[0].text, messages[-1].text, text, "names" if schema is Names else "grades"))
        return Answer(schema.model_validate_json(text), text, self.name, self.model, Usage())

    def _graded(self, key: str, _: str, *texts: str) -> str:
        return f"{key}{''.join(GOOD if text in self._good else POOR for text in texts)}{SURE}"

    def _named(self, lines: Mapping[str, str]) -> list[str]:
        found: dict[Called, list[str]] = {}
        for number, said in lines.items():
            for name in self._readings.lines.get(said, ()):
                found.setdefault(name, []).append(number)
        return [
            BAR.join((name.said, name.written, (name.gender or "-")[0], ",".join(numbers))) for name, numbers in found.items()
        ]


def asked(message: str) -> list[int]:
    """The ids of the lines that a request is about."""
    found = _DOCUMENT.search(message)
    if found is None:
        raise ValueError("the request has no document")
    lines: list[list[object]] = json.loads(found.group(2))["lines"]
    return [line[0] for line in lines if isinstance(line[0], int)]


def noise(indices: Sequence[int], seed: int = 6) -> dict[int, str]:
    """Words that mean nothing, in English letters, by index."""
    random_ = random.Random(seed)  # noqa: S311  (no secret)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def word() -> str:
        return "".join(random_.choices(letters, k=random_.randint(2, 9)))

    return {index: " ".join(word() for _ in range(random_.randint(2, 9))).capitalize() + "." for index in indices}


def swapped(texts: Mapping[int, str]) -> dict[int, str]:
    """Each line's text at the line after it: good English, and nothing to do with what is said."""
    indices = list(texts)
    return dict(zip(indices, [texts[index] for index in (*indices[1:], indices[0])], strict=True))


@dataclass(frozen=True)
class Asked:
    """Whom the enhancer asks in a run.

    Args:
        provider: to be entered as a context.
        completing: whether it is a base model.
        billed_as: whose prices count.
    """

    provider: LlmProvider
    completing: bool = False
    billed_as: str = ""

    def price(self, provider: str, model: str, usage: Usage) -> Decimal | None:  # noqa: ARG002  see Priced
        """What a request cost."""
        return usd(self.billed_as, model, usage) if self.billed_as else Decimal(0)


@contextmanager
def embedded() -> Iterator[tuple[Asked, str]]:
    """The embedded model, on a server as the demo starts it; and that server's URL."""
    with llm_server() as url:
        settings = ProviderSettings(name=EMBEDDED, model=EMBEDDED_MODEL, base_url=url, timeout_s=300, at_once=4)
        yield Asked(_made(settings), completing=True), url


def hosted(kind: str, model: str, base_url: str | None) -> Asked:
    """A vendor's model; its key is in SETU_LLM_OPENAI_API_KEY or SETU_LLM_ANTHROPIC_API_KEY."""
    settings = ProviderSettings.model_validate({"kind": kind, "model": model, "base_url": base_url})
    provider = _made(settings)
    if isinstance(provider, NoProvider):
        raise SystemExit(f"There is no language model to ask. {provider.why}")
    return Asked(provider, billed_as="" if base_url else kind)


def known(name: str, texts: Mapping[int, str]) -> Asked:
    """Somebody who answers what is known beforehand."""
    return Asked(Answering(name, texts))


def _made(settings: ProviderSettings) -> LlmProvider:
    keys = LlmSettings()
    return make_provider(keys.model_copy(update={"providers": (settings,)}), Dependencies(), Unmetered())
