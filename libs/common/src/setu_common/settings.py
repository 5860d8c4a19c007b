"""Settings: frozen blocks, each read from the environment once, in a process's entry point, and passed on from there."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from setu_common.errors import InvalidRequest

SECRETS_FOLDER: Final = "SETU_SECRETS_FOLDER"
# A header as OpenTelemetry's SDK reads it: what does not look like this it logs, as it stands.
# Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
_HEADER: Final = re.compile(r"[!#$&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[ \t]*(?P<value>[ !#-+\--:<-\[\]-~]*)")


class SettingsBlock(BaseSettings):
    """A frozen group of settings.

    Each comes from the environment, or from a file of its name in the folder that ``SETU_SECRETS_FOLDER`` names, so that what is
    secret need be in nobody's environment. A file that is empty says nothing. What is wrong with a setting is told
    without its value, which may be a secret.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (there is none)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the folder is known only now)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed, else the environment, else the files.

        Raises:
            InvalidRequest: the folder of secrets is none.
        """
        folder = os.environ.get(SECRETS_FOLDER)
        if folder and Path(folder).exists() and not Path(folder).is_dir():
            raise InvalidRequest(f"{SECRETS_FOLDER} names a file; name the folder that it lies in, or unset the variable")
        return init_settings, env_settings, *([_SecretFiles(settings_cls, folder)] if folder else [])


class _SecretFiles(SecretsSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # Any: the library's
        value, key, is_complex = super().get_field_value(field, field_name)
        return value or None, key, is_complex


class DatabaseSettings(SettingsBlock):
    """Postgres. Each service uses a schema of its own in the same database."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="DATABASE_")

    password: SecretStr | None = Field(default=None, description="Of the URL's user, where the URL has none")
    url: str = Field(
        default="postgresql://postgres@127.0.0.1:5432/setu",
        validate_default=True,
        description="postgresql://user:password@host:port/db",
    )
    pool_size: int = Field(default=10, ge=1, description="Connections that one API process keeps")
    connect_timeout_s: int = Field(default=5, ge=1)
    statement_timeout_s: int = Field(default=30, ge=1)

    @field_validator("url")
    @classmethod
    def _with_password(cls, url: str, info: ValidationInfo) -> str:
        password, parts = info.data.get("password"), urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        if password is None or not user or ":" in user:
            return url
        return parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{host}").geturl()


class RedisSettings(SettingsBlock):
    """Redis or Valkey: Celery's broker. It holds hints only; it may be emptied at any time."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="REDIS_")

    url: str = "redis://127.0.0.1:6379/0"
    key_prefix: str = Field(default="setu:", description="Put before every key, so that stacks can share a server")


class StoreSettings(SettingsBlock):
    """The object store."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_STORE_")

    url: str = Field(default="file:///var/lib/setu/store", description="file:///folder or s3://bucket/prefix")
    durable: bool = Field(default=True, description="fsync local files before they count as written")
    access_key_id: SecretStr | None = Field(
        default=None, validation_alias="AWS_ACCESS_KEY_ID", description="Of the bucket; without it that of the machine's role"
    )
    secret_access_key: SecretStr | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY")
    session_token: SecretStr | None = Field(
        default=None, validation_alias="AWS_SESSION_TOKEN", description="Of keys that are good for a time only"
    )


class TrustSettings(SettingsBlock):
    """What the services accept from each other."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_")

    service_token: SecretStr = Field(description="Shared by all services; at least 16 characters", min_length=16)


class OperationSettings(SettingsBlock):
    """How operations are leased, watched and reaped. All durations in seconds."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_OPERATIONS_")

    lease_s: float = Field(default=15.0, gt=0, description="A worker not heard of for so long has lost its work")
    heartbeat_s: float = Field(default=1.0, gt=0, description="How often a running operation extends its lease")
    cancel_grace_s: float = Field(default=5.0, gt=0, description="How long a handler may take to heed a cancellation")
    shutdown_grace_s: float = Field(
        default=10.0, ge=0, description="How long running work may go on at shutdown before it is handed back"
    )
    outage_patience_s: float = Field(default=600.0, gt=0, description="How long running work may go on while Postgres is away")
    reap_every_s: float = Field(default=2.0, gt=0)
    tidy_after_s: float = Field(
        default=60.0, gt=0, description="What is kept too long is ended so long after a worker's start, then once an hour"
    )
    max_losses: int = Field(default=20, ge=1, description="Losses of a whole worker or machine before an operation is given up")
    weight_by_tenant: dict[str, Annotated[float, Field(gt=0, le=100)]] = Field(
        default_factory=dict,
        description='Tenants whose turn comes so many times as often as that of others (1), as JSON: {"acme": 3, "trial": 0.5}',
    )
    max_queued: int = Field(
        default=200_000, ge=0, description="A queue in which so many wait is sent no more over HTTP; 0: as many as there are"
    )
    max_queued_per_tenant: int = Field(
        default=40_000,
        ge=0,
        description="How many of them may be one tenant's, so that others have room beside it; 0: all of them, as where the queue has no limit",
    )
    inline_bytes: int = Field(default=65536, ge=0, description="Larger payloads go to the store")
    retention_days: int = Field(default=30, ge=1, description="Ended operations are kept for so long")
    retention_days_by_tenant: dict[str, int] = Field(default_factory=dict)
    ledger_retention_days: int = Field(
        default=400,
        ge=32,
        description="What attempts took, and how jobs ended, is kept for so long; what was spent is kept for good",
    )
    ledger_hours_retention_days: int = Field(
        default=1100, ge=32, description="What attempts took together in an hour is kept for so long, or as long as they are"
    )


