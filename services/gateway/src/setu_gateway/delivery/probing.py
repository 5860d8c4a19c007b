"""How long a media file is, as a process of its own sees it, which can open nothing else and decodes nothing."""

import asyncio
import contextvars
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from types import TracebackType
from typing import IO, Final, Self

import structlog

from setu_common.sealed.watching import ENVIRONMENT
from setu_gateway.delivery.mux.order import Limits

# -I and -P keep the working directory and PYTHON* variables from bringing other code in.
COMMAND: Final = (sys.executable, "-I", "-P", "-m", "setu_gateway.delivery.mux.probe")
LIMITS: Final = Limits(patience_s=5.0)
PATIENCE_S: Final = 20.0
LONGEST_S: Final = 1_000_000.0
AT_ONCE: Final = 2

log = structlog.get_logger()


class Prober:
    """Tells how long media files are, in threads of its own: who waits for a process takes none from the disk. A context manager."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # What is looked at already ends in its own time.
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def length_of(self, media: IO[bytes]) -> float | None:
        """How long an open file is, seconds; None if that can't be told."""
        context = contextvars.copy_context()  # so that logs say for whom
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, _length_of, media)


def _length_of(media: IO[bytes]) -> float | None:
    media.flush()
    media.seek(0)  # the process reads on from where this one stands
    order = {"media_fd": media.fileno(), "parent_pid": os.getpid(), "limits": asdict(LIMITS)}
    try:
        told = subprocess.run(  # noqa: S603 our own module
            (*COMMAND, json.dumps(order)),
            pass_fds=(media.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            timeout=PATIENCE_S,
            check=False,
        )
        duration_s = json.loads(told.stdout)["duration_s"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        log.info("probe.silent")
        return None
    return float(duration_s) if duration_s and 0 < duration_s <= LONGEST_S else None
