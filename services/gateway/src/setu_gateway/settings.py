"""The gateway's settings."""

from base64 import b64decode
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal

from pydantic import Field, NonNegativeInt, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from setu_common.http import OutsidePolicy
from setu_common.settings import CoreSettings, SettingsBlock, TrustSettings, read_core_settings

SERVICE: Final = "gateway"
GIBIBYTE: Final = 1 << 30
_SECRET_BYTES: Final = (24, 64)


class EdgeSettings(SettingsBlock):
    """Whom the gateway lets in."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_GATEWAY_")

    allowed_hosts: str = Field(
        default="",
        description="The names that it answers to beside the loopback ones, with commas between them; *: any name. "
        "Where there are keys: unset is any name",
    )
    auth: Literal["off", "keys"] = Field(
        default="off", description="off: who reaches it may use it, as one tenant; keys: every request needs an API key"
    )
    allow_without_keys: bool = Field(
        default=False, description="Listen on other addresses than loopback though there are no keys"
    )
    keys_ttl_s: float = Field(default=2.0, gt=0, le=60, description="A key that is revoked is refused after so long")

    rate_per_minute: int = Field(
        default=1200,
        ge=0,
        description="Requests that a tenant may make in a minute, where there are keys; 0: as many as it likes",
    )
    rate_per_minute_by_tenant: dict[str, NonNegativeInt] = Field(
        default_factory=dict, description='Tenants with limits of their own, as JSON: {"acme": 6000}'
    )

    enhance_wait_s: float = Field(
        default=20.0,
        ge=0,
        le=60,
        description="A few lines to edit or score are waited for so long where `Prefer: wait` says nothing",
    )

    def rate_of(self, tenant: str) -> int:
        """How many requests a tenant may make in a minute."""
        return self.rate_per_minute_by_tenant.get(tenant, self.rate_per_minute)

    def demand_guarded(self, host: str) -> None:
        """Make sure that nobody but this machine's users can use the gateway without a key.

        Args:
            host: the address that is listened on.

        Raises:
            ValueError: others could.
        """
        if self.auth == "off" and not self.allow_without_keys and not _is_loopback(host):
            raise ValueError(
                f"The gateway does not listen on {host or 'every address'} without keys: whoever reaches it could use it. "
                "Set SETU_GATEWAY_AUTH=keys and make keys with `setu keys create`, or listen on 127.0.0.1. Where something else keeps "
                "strangers away, say so with SETU_GATEWAY_ALLOW_WITHOUT_KEYS=true."
            )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


class UploadSettings(SettingsBlock):
    """What an upload may be."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_GATEWAY_")

    max_upload_bytes: int = Field(default=4 * GIBIBYTE, ge=1, description="The largest recording that is taken")
    upload_idle_s: float = Field(default=60.0, gt=0, description="An upload of which nothing comes for so long is ended")
    upload_min_rate_bytes_per_s: int = Field(
        default=1024, ge=0, description="An upload that brings less than this on average is ended; 0: however slow it is"
    )
    upload_grace_s: float = Field(default=30.0, gt=0, description="How long an upload may be slower than that at its start")
    max_concurrent_uploads: int = Field(default=64, ge=1, description="So many uploads are taken at once by one API process")