class LogSettings(SettingsBlock):
    """Logs go to standard error, one JSON object a line, or coloured text for people."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_LOG_")

    level: str = "INFO"
    json_lines: bool = True


class ModelSettings(SettingsBlock):
    """Where models are kept."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_MODELS_")

    folder: Path = Field(default=Path("~/.cache/setu/models"), description="Filled on first use; may be shared by processes")
    offline: bool = Field(default=False, description="Never download; a missing model is an error that says where to put it")


class WorkerSettings(SettingsBlock):
    """What a worker's process is told by whoever starts it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_WORKER_")

    ready_file: Path | None = Field(default=None, description="Touched while the worker is alive and hears")
    concurrency: int | None = Field(default=None, ge=1, description="Operations at once; unset: what suits the service")
    nice: int = Field(default=10, ge=0, le=19, description="How far the worker stands back for others on its machine")


class PrometheusSettings(SettingsBlock):
    """Where a process answers Prometheus beside what else it does: workers, and the gateway, whose own port strangers reach."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_PROMETHEUS_")

    host: str = Field(default="127.0.0.1", description="The address that is listened on; who reaches it needs no key")
    port: int | None = Field(default=None, ge=0, le=65535, description="0 takes a free one, which the log names; unset: none")


class StageSettings(SettingsBlock):
    """How it is looked what an attempt at an operation takes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_STAGE_")

    sampling: bool = Field(default=True, description="Whether memory and GPUs are looked at while an attempt runs")
    sampling_s: float = Field(default=1.0, gt=0, description="How often, seconds")


class TracingSettings(SettingsBlock):
    """Where spans are sent, under the names that OpenTelemetry gives these settings. Its SDK reads others itself (OTEL_TRACES_SAMPLER, …)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="OTEL_", env_ignore_empty=True)

    exporter_otlp_endpoint: str = Field(
        default="", description="The collector's base URL (OTLP over HTTP); empty: nothing is traced"
    )
    exporter_otlp_traces_endpoint: str = Field(default="", description="The whole URL for traces, instead")
    exporter_otlp_headers: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
        description="What the collector is to be told with each delivery, such as a key: name=value, with commas between",
    )
    exporter_otlp_timeout: float = Field(default=3.0, gt=0, description="How long one delivery may take, seconds")
    sdk_disabled: bool = False

    @field_validator("exporter_otlp_headers")
    @classmethod
    def _well_formed(cls, headers: SecretStr | None) -> SecretStr | None:
        told = headers.get_secret_value().split(",") if headers is not None else []
        if not all(_is_header(part.strip()) for part in told if part.strip()):
            raise ValueError("must be name=value,name=value, with special characters in values as in URLs: %2C for a comma")
        return headers

    @property
    def url(self) -> str | None:
        """Where spans are sent; None if they are not."""
        if self.sdk_disabled:
            return None
        if self.exporter_otlp_traces_endpoint:
            return self.exporter_otlp_traces_endpoint
        return f"{self.exporter_otlp_endpoint.rstrip('/')}/v1/traces" if self.exporter_otlp_endpoint else None


def _is_header(text: str) -> bool:
    found = _HEADER.fullmatch(text)
    # What a value says as in URLs must be fit for a header too, else the client that sends it says so with the value.
    return found is not None and re.search(r"[^\t -~\xa0-\xff]", unquote(found["value"])) is None


@dataclass(frozen=True)
class CoreSettings:
    """What every service's processes are told."""

    database: DatabaseSettings
    redis: RedisSettings
    store: StoreSettings
    operations: OperationSettings
    log: LogSettings
    worker: WorkerSettings
    prometheus: PrometheusSettings = field(default_factory=PrometheusSettings)
    stages: StageSettings = field(default_factory=StageSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)


def read_core_settings() -> CoreSettings:
    """Read them from the environment; for entry points."""
    return CoreSettings(
        database=DatabaseSettings(),
        redis=RedisSettings(),
        store=StoreSettings(),
        operations=OperationSettings(),
        log=LogSettings(),
        worker=WorkerSettings(),
        prometheus=PrometheusSettings(),
        stages=StageSettings(),
        tracing=TracingSettings(),
    )
