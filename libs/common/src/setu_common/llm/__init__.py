"""Language models: OpenAI's, Anthropic's, and those of any server that speaks as OpenAI does. Needs the extra ``llm``.

    async with make_provider(LlmSettings(), dependencies, meter) as provider:
        answer = await provider.chat_as(Verdict, [Message("user", "Is this line good English? …")], max_tokens=300)

Each request waits for its turn (``Limits``), goes through the one door of outgoing calls (``setu_common.http.Dependency``: deadline, retries,
breaker; the SDKs' own retries are off) and is metered (``setu_common.cost.Meter``). What can go wrong is in ``setu_common.llm.errors``.

``setu_common.llm.openai_provider`` and ``anthropic_provider`` are imported when there is such a provider: their SDKs take half a second
and a second to import, and tens of megabytes, which an API that only accepts work need not spend.
"""

from setu_common.llm.building import (
    NoProvider,
    billed_as,
    keyed_providers,
    listed_providers,
    make_provider,
    make_providers,
    whose_prices,
)
from setu_common.llm.errors import (
    LlmContextTooLong,
    LlmError,
    LlmInvalidOutput,
    LlmModelUnknown,
    LlmNoAnswer,
    LlmNobodyAnswered,
    LlmNobodyUsable,
    LlmNotConfigured,
    LlmOverloaded,
    LlmQuotaExhausted,
    LlmRateLimited,
    LlmRefusal,
    LlmRequestRefused,
    LlmUnauthorized,
    LlmUnavailable,
    LlmUnusable,
    classify_llm,
)
from setu_common.llm.fallback import GOES_ON, Fallback
from setu_common.llm.limits import LimitPolicy, Limits
from setu_common.llm.provider import Answer, Finish, Heard, LlmProvider, Message, PassedOver, Token
from setu_common.llm.settings import LlmSettings, ProviderSettings, name_of
from setu_common.llm.spending import Spent, spend, spending

__all__ = [
    "GOES_ON",
    "Answer",
    "Fallback",
    "Finish",
    "Heard",
    "LimitPolicy",
    "Limits",
    "LlmContextTooLong",
    "LlmError",
    "LlmInvalidOutput",
    "LlmModelUnknown",
    "LlmNoAnswer",
    "LlmNobodyAnswered",
    "LlmNobodyUsable",
    "LlmNotConfigured",
    "LlmOverloaded",
    "LlmProvider",
    "LlmQuotaExhausted",
    "LlmRateLimited",
    "LlmRefusal",
    "LlmRequestRefused",
    "LlmSettings",
    "LlmUnauthorized",
    "LlmUnavailable",
    "LlmUnusable",
    "Message",
    "NoProvider",
    "PassedOver",
    "ProviderSettings",
    "Spent",
    "Token",
    "billed_as",
    "classify_llm",
    "keyed_providers",
    "listed_providers",
    "make_provider",
    "make_providers",
    "name_of",
    "spend",
    "spending",
    "whose_prices",
]