class BacklogSettings(SettingsBlock):
    """How many jobs may be open, that is queued or under way, at once."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_GATEWAY_")

    max_open_jobs: int = Field(
        default=20_000, ge=0, description="So many of a tenant's jobs may be open; then POST /jobs answers 429. 0: however many"
    )
    max_open_jobs_all: int = Field(default=100_000, ge=0, description="The same of all tenants' jobs together")


class OutsideSettings(SettingsBlock):
    """Calls to addresses that callers name: where recordings are fetched from, and who is told that a job has ended."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_GATEWAY_")

    outside_ports: str = Field(default="80,443,8080,8443", description="The ports that are called, with commas between them")
    outside_allowed: str = Field(
        default="",
        description="Names, addresses and networks that may be called though they are not public, with commas between them",
    )
    resolve_timeout_s: float = Field(default=5.0, gt=0, description="How long a host's name may take to be looked up")
    fetch_idle_s: float = Field(default=30.0, gt=0, description="A download of which nothing comes for so long is ended")
    fetch_total_s: float = Field(default=3600.0, gt=0, le=7000, description="How long one download may take")
    webhook_secret: SecretStr | None = Field(
        default=None, description="Signs notices: whsec_ and 24 to 64 bytes in base64; unset: no job may name a webhook"
    )
    webhook_timeout_s: float = Field(default=15.0, gt=0, le=60, description="How long a webhook's receiver may take to answer")
    public_url: str = Field(default="", description="Where receivers of notices reach this gateway; unset: links are paths")

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        """Source: Standard Webhooks 1.0, "Symmetric signature": 24 to 64 random bytes."""
        if secret is None or not secret.get_secret_value():
            return None
        try:
            size = len(b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True))
        except ValueError:
            size = 0
        if not _SECRET_BYTES[0] <= size <= _SECRET_BYTES[1]:
            raise ValueError("must be whsec_ and 24 to 64 random bytes in base64, as `openssl rand -base64 32` writes them")
        return secret

    @property
    def policy(self) -> OutsidePolicy:
        """Where calls may go.

        Raises:
            ValueError: a port, or a network, is none.
        """
        return OutsidePolicy.of(self.outside_ports, self.outside_allowed)


class PipelineSettings(SettingsBlock):
    """How jobs are moved on."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_GATEWAY_")

    asr_url: str = "http://127.0.0.1:8081"
    translate_url: str = "http://127.0.0.1:8082"
    metrics_url: str = "http://127.0.0.1:8083"
    enhancer_url: str = "http://127.0.0.1:8084"
    optimizer_url: str = "http://127.0.0.1:8085"
    call_timeout_s: float = Field(default=3.0, gt=0, description="How long one call to a service may take")
    shortest_poll_s: float = Field(default=1.0, gt=0, description="A running stage is looked at no more often than this")
    longest_poll_s: float = Field(default=15.0, gt=0, description="A stage that waits or runs is looked at at least this often")
    stage_patience_s: float = Field(default=3600.0, gt=0, description="A stage whose service does not answer for so long fails")
    optional_patience_s: float = Field(
        default=120.0,
        gt=0,
        description="A stage that a job can do without is given up when its service does not answer, or no worker begins with it, for so long",
    )
    plan_patience_s: float = Field(
        default=30.0,
        gt=0,
        description="A plan is waited for so long; then the recording is transcribed as the recogniser does by default",
    )
    learn: bool = Field(default=True, description="false: nothing is learned from jobs, whatever they say")
    learn_not_from: str = Field(default="", description="Tenants from whose jobs nothing is learned, with commas between them")
    cancel_patience_s: float = Field(
        default=60.0, gt=0, description="A cancelled job waits so long for a service that does not answer"
    )

    def learns_from(self, tenant: str) -> bool:
        """Whether anything may be learned from a tenant's jobs."""
        return self.learn and tenant not in {name.strip() for name in self.learn_not_from.split(",")}


@dataclass(frozen=True)
class GatewaySettings:
    """All that the gateway's processes are told."""

    core: CoreSettings
    trust: TrustSettings
    edge: EdgeSettings
    upload: UploadSettings
    outside: OutsideSettings
    pipeline: PipelineSettings
    backlog: BacklogSettings = field(default_factory=BacklogSettings)


def read_settings() -> GatewaySettings:
    """Read them from the environment; for entry points."""
    return GatewaySettings(
        core=read_core_settings(),
        trust=TrustSettings(),
        edge=EdgeSettings(),
        upload=UploadSettings(),
        outside=OutsideSettings(),
        pipeline=PipelineSettings(),
        backlog=BacklogSettings(),
    )
