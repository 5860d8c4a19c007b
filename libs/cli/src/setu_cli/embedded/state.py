"""What is known of a stack, as written for other commands to read."""

import contextlib
import os
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_serializer

from setu_cli.embedded.home import Home
from setu_cli.embedded.identity import ProcessIdentity


class ProcessStage(StrEnum):
    """Where a process stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


class ProcessState(BaseModel):
    """One process of the stack.

    Args:
        name: as declared.
        stage: where it stands.
        pid: of the current or last run.
        started: its start as :class:`~setu_cli.embedded.identity.ProcessIdentity` has it.
        port: where it listens, if it does.
        metrics_port: where it answers Prometheus, if it does.
        ready_after_s: seconds from the stack's start until it was first ready.
        restarts: how often it has been started again.
        note: what it is waiting for, or why it ended.
        log: its log file.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    stage: ProcessStage = ProcessStage.WAITING
    pid: int | None = None
    started: str = ""
    port: int | None = None
    metrics_port: int | None = None
    ready_after_s: float | None = None
    restarts: int = 0
    note: str = ""
    log: str = ""

    @property
    def identity(self) -> ProcessIdentity | None:
        """The process itself, if it ever ran."""
        return ProcessIdentity(self.pid, self.started) if self.pid is not None else None

    @property
    def settled(self) -> bool:
        """Whether it is as it should be."""
        return self.stage in (ProcessStage.READY, ProcessStage.DONE)


class StackState(BaseModel):
    """A snapshot of a stack.

    Args:
        supervisor_pid: the process that keeps it up.
        supervisor_started: its start.
        started_at: when the stack was started.
        ready: whether everything has been ready once.
        gateway_url: where callers go.
        service_token: what services show each other.
        database_url: with its password.
        redis_url: with its password.
        models: the models that it computes with.
        processes: in the order of their declaration.
    """

    model_config = ConfigDict(frozen=True)

    supervisor_pid: int
    supervisor_started: str
    started_at: datetime
    ready: bool
    gateway_url: str
    service_token: SecretStr
    database_url: SecretStr
    redis_url: SecretStr
    models: tuple[str, ...] = ()
    processes: tuple[ProcessState, ...]

    @field_serializer("service_token", "database_url", "redis_url", when_used="json")
    def _reveal(self, secret: SecretStr) -> str:
        return secret.get_secret_value()  # the file is for its owner's eyes only

    @property
    def supervisor(self) -> ProcessIdentity:
        """The process that keeps the stack up."""
        return ProcessIdentity(self.supervisor_pid, self.supervisor_started)

    @property
    def all_settled(self) -> bool:
        """Whether every process is as it should be now."""
        return all(process.settled for process in self.processes)

    def process(self, name: str) -> ProcessState | None:
        """The process ``name``, if there is one."""
        return next((process for process in self.processes if process.name == name), None)


def save_state(home: Home, state: StackState) -> None:
    """Replace the file in one step; readable by its owner alone."""
    new = home.state_file.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
        opened.write(state.model_dump_json(indent=1))
    new.rename(home.state_file)


def load_state(home: Home) -> StackState | None:
    """The last snapshot, of a stack that may be gone; None when there is none that can be read."""
    try:
        return StackState.model_validate_json(home.state_file.read_text())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def forget_state(home: Home) -> None:
    """Remove the file: nothing runs any more."""
    home.state_file.unlink(missing_ok=True)
