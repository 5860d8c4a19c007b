"""A process that has imported what the services share; they begin as copies of it, and so without the longest part of their start.

Run by the guardian as ``python -m setu_cli.embedded.forkserver MODULE…`` with a socket as standard input: a :class:`Launch` on a line comes in,
the new process's number goes out. That process is the guardian's child, as any other: who forked it ends at once, and the guardian adopts
orphans. Whatever goes wrong here costs time only: the fork server ends, and the guardian starts programs by their commands.

It imports and nothing else. Threads, locks that are held and connections can't be copied.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
from importlib import import_module

from setproctitle import setproctitle

from setu_cli.embedded.launch import Launch
from setu_cli.embedded.settling import settle


def serve(requests: socket.socket, guardian_pid: int) -> Launch | None:
    """Fork a process for each request.

    Returns:
        In such a process, what it is to run; in the fork server itself None, when nobody can ask any more.
    """
    launch = None
    with requests, requests.makefile("rb") as lines:
        for line in lines:
            if _forked(requests):
                launch = Launch.from_request(json.loads(line))
                break
    if launch is not None:
        _become(launch, guardian_pid)
    return launch


def _forked(requests: socket.socket) -> bool:
    """Fork a process, tell its number, and leave it to whoever adopts orphans. Returns whether this is that process.

    It goes on only when its number was told and who forked it has ended. Where that can't be, the fork server ends, so that whoever asks knows.
    """
    told, telling = os.pipe()
    if between := os.fork():
        _, status = os.waitpid(between, 0)
        if status == 0:
            os.write(telling, b"\n")
        os.close(telling)
        os.close(told)
        if status != 0:
            raise ChildProcessError("no process could be forked")
        return False
    try:
        os.close(telling)
        if pid := os.fork():
            requests.sendall(b"%d\n" % pid)
            os._exit(0)
    except OSError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(1)
    if not os.read(told, 1):
        os._exit(1)
    os.close(told)
    return True


def _become(launch: Launch, guardian_pid: int) -> None:
    """What a new process gets from whoever starts it by a command, and what Python does at its start."""
    _open_as(launch.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 1, 2)
    os.setsid()
    settle(launch, guardian_pid)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.chdir(launch.folder)
    setproctitle(" ".join(launch.command))  # before the environment changes: it is written over where that began
    os.environ.clear()
    os.environ.update(launch.environment)


def _open_as(path: str, flags: int, *numbers: int) -> None:
    opened = os.open(path, flags, 0o666)
    for number in numbers:
        os.dup2(opened, number)
    os.close(opened)


def main() -> None:
    """Import the modules that are named, and serve; then run what this process has become."""
    guardian_pid = os.getppid()
    requests = socket.socket(fileno=os.dup(0))
    _open_as(os.devnull, os.O_RDONLY, 0)
    for module in sys.argv[1:]:
        import_module(module)
    gc.collect()
    gc.freeze()  # a search for garbage writes to what it looks at, which would end its being shared
    launch = serve(requests, guardian_pid)
    if launch is not None:
        module, *arguments = launch.module
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
