"""The stack as the test that owns it has it: who runs, how to end them, and when all are back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
from psycopg.rows import dict_row

from setu_cli.embedded.home import Home
from setu_cli.embedded.running import Declare
from setu_cli.embedded.state import ProcessStage, ProcessState, StackState, load_state
from setu_common.operations.death import die_with_parent
from setu_common.settings import DatabaseSettings, RedisSettings
from testbed.folders import folder_of_servers
from toystack.watching import eventually, running_in

# What takes a quarter of a minute in production takes seconds here.
BRISK = {
    "SETU_OPERATIONS_LEASE_S": "6",
    "SETU_OPERATIONS_HEARTBEAT_S": "0.3",
    "SETU_OPERATIONS_REAP_EVERY_S": "0.5",
    "SETU_OPERATIONS_SHUTDOWN_GRACE_S": "1",
    # Nothing is old enough to be ended, and each worker would start a process to find that out.
    "SETU_OPERATIONS_TIDY_AFTER_S": "3600",
    "SETU_GATEWAY_SHORTEST_POLL_S": "0.3",
    "SETU_GATEWAY_LONGEST_POLL_S": "3",
    "SETU_MODELS_OFFLINE": "false",
    # Chance has no say in what a job consists of.
    "SETU_OPTIMIZER_SECOND_SHARE": "0",
}
START_S = 120.0
STOP_S = 40.0
HEAL_S = 40.0
UP_AFTER_S = 2.0
SUPPORT = str(Path(__file__).parents[1])


@dataclass
class OwnStack:
    """A running stack.

    Args:
        home: where it keeps everything.
        supervisor: the process that keeps it up.
    """

    home: Home
    supervisor: subprocess.Popen[bytes]
    _restarts: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> StackState:
        """What runs, as `setu status` has it."""
        state = load_state(self.home)
        assert state is not None, "the stack is gone"
        return state

    @property
    def url(self) -> str:
        return self.state.gateway_url

    @property
    def database(self) -> DatabaseSettings:
        return DatabaseSettings(url=self.state.database_url.get_secret_value())

    @property
    def redis(self) -> RedisSettings:
        return RedisSettings(url=self.state.redis_url.get_secret_value())

    def process(self, name: str) -> ProcessState:
        process = self.state.process(name)
        assert process is not None, f"the stack has no {name}"
        return process

    def send(self, name: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Send a signal to a process of the stack; False if it does not run just now."""
        process = self.process(name)
        identity = process.identity
        if process.stage is not ProcessStage.READY or identity is None or not identity.alive():
            return False
        self._restarts[name] = process.restarts
        os.kill(identity.pid, number)
        return True

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a process of the stack, which must be running."""
        assert self.send(name, number), self.process(name)

    def children(self, name: str) -> list[int]:
        """The processes that a worker of the stack has forked, those that are up: Celery gives up when one dies in its first moment."""
        pid = self.process(name).pid
        try:
            children = [child for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]
            return [child.pid for child in children if time.time() - child.create_time() > UP_AFTER_S]
        except psutil.NoSuchProcess:
            return []

    def empty_valkey(self) -> bool:
        """End Valkey and take what it had on disk, before it is started again; False if it does not run just now."""
        folder = self.home.folder / "valkey" / "appendonlydir"
        gone = folder.with_name("lost")
        if not self.send("valkey"):
            return False
        folder.rename(gone)
        for file in gone.iterdir():
            file.unlink()
        gone.rmdir()
        return True

    def healed(self, within_s: float = HEAL_S) -> None:
        """Wait until whatever was ended by `send` has been started again, and everything is ready."""

        def whole() -> bool:
            state = self.state
            again = all((found := state.process(name)) and found.restarts > before for name, before in self._restarts.items())
            return again and state.all_settled

        assert eventually(whole, within_s), [process for process in self.state.processes if not process.settled]
        self._restarts.clear()

    @contextmanager
    def rows(self) -> Iterator[psycopg.Connection[dict[str, object]]]:
        """A connection to the stack's Postgres."""
        with psycopg.connect(self.database.url, autocommit=True, row_factory=dict_row, connect_timeout=5) as connection:
            yield connection


@contextmanager
def own_stack(declare: Declare, settings: Mapping[str, str], logs: Path) -> Iterator[OwnStack]:
    """Run a stack for the time of the block, which begins when everything is ready; nothing of it is left afterwards.

    Args:
        declare: a function of a module that says what it consists of.
        settings: for its processes, beside `BRISK`.
        logs: where its logs are kept, for whoever wants to know why a test failed.
    """
    with folder_of_servers() as folder:
        home = Home(folder / "home")
        home.create()
        supervisor = _start(home, declare, settings)
        try:
            _wait_until_ready(home, supervisor)
            yield OwnStack(home, supervisor)
        finally:
            supervisor.terminate()
            try:
                supervisor.wait(STOP_S)
            finally:
                supervisor.kill()
                supervisor.wait()
                shutil.copytree(home.logs, logs, dirs_exist_ok=True)
        assert running_in(Path(folder)) == []


def _start(home: Home, declare: Declare, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "ownstack.main", str(home.folder), f"{declare.__module__}:{declare.__qualname__}"]
    parent = os.getpid()
    with home.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            command,
            env={
                **os.environ,
                **BRISK,
                **settings,
                "PYTHONPATH": os.pathsep.join(filter(None, [SUPPORT, os.environ.get("PYTHONPATH")])),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 (one system call before the exec)
        )


def _wait_until_ready(home: Home, supervisor: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while supervisor.poll() is None and time.monotonic() < until:
        state = load_state(home)
        if state is not None and state.ready:
            return
        time.sleep(0.05)
    raise RuntimeError(f"the stack did not come up: {home.log('supervisor').read_text()}\n{load_state(home)}")
