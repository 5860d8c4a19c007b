"""deploy/compose.settings.yml: which settings each container is told if they stand in .env. ``make compose-settings`` writes it."""

import importlib
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Final, get_args, get_type_hints

from pydantic import AliasChoices, AliasPath, SecretStr

from setu_common.settings import CoreSettings, ModelSettings, SettingsBlock, TrustSettings
from testbed.sources import ROOT

FILE: Final = ROOT / "deploy/compose.settings.yml"
SERVICES: Final = ("gateway", "asr", "translate", "enhancer", "optimizer", "metrics")
OF_LIBRARIES: Final = (
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
)
"""What libraries read by themselves. Not what Docker's own command line sets (OTEL_RESOURCE_ATTRIBUTES) or Docker hands on (HTTP_PROXY)."""

OF_THE_FILE: Final = {
    "DATABASE_URL",
    "REDIS_URL",
    "SETU_MODELS_FOLDER",
    "SETU_PROMETHEUS_HOST",
    "SETU_PROMETHEUS_PORT",
    "SETU_WORKER_READY_FILE",
}
"""What docker-compose.yml alone knows."""

HEAD: Final = """\
# Which settings each service's containers are told if they stand in .env, beside those that docker-compose.yml names. What is secret is
# not among them: see `secrets` there. `make compose-settings` writes this from the services' own settings.
"""


def blocks_of(settings: type) -> Iterator[type[SettingsBlock]]:
    """The blocks that a service's settings are made of."""
    for kind in get_type_hints(settings).values():
        if isinstance(kind, type) and issubclass(kind, SettingsBlock):
            yield kind
        elif is_dataclass(kind) and isinstance(kind, type):
            yield from blocks_of(kind)


def names_of(block: type[SettingsBlock], *, secret: bool) -> set[str]:
    """What a block's settings are called in the environment: those that are secret, or the others."""
    prefix = block.model_config.get("env_prefix", "")
    return {
        _alias(field.validation_alias, f"{prefix}{name}").upper()
        for name, field in block.model_fields.items()
        if (SecretStr in (field.annotation, *get_args(field.annotation))) == secret
    }


def _alias(alias: str | AliasPath | AliasChoices | None, usual: str) -> str:
    """Of several names the last, which is the most general."""
    return str(alias.choices[-1] if isinstance(alias, AliasChoices) else alias or usual)


def settings_of(service: str, *, secret: bool) -> set[str]:
    """What all processes of a service may be told."""
    told = getattr(importlib.import_module(f"setu_{service}.settings"), f"{service.capitalize()}Settings")
    blocks: list[type[SettingsBlock]] = [*blocks_of(told), TrustSettings]
    return {name for block in blocks for name in names_of(block, secret=secret)}


def declaration() -> str:
    """What the file says."""
    every = {name for block in blocks_of(CoreSettings) for name in names_of(block, secret=False)}
    every = (every | {*OF_LIBRARIES} | names_of(ModelSettings, secret=False)) - OF_THE_FILE
    lines = [HEAD, "x-every: &every", *(f"  {name}:" for name in sorted(every)), "", "services:"]
    for service in SERVICES:
        lines += [f"  {service}:", "    environment:", "      <<: *every"]
        lines += [f"      {name}:" for name in sorted(settings_of(service, secret=False) - every - OF_THE_FILE)]
    return "\n".join(lines) + "\n"


def main(file: Path = FILE) -> None:
    """Write it."""
    file.write_text(declaration())


if __name__ == "__main__":
    main()
