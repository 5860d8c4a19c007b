"""A stack of tiny processes beside the real servers, kept up by this process: ``python stack.py HOME PORT``.

TOY in the environment: ``whole`` (default), ``bare`` (no servers), ``broken`` (a process that fails), ``failing-migration``.
"""

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from setu_cli.embedded.home import Home
from setu_cli.embedded.launch import SERVICE_LAYER, Launch
from setu_cli.embedded.ports import LOOPBACK, free_port
from setu_cli.embedded.postgres import prepare_postgres
from setu_cli.embedded.probes import Answering, Asking, Touching
from setu_cli.embedded.running import StackRequest, keep_up
from setu_cli.embedded.stack import Process, Stack
from setu_cli.embedded.state import StackState
from setu_cli.embedded.valkey import prepare_valkey
from setu_common.errors import SetuError

SUPPORT = str(Path(__file__).parent.parent)


class Silent:
    """Wants to know nothing but what was found and failed."""

    def found(self, words: str) -> None:
        sys.stderr.write(f"{words}\n")

    def changed(self, state: StackState) -> None:
        """Written to the state file anyway."""

    def ready(self, state: StackState) -> None:
        """As above."""

    def stopping(self) -> None:
        """As above."""


def declare(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    kind = environment.get("TOY", "whole")
    processes = [] if kind != "whole" else servers(home)
    needs = tuple(process.name for process in processes)
    once = ("succeed",) if kind != "failing-migration" else ("fail", "no such column: moon")
    api = ("fail", "the moon is missing") if kind == "broken" else ("api", str(gateway_port))
    ready_file = home.run / "worker.ready"
    processes += [
        Process(launch(home, "migrate", *once), needs=needs),
        Process(
            launch(home, "api", *api),
            needs=("migrate",),
            probe=Answering(f"http://{LOOPBACK}:{gateway_port}/readyz"),
            port=gateway_port,
        ),
        Process(
            launch(home, "worker", "worker", SETU_WORKER_READY_FILE=str(ready_file)),
            needs=("migrate",),
            probe=Touching(ready_file),
        ),
    ]
    return Stack(
        tuple(processes),
        f"http://{LOOPBACK}:{gateway_port}",
        "a-token-of-a-toy-stack",
        database_url="",
        redis_url="",
        forkserver=forkserver(home),
    )


def servers(home: Home) -> list[Process]:
    postgres = prepare_postgres(home.folder / "postgres", port=free_port(), log=home.log("postgres"), durable=False)
    valkey = prepare_valkey(home.folder / "valkey", port=free_port(), log=home.log("valkey"))
    initdb = dataclasses.replace(postgres.initdb(), log=str(home.log("postgres-initdb")))
    return [
        *([] if postgres.initialised else [Process(initdb)]),
        Process(
            postgres.server(),
            needs=() if postgres.initialised else ("postgres-initdb",),
            probe=Asking(postgres.ready),
            port=postgres.port,
        ),
        Process(valkey.server(), probe=Asking(valkey.ready), port=valkey.port),
    ]


def launch(home: Home, name: str, *what: str, **extra: str) -> Launch:
    return Launch(
        name=name,
        command=(sys.executable, "-P", "-m", "toystack.processes", *what),
        environment={**os.environ, "PYTHONPATH": SUPPORT, **extra},
        folder=str(home.folder),
        log=str(home.log(name)),
        layer=SERVICE_LAYER,
        grace_s=3.0,
        forked=True,
    )


def forkserver(home: Home) -> Launch:
    forked = launch(home, "forkserver", ONLY_FOR_THE_FORK_SERVER="1")
    return dataclasses.replace(
        forked,
        command=(sys.executable, "-P", "-m", "setu_cli.embedded.forkserver", "http.server"),
        stop_signal=signal.SIGKILL,
        forked=False,
    )


if __name__ == "__main__":
    where, port = Path(sys.argv[1]), int(sys.argv[2])
    try:
        asyncio.run(keep_up(StackRequest(Home(where), port, dict(os.environ), declare, tend_every_s=0.5), Silent()))
    except SetuError as error:
        sys.exit(error.detail)
