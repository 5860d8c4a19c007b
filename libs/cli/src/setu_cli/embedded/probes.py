"""How one knows that a process is ready for work."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

_ANSWER_TIMEOUT_S = 3.0


class Probe(Protocol):
    """Tells whether a process is ready, and later whether it still is."""

    def reset(self) -> None:
        """Forget an earlier run; called before each start."""

    async def ready(self, pid: int) -> bool:
        """Whether the process takes work now. Quick; asked again and again."""
        ...

    def stuck(self) -> bool:
        """Whether a process that was ready has stopped doing its work without ending."""
        ...


@dataclass(frozen=True)
class Asking:
    """Ready when a function says so; it may block for a moment."""

    question: Callable[[int], bool]

    def reset(self) -> None:
        """Nothing is kept."""

    async def ready(self, pid: int) -> bool:
        """What the function says."""
        return await asyncio.to_thread(self.question, pid)

    def stuck(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True)
class Answering:
    """Ready when a GET on ``url`` (plain http) is answered with 200."""

    url: str

    def reset(self) -> None:
        """Nothing is kept."""

    async def ready(self, _pid: int) -> bool:
        """Ask once; no answer within 3 s is a no."""
        parts = urlsplit(self.url)
        request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                try:
                    writer.write(request.encode())
                    status = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            return False
        return status.split(b" ")[1:2] == [b"200"]

    def stuck(self) -> bool:
        """Never: a busy API is not to be ended."""
        return False


@dataclass(frozen=True)
class Touching:
    """Ready when the process has made a file; stuck when it has not touched it for long.

    Args:
        file: the process's SETU_WORKER_READY_FILE.
        stuck_after_s: seconds without a touch.
    """

    file: Path
    stuck_after_s: float = 60.0

    def reset(self) -> None:
        """Remove the file of an earlier run."""
        self.file.unlink(missing_ok=True)

    async def ready(self, _pid: int) -> bool:
        """Whether the file is there."""
        return self.file.exists()

    def stuck(self) -> bool:
        """Whether the last touch was too long ago."""
        try:
            return time.time() - self.file.stat().st_mtime > self.stuck_after_s
        except FileNotFoundError:
            return False
