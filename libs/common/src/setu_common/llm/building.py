"""Providers made of settings."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from setu_common.cost import Meter
from setu_common.http import Dependencies, Policy
from setu_common.llm.errors import LlmNotConfigured, classify_llm
from setu_common.llm.fallback import Fallback
from setu_common.llm.limits import LimitPolicy, Limits
from setu_common.llm.provider import Answer, Heard, LlmProvider, Message
from setu_common.llm.settings import LlmSettings, ProviderSettings, name_of

M = TypeVar("M", bound=BaseModel)
OPENAI: Final = "https://api.openai.com/v1"
OWN: Final = "own"
_OUR_DOMAINS: Final = (".local", ".internal", ".localhost", ".test")
_VENDORS: Final = {"api.openai.com": "openai", "api.anthropic.com": "anthropic"}


def make_provider(settings: LlmSettings, dependencies: Dependencies, meter: Meter, policy: Policy | None = None) -> LlmProvider:
    """What answers: one provider, several in their order, or nobody, who says why. Enter it as a context, and keep it.

    Args:
        settings: which providers there are.
        dependencies: the process's; each provider becomes one of them.
        meter: told of each request.
        policy: how patient calls are; each provider's own timeout is put into it.
    """
    usable, why = make_providers(settings, dependencies, meter, policy)
    if not usable:
        return NoProvider(why)
    return usable[0] if len(usable) == 1 else Fallback(usable)


def make_providers(
    settings: LlmSettings, dependencies: Dependencies, meter: Meter, policy: Policy | None = None
) -> tuple[list[LlmProvider], str]:
    """Each provider by itself, in their order, for who decides anew each time whom to ask; and why others can't be asked, or none can.

    Enter each as a context, and keep it.

    Args:
        settings: which providers there are.
        dependencies: the process's; each provider becomes one of them.
        meter: told of each request.
        policy: how patient calls are; each provider's own timeout is put into it.
    """
    keyed, why = keyed_providers(settings)
    return [_made(each, key, dependencies, meter, policy or Policy()) for each, key in keyed], why


def keyed_providers(settings: LlmSettings) -> tuple[list[tuple[ProviderSettings, SecretStr | None]], str]:
    """Each provider that can be asked, in their order, with its key; and why others can't be asked, or none can."""
    usable, unusable = [], []
    for each in listed_providers(settings):
        vendors = settings.openai_api_key if each.kind == "openai" else settings.anthropic_api_key
        key = each.api_key or (vendors if each.base_url is None else None)
        if key is None and (each.kind == "anthropic" or each.base_url is None):
            wants = f"SETU_LLM_{each.kind.upper()}_API_KEY" if each.base_url is None else "its api_key in SETU_LLM_PROVIDERS"
            unusable.append(f"{name_of(each)} has no key ({wants}).")
            continue
        usable.append((each, key))
    nobody = "" if usable else "Name one in SETU_LLM_PROVIDERS, or give SETU_LLM_OPENAI_API_KEY and _MODEL."
    return usable, " ".join(unusable) or nobody


def whose_prices(base_url: str) -> str:
    """Whose prices count at a URL: ``own`` on this machine or network; elsewhere the vendor's, or the host's name, which has no price."""
    host = urlsplit(base_url).hostname or ""
    try:
        ours = ip_address(host).is_private
    except ValueError:  # a name
        ours = "." not in host or host.endswith(_OUR_DOMAINS)
    return OWN if ours else _VENDORS.get(host, host)


def billed_as(provider: ProviderSettings) -> str:
    """Whose prices count for a provider, as genai-prices names it, or ``own``."""
    usual = provider.kind if provider.kind == "anthropic" else whose_prices(provider.base_url or OPENAI)
    return provider.billed_as or usual


def listed_providers(settings: LlmSettings) -> Sequence[ProviderSettings]:
    """The providers that settings name, in their order, whether there is a key for them or not."""
    if settings.providers:
        return settings.providers
    short = []
    if settings.openai_api_key is not None and settings.openai_model:
        short.append(ProviderSettings(kind="openai", model=settings.openai_model))
    if settings.anthropic_api_key is not None and settings.anthropic_model:
        short.append(ProviderSettings(kind="anthropic", model=settings.anthropic_model))
    return short


def _made(
    settings: ProviderSettings, key: SecretStr | None, dependencies: Dependencies, meter: Meter, policy: Policy
) -> LlmProvider:
    name = name_of(settings)
    patience = Policy(attempt_s=settings.timeout_s, retry=policy.retry, breaker=policy.breaker)
    dependency = dependencies.dependency(name, patience, classify=classify_llm)
    allowed = LimitPolicy(settings.at_once, settings.requests_per_minute, settings.tokens_per_minute)
    limits = Limits(name, allowed, dependencies.timing)
    if settings.kind == "anthropic":
        from setu_common.llm.anthropic_provider import API, AnthropicProvider  # noqa: PLC0415  (a second, and 40 MB)

        return AnthropicProvider(
            base_url=settings.base_url or API,
            model=settings.model,
            api_key=key or SecretStr(""),
            billed_as=billed_as(settings),
            dependency=dependency,
            limits=limits,
            meter=meter,
            timeout_s=settings.timeout_s,
        )
    from setu_common.llm.openai_provider import OpenAiProvider  # noqa: PLC0415  (half a second, and 25 MB)

    return OpenAiProvider(
        base_url=settings.base_url or OPENAI,
        model=settings.model,
        api_key=key,
        billed_as=billed_as(settings),
        dependency=dependency,
        limits=limits,
        meter=meter,
        timeout_s=settings.timeout_s,
    )


class NoProvider:
    """A ``LlmProvider`` where there is none: it says so, to whoever asks.

    Args:
        why: what is missing, and what to do about it.
    """

    name: Final = "no language model"
    model: Final = ""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    async def complete(
        self,
        prompt: str,  # noqa: ARG002  see LlmProvider
        *,
        max_tokens: int,  # noqa: ARG002
        stop: Sequence[str] = (),  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        raise self._missing()

    async def chat(
        self,
        messages: Sequence[Message],  # noqa: ARG002  see LlmProvider
        *,
        max_tokens: int,  # noqa: ARG002
        shape: Mapping[str, object] | None = None,  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
        heard: Heard | None = None,  # noqa: ARG002
        probabilities: bool = True,  # noqa: ARG002
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        raise self._missing()

    async def chat_as(
        self,
        schema: type[M],  # noqa: ARG002  see LlmProvider
        messages: Sequence[Message],  # noqa: ARG002
        *,
        max_tokens: int,  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
        heard: Heard | None = None,  # noqa: ARG002
    ) -> Answer[M]:
        """See ``LlmProvider``."""
        raise self._missing()

    def _missing(self) -> LlmNotConfigured:
        return LlmNotConfigured(f"There is no language model to ask. {self.why}")
