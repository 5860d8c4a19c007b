"""What docker-compose.yml and deploy/Dockerfile say, read without Docker."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from testbed.sources import ROOT

Json = dict[str, Any]  # Any: YAML


@dataclass(frozen=True)
class Image:
    """A target of the Dockerfile, with the lines that it inherits first.

    Args:
        lines: instruction and arguments.
    """

    lines: tuple[tuple[str, str], ...]

    def last(self, instruction: str) -> str:
        """What an instruction says in the end; empty if it never stands there."""
        return next((arguments for name, arguments in reversed(self.lines) if name == instruction), "")

    @property
    def command(self) -> list[str]:
        """What a container of it runs."""
        found: list[str] = yaml.safe_load(self.last("CMD"))
        return found

    @property
    def variables(self) -> dict[str, str]:
        """Its environment."""
        words = [word for name, arguments in self.lines if name == "ENV" for word in shlex.split(arguments)]
        return dict(word.split("=", 1) for word in words)


@cache
def images() -> dict[str, Image]:
    """Every stage of the Dockerfile that has a name."""
    found: dict[str, Image] = {}
    stage = ""
    for name, arguments in _instructions((ROOT / "deploy" / "Dockerfile").read_text()):
        if name == "FROM":
            parent, _, stage = arguments.partition(" AS ")
            found[stage] = found.get(parent, Image(()))
        elif stage:
            found[stage] = Image((*found[stage].lines, (name, arguments)))
    return found


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(str.strip, text.splitlines()):
        name, _, arguments = line.strip().partition(" ")
        yield name, arguments.strip()


@cache
def declared(part: str) -> dict[str, Json]:
    """A part of docker-compose.yml, with what is merged into it."""
    found: dict[str, Json] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[part]
    return found


def services() -> dict[str, Json]:
    """The services. Their environment is without those settings that are only passed on (deploy/compose.settings.yml)."""
    return declared("services")


@cache
def targets() -> dict[str, str]:
    """Of each of Setu's own images the target that it is built from."""
    return {service["image"]: service["build"]["target"] for service in services().values() if "build" in service}


def image_of(service: Json) -> Image | None:
    """The target that a service runs; None: an image of others."""
    target = targets().get(service["image"])
    return images()[target] if target is not None else None


def module_of(service: Json) -> str | None:
    """The module that a service runs; None: a program of others."""
    image = image_of(service)
    if image is None:
        return None
    command = service.get("command") or image.command
    return str(command[command.index("-m") + 1])
