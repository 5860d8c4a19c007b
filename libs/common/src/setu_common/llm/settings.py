"""Which language models there are."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from setu_common.settings import SettingsBlock


def _sendable(key: SecretStr | None) -> SecretStr | None:
    """A key as HTTP can carry it in a header. An empty one is none."""
    said = key.get_secret_value() if key else ""
    if not said.isascii() or any(each.isspace() or not each.isprintable() for each in said):
        raise ValueError("must be of ASCII characters without blanks or line ends: no request can be sent with it")
    return key


class ProviderSettings(BaseModel):
    """One provider and one of its models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["openai", "anthropic"] = Field(
        default="openai", description="openai: also every server that speaks as OpenAI does, with its base_url"
    )
    model: str = Field(min_length=1, description="As the provider names it")
    name: str = Field(default="", max_length=64, description="In logs, metrics and /v1/breakers; unset: the kind and the model")
    base_url: str | None = Field(default=None, description="Unset: the vendor's own")
    api_key: SecretStr | None = Field(
        default=None, description="Unset: SETU_LLM_<KIND>_API_KEY; a server of ours may need none"
    )
    billed_as: str | None = Field(
        default=None, description="Whose prices count, as genai-prices names it; unset: told by the base_url"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="How long one attempt may take")
    at_once: int = Field(default=8, ge=1, description="Requests under way at once")
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)

    _key_can_be_sent = field_validator("api_key")(_sendable)

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if any(each.isspace() or not each.isprintable() for each in url):
            raise ValueError("must be a URL without blanks or line ends")
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:  # it repeats the URL
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "must be a URL that begins with http:// or https://, with a number from 0 to 65535 if it has a port"
            )
        return url


class LlmSettings(SettingsBlock):
    """Language models, in the order in which they are asked."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_LLM_", env_ignore_empty=True)

    providers: tuple[ProviderSettings, ...] = Field(default=(), description="A JSON list; the next one answers where one can't")
    openai_api_key: SecretStr | None = Field(
        default=None, description="For providers of kind openai that have no key of their own"
    )
    openai_model: str = Field(default="", description="Asked where SETU_LLM_PROVIDERS lists nobody")
    anthropic_api_key: SecretStr | None = Field(
        default=None, description="For providers of kind anthropic without a key of their own"
    )
    anthropic_model: str = Field(default="", description="Asked where SETU_LLM_PROVIDERS lists nobody, after OpenAI's")

    _keys_can_be_sent = field_validator("openai_api_key", "anthropic_api_key")(_sendable)

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [name_of(each) for each in self.providers]
        if len(set(names)) < len(names):
            raise ValueError("two providers of SETU_LLM_PROVIDERS have the same name")
        return self


def name_of(provider: ProviderSettings) -> str:
    """What a provider is called."""
    return provider.name or f"{provider.kind}:{provider.model}"
