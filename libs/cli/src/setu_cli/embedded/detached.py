"""A stack that runs on when the command that started it has ended.

``start`` runs this module as a process in a session of its own, which keeps the stack up; what becomes of it comes back through a pipe, a
line for each change, until everything is ready or something is wrong.
"""

import argparse
import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from setu_cli.embedded.home import Home
from setu_cli.embedded.running import Audience, Declare, StackRequest, keep_up
from setu_cli.embedded.state import StackState
from setu_cli.failures import StackFailed
from setu_common.contracts.problem import Problem
from setu_common.errors import RemoteProblem, SetuError

LOG = "supervisor"


def start(request: StackRequest, audience: Audience) -> None:
    """Start a stack in the background and return when everything is ready.

    Interrupted before that, it takes the stack down again.

    Raises:
        RemoteProblem: what the supervisor could not do.
        StackFailed: it died without a word.
    """
    home = request.home
    home.create()
    with _reporting_process(request) as (process, reports):
        try:
            for line in reports:
                message = json.loads(line)
                if "problem" in message:
                    raise RemoteProblem(Problem.model_validate(message["problem"]))
                if "found" in message:
                    audience.found(message["found"])
                    continue
                state = StackState.model_validate(message["state"])
                audience.changed(state)
                if state.ready:
                    audience.ready(state)
                    return
        except KeyboardInterrupt:
            audience.stopping()
            process.terminate()
            raise
    raise StackFailed(f"the stack's supervisor ended at once; see {home.log(LOG)}")


@contextmanager
def _reporting_process(request: StackRequest) -> Iterator[tuple[subprocess.Popen[bytes], IO[str]]]:
    reading, writing = os.pipe()
    home, declare = request.home, request.declare
    module = [sys.executable, "-P", "-m", "setu_cli.embedded.detached"]
    command = [*module, str(home.folder), str(request.port), str(writing), f"{declare.__module__}:{declare.__qualname__}"]
    with home.log(LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  our own module
            command,
            env=dict(request.environment),
            pass_fds=(writing,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    os.close(writing)
    with os.fdopen(reading) as reports:
        try:
            yield process, reports
        except BaseException:
            process.wait()  # it ends by itself: it could not start, or was told to stop
            raise
    if process.poll() is None:
        process.returncode = 0  # it is left running on purpose; what it ends with is nobody's concern here


class _Pipe:
    """Passes on what becomes of the stack, until it is ready or nobody reads any more."""

    def __init__(self, descriptor: int) -> None:
        self._writer: IO[str] | None = os.fdopen(descriptor, "w")

    def found(self, words: str) -> None:
        self._send(json.dumps({"found": words}))

    def changed(self, state: StackState) -> None:
        self._send(f'{{"state": {state.model_dump_json()}}}')
        if state.ready:
            self.close()

    def ready(self, state: StackState) -> None:
        self.changed(state)

    def stopping(self) -> None:
        self.close()

    def failed(self, error: SetuError) -> None:
        self._send(f'{{"problem": {error.problem().model_dump_json()}}}')
        self.close()

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(BrokenPipeError):
                writer.close()

    def _send(self, line: str) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(f"{line}\n")
            self._writer.flush()
        except BrokenPipeError:
            self._writer = None


def main() -> int:
    """Run as ``python -m setu_cli.embedded.detached HOME PORT PIPE MODULE:FUNCTION``; the function declares the stack."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("pipe", type=int)
    parser.add_argument("declare")
    arguments = parser.parse_args()
    module, _, function = arguments.declare.partition(":")
    declare: Declare = getattr(importlib.import_module(module), function)
    os.set_inheritable(arguments.pipe, False)  # noqa: FBT003  takes it by position only
    pipe = _Pipe(arguments.pipe)
    request = StackRequest(Home(arguments.home), arguments.port, dict(os.environ), declare)
    try:
        asyncio.run(keep_up(request, pipe))
    except SetuError as error:
        sys.stderr.write(f"{error.detail}\n")
        pipe.failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
