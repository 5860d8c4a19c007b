"""deploy/compose.settings.yml: which settings each container is told if they stand in .env. ``make compose-settings`` writes it."""

import importlib
from pathlib import Path
from typing import Final

from setu_common.setting_names import blocks_of, is_secret, names_by_field
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


def names_of(block: type[SettingsBlock], *, secret: bool) -> set[str]:
    """What a block's settings are called in the environment: those that are secret, or the others."""
    return {names[-1] for field, names in names_by_field(block) if is_secret(field) == secret}


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
