"""Docker's command line, for one project of its own that can't meet a developer's."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composed.declared import targets
from testbed.sources import ROOT

PROJECT = "setu-compose-test"
TAG = "compose-test"
IMAGES = tuple(sorted(image.partition(":")[0] for image, target in targets().items() if target != "asr-gpu"))
"""What is built without a GPU."""
BASE_IMAGE = "python:3.11-slim-bookworm"
SETTINGS = ("SETU_", "DATABASE_", "REDIS_", "COMPOSE_", "AWS_", "HF_", "OTEL_")
"""A developer's own, which this project doesn't see."""
LOOK_EVERY_S = 0.2
Json = dict[str, Any]  # Any: JSON


class CommandFailed(Exception):
    """A command of Docker's ended badly; says what it wrote."""


@dataclass(frozen=True)
class Composed:
    """The test's project.

    Args:
        env_file: its settings.
        secrets_folder: a file for each of its passwords.
        port: of loopback, on which its gateway is published.
    """

    env_file: Path
    secrets_folder: Path
    port: int

    @property
    def url(self) -> str:
        """The gateway's."""
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, timeout_s: float = 60) -> str:
        """Run ``docker compose``; what it wrote to standard output."""
        own = ("--project-name", PROJECT, "--env-file", str(self.env_file))
        return docker("compose", *own, *arguments, timeout_s=timeout_s)

    def all_containers(self, service: str | None = None) -> list[Json]:
        """What Docker knows of each container, or of each of a service."""
        of = () if service is None else ("--filter", f"label=com.docker.compose.service={service}")
        ids = docker("ps", "--all", "--quiet", "--filter", LABEL, *of).split()
        found: list[Json] = json.loads(docker("inspect", *ids)) if ids else []
        return found

    def containers(self) -> dict[str, Json]:
        """What Docker knows of each container, by its service, none of which has more than one."""
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in self.all_containers()}

    def until_healthy(self, service: str, *, count: int = 1, within_s: float = 60) -> None:
        """Wait until a service's containers are as many and say that they do their work. Docker itself asks only every few seconds.

        Raises:
            TimeoutError: they are not in time.
        """
        give_up_at = time.monotonic() + within_s
        while True:
            found = self.all_containers(service)
            if len(found) == count and all(_is_healthy(each) for each in found):
                return
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{service} is not healthy after {within_s:.0f} s")
            time.sleep(LOOK_EVERY_S)

    def volumes(self) -> set[str]:
        """What its containers keep things in, nameless volumes too."""
        mounts = (mount for each in self.containers().values() for mount in each["Mounts"])
        return {mount["Name"] for mount in mounts if mount["Type"] == "volume"}

    def run_by_root(self) -> list[str]:
        """The containers of which a process runs as root."""
        running = {each["Id"]: service for service, each in self.containers().items() if each["State"]["Running"]}
        listed = {
            service: docker("top", container, "-eo", "pid,uid").splitlines()[1:] for container, service in running.items()
        }
        return sorted(service for service, lines in listed.items() if any(line.split()[1] == "0" for line in lines))

    def secrets(self) -> set[str]:
        """The passwords that it was given."""
        return {text for path in self.secrets_folder.iterdir() if (text := path.read_text())}

    def rows(self, query: str, timeout_s: float = 60) -> list[list[str]]:
        """Ask its Postgres."""
        psql = ("psql", "-U", "setu", "-d", "setu", "--no-align", "--tuples-only", "--field-separator=|", "-c", query)
        return [line.split("|") for line in self.compose("exec", "-T", "postgres", *psql, timeout_s=timeout_s).splitlines()]

    def down(self) -> None:
        """End it, with all that it kept."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "30", timeout_s=180)


def _is_healthy(container: Json) -> bool:
    kind, *check = container["Config"]["Healthcheck"]["Test"]
    command = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
    try:
        docker("exec", container["Id"], *command)
    except CommandFailed:
        return False
    return True


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
    port, secrets_folder = free_port(), folder / "secrets"
    subprocess.run(["sh", ROOT / "deploy/make-secrets", secrets_folder], check=True)
    own = {
        "COMPOSE_PROFILES": "llm",
        "SETU_PORT": str(port),
        "SETU_IMAGE_TAG": TAG,
        "SETU_SECRETS": str(secrets_folder),
        **settings,
    }
    env_file = folder / "compose.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in own.items()))
    project = Composed(env_file, secrets_folder, port)
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
