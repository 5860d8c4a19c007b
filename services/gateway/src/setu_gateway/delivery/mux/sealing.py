"""What a process that opens a media file gives up before it does."""

import signal

from setu_common.sealed import giving_up
from setu_gateway.delivery.mux.order import Limits


def seal(limits: Limits, file_bytes: int) -> None:
    """Set the bounds of a file, and give up opening anything."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails, and can be told
    giving_up.seal(
        memory_bytes=limits.memory_bytes, written_bytes=limits.result_bytes(file_bytes), cpu_s=limits.cpu_s(file_bytes)
    )
