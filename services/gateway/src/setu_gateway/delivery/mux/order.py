"""What the process is told, and the bounds that are set to it."""

import json
from dataclasses import asdict, dataclass
from typing import Final

SLACK_BYTES: Final = 16 << 20
# Small packets grow: a block's head in Matroska takes about ten bytes, a frame of AMR some thirty.
GROWTH: Final = 2
WALL_TO_CPU: Final = 4.0


@dataclass(frozen=True)
class Limits:
    """What one file may cost.

    Args:
        memory_bytes: address space of the process, which needs some 0.2 GB for itself.
        patience_s: CPU time that any file may take.
        bytes_per_cpu_s: a file may take a second of CPU time more for each so many bytes. The packets cost, not the bytes: some
            15 µs each here, and speech at 8 kbit/s has one for each 20 bytes.
    """

    memory_bytes: int = 1 << 30
    patience_s: float = 20.0
    bytes_per_cpu_s: float = 2e5

    def cpu_s(self, file_bytes: int) -> float:
        """CPU time that a file of that size may take."""
        return self.patience_s + file_bytes / self.bytes_per_cpu_s

    def wall_s(self, file_bytes: int) -> float:
        """The same for time on the clock."""
        return WALL_TO_CPU * self.cpu_s(file_bytes)

    def result_bytes(self, file_bytes: int) -> int:
        """How large the result may become."""
        return GROWTH * file_bytes + SLACK_BYTES


@dataclass(frozen=True)
class SubtitleTrack:
    """A SubRip file that becomes a track.

    Args:
        fd: the file, open for reading.
        language: the track's, by its ISO 639-2 code.
        title: for people.
        captions: whether it is what was said, in the language in which it was said.
        default: whether players show it unasked.
    """

    fd: int
    language: str
    title: str
    captions: bool
    default: bool


@dataclass(frozen=True)
class Order:
    """One file to make.

    Args:
        media_fd: the media, open for reading.
        result_fd: takes the Matroska file; open for reading and writing.
        report_fd: takes lines of JSON.
        parent_pid: who asks; the process ends with it.
        subtitles: in the order that players are to list them in.
        limits: see there.
    """

    media_fd: int
    result_fd: int
    report_fd: int
    parent_pid: int
    subtitles: tuple[SubtitleTrack, ...]
    limits: Limits

    @property
    def fds(self) -> tuple[int, ...]:
        """All that the process is handed."""
        return (self.media_fd, self.result_fd, self.report_fd, *(track.fd for track in self.subtitles))

    def to_json(self) -> str:
        """As the process's argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        """The other way round."""
        fields = json.loads(text)
        tracks = tuple(SubtitleTrack(**track) for track in fields["subtitles"])
        return cls(**(fields | {"subtitles": tracks, "limits": Limits(**fields["limits"])}))
