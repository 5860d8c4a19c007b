"""What the process is told, and the bounds that are set to it."""

import json
from dataclasses import asdict, dataclass
from typing import Final

GRACE_S: Final = 30.0  # wall time beside CPU time: a machine that is busy, a disk that is slow
WALL_TO_CPU: Final = 4.0
FILE_SLACK_BYTES: Final = 1 << 20
SAMPLE_BYTES: Final = 2


@dataclass(frozen=True)
class Limits:
    """What one file may cost. Time is granted by what it brings: its size, and the sound that came out of it so far.

    Args:
        max_duration_s: longer recordings are refused.
        memory_bytes: address space of the process, which needs some 0.2 GB for itself.
        patience_s: CPU time that any file may take.
        bytes_per_cpu_s: a file may take a second of CPU time more for each so many bytes. Opening alone reads 500 MB/s here.
        sound_s_per_cpu_s: and a second more for each so many seconds of sound. AAC comes out at 500 and more here.
    """

    max_duration_s: float = 12 * 3600.0
    memory_bytes: int = 1 << 30
    patience_s: float = 20.0
    bytes_per_cpu_s: float = 4e6
    sound_s_per_cpu_s: float = 20.0

    def cpu_s(self, file_bytes: int, sound_s: float) -> float:
        """CPU time that a file of that size may have taken by the time that so much sound has come out of it."""
        return self.patience_s + file_bytes / self.bytes_per_cpu_s + min(sound_s, self.max_duration_s) / self.sound_s_per_cpu_s

    def wall_s(self, file_bytes: int, sound_s: float) -> float:
        """The same for time on the clock."""
        return GRACE_S + WALL_TO_CPU * self.cpu_s(file_bytes, sound_s)

    def scratch_bytes(self, rate_hz: int) -> int:
        """How large the decoded sound may become."""
        return int(self.max_duration_s * rate_hz) * SAMPLE_BYTES + FILE_SLACK_BYTES


@dataclass(frozen=True)
class Order:
    """One file to decode.

    Args:
        media_fd: the file, open for reading.
        pcm_fd: takes the sound: int16, mono.
        report_fd: takes lines of JSON.
        parent_pid: who asks; the process ends with it.
        rate_hz: of the sound that is wanted.
        language: the language that is spoken, if it is known: a code of `setu_common.contracts`.
        limits: see there.
    """

    media_fd: int
    pcm_fd: int
    report_fd: int
    parent_pid: int
    rate_hz: int
    language: str | None
    limits: Limits

    @property
    def fds(self) -> tuple[int, ...]:
        """All that the process is handed."""
        return (self.media_fd, self.pcm_fd, self.report_fd)

    def to_json(self) -> str:
        """As the process's argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        """The other way round."""
        fields = json.loads(text)
        return cls(**(fields | {"limits": Limits(**fields["limits"])}))
