"""A load generator that costs little itself: prepared requests over kept connections, answers read by their length alone."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

BOUNDARY = b"setu-bench-boundary"


def form(target: str = "en") -> tuple[bytes, bytes]:
    """What stands before and behind the recording in a POST /jobs body."""
    before = (
        b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="target_languages"\r\n\r\n' + target.encode() + b"\r\n"
        b"--"
        + BOUNDARY
        + b'\r\nContent-Disposition: form-data; name="media"; filename="clip.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    return before, b"\r\n--" + BOUNDARY + b"--\r\n"


FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def head(path: str, length: int, content_type: str = FORM) -> bytes:
    """The head of a POST."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@dataclass
class Load:
    """What a load measured. ``latencies_s`` has one value a request."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies_s) / self.seconds


async def load(port: int, request: bytes, *, count: int, connections: int) -> Load:
    """Send the same request ``count`` times over ``connections`` connections."""
    result = Load()
    numbers = iter(range(count))
    began = time.monotonic()
    await asyncio.gather(*(_sender(port, request, numbers, result) for _ in range(connections)))
    result.seconds = time.monotonic() - began
    return result


async def _sender(port: int, request: bytes, numbers: Iterator[int], result: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in numbers:
        began = time.monotonic()
        writer.write(request)
        await writer.drain()
        status = await answer(reader)
        result.latencies_s.append(time.monotonic() - began)
        result.failures += status >= 400
    writer.close()


async def answer(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end; its status."""
    head_lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in head_lines if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head_lines[0].split()[1])
