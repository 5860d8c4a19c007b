"""Docker's command line, for one project of its own that can't meet a developer's."""

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composed.declared import targets
from testbed.sources import ROOT

PROJECT = "setu-compose-test"
TAG = "compose-test"
IMAGES = tuple(sorted(image.partition(":")[0] for image in targets()))
BASE_IMAGE = "python:3.11-slim-bookworm"
SETTINGS = ("SETU_", "POSTGRES_", "COMPOSE_")
"""A developer's own, which this project doesn't see."""
Json = dict[str, Any]  # Any: JSON


class CommandFailed(Exception):
    """A command of Docker's ended badly; says what it wrote."""


@dataclass(frozen=True)
class Composed:
    """The test's project.

    Args:
        env_file: its settings.
        port: of loopback, on which its gateway is published.
    """

    env_file: Path
    port: int

    @property
    def url(self) -> str:
        """The gateway's."""
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, timeout_s: float = 60) -> str:
        """Run ``docker compose``; what it wrote to standard output."""
        own = ("--project-name", PROJECT, "--env-file", str(self.env_file))
        return docker("compose", *own, *arguments, timeout_s=timeout_s, SETU_ENV_FILE=str(self.env_file))

    def containers(self) -> dict[str, Json]:
        """What Docker knows of each container, by its service."""
        ids = docker("ps", "--all", "--quiet", "--filter", LABEL).split()
        found = json.loads(docker("inspect", *ids)) if ids else []
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    def volumes(self) -> set[str]:
        """What its containers keep things in, nameless volumes too."""
        mounts = (mount for each in self.containers().values() for mount in each["Mounts"])
        return {mount["Name"] for mount in mounts if mount["Type"] == "volume"}

    def rows(self, query: str, timeout_s: float = 60) -> list[list[str]]:
        """Ask its Postgres."""
        psql = ("psql", "-U", "setu", "-d", "setu", "--no-align", "--tuples-only", "--field-separator=|", "-c", query)
        return [line.split("|") for line in self.compose("exec", "-T", "postgres", *psql, timeout_s=timeout_s).splitlines()]

    def down(self) -> None:
        """End it, with all that it kept."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "30", timeout_s=180)


LABEL = f"label=com.docker.compose.project={PROJECT}"


def docker(*arguments: str, timeout_s: float = 60, **variables: str) -> str:
    """Run ``docker`` at the repository's root; what it wrote to standard output.

    Args:
        arguments: of the command.
        timeout_s: how long it may take.
        variables: of its environment, beside those of this process that are no settings.

    Raises:
        CommandFailed: it ended badly or took too long.
    """
    command = ["docker", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**outer_environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"{' '.join(command)} took more than {timeout_s:.0f} s") from error
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def outer_environment() -> dict[str, str]:
    """This process's environment without settings of Setu and Compose."""
    return {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}


@contextmanager
def composed(folder: Path, **settings: str) -> Iterator[Composed]:
    """The project, with passwords and a port of its own; whatever is left of it is removed before and after.

    Args:
        folder: for its settings' file.
        settings: of Setu, beyond the defaults of ``.env.example``.
    """
    port = free_port()
    own = {
        "COMPOSE_PROFILES": "llm",
        "SETU_PORT": str(port),
        "SETU_IMAGE_TAG": TAG,
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "SETU_SERVICE_TOKEN": secrets.token_hex(16),
        **settings,
    }
    env_file = folder / "compose.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in own.items()))
    project = Composed(env_file, port)
    project.down()
    try:
        yield project
    finally:
        project.down()
        remove_images()


def left(volumes: Collection[str]) -> list[str]:
    """Containers, volumes and networks of the project, and those of the ``volumes`` that are still there."""
    listings: Sequence[tuple[str, ...]] = (
        ("ps", "--all", "--quiet"),
        ("volume", "ls", "--quiet"),
        ("network", "ls", "--quiet"),
    )
    labelled = {name for listing in listings for name in docker(*listing, "--filter", LABEL).split()}
    return sorted(labelled | set(volumes).intersection(docker("volume", "ls", "--quiet").split()))


def image_bytes(name: str) -> int:
    """How large an image is, unpacked."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", name))


def remove_images() -> None:
    """Remove the test's images; what they were built of stays in the build cache."""
    present = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    if own := [name for image in IMAGES if (name := f"{image}:{TAG}") in present]:
        docker("image", "rm", *own)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
