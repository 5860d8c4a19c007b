"""What the process that opens a media file gives up before it does."""

from setu_asr.engines.demux.order import Limits
from setu_common.sealed import giving_up


def seal(limits: Limits, file_bytes: int, rate_hz: int) -> None:
    """Set the bounds of a file, and give up opening anything. More CPU time is granted as sound comes out."""
    giving_up.seal(
        memory_bytes=limits.memory_bytes,
        written_bytes=limits.scratch_bytes(rate_hz),
        cpu_s=limits.cpu_s(file_bytes, 0.0),
        most_cpu_s=limits.cpu_s(file_bytes, limits.max_duration_s),
    )
