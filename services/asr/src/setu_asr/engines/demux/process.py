"""The process that opens one media file: ``python -m setu_asr.engines.demux.process '<order>'``."""

import errno
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from av.error import FFmpegError

from setu_asr.engines.demux import sealing
from setu_asr.engines.demux.containers import look
from setu_asr.engines.demux.order import Limits, Order
from setu_asr.engines.demux.reading import opened
from setu_asr.engines.demux.refusals import NoRoom, Refused, TooExpensive, TooLong, Truncated, Unreadable, incomplete
from setu_common.sealed import giving_up

REPORT_EVERY_S: Final = 0.1

NOT_MEDIA: Final = (
    "The file is not audio or video that can be read here, or its beginning is damaged. Check that it plays, then upload it again, "
    "or convert it to MP4, MKV, MP3 or WAV first."
)
TOO_LARGE_INSIDE: Final = (
    "The file asks for more memory than any recording should. It is damaged, or was made to do harm. Convert its sound to MP3 or WAV, "
    "then upload that."
)


class Report:
    """Tells the caller how it goes, and grants more CPU time as sound comes out.

    Args:
        fd: a pipe.
        limits: of this file.
        file_bytes: its size.
    """

    def __init__(self, fd: int, limits: Limits, file_bytes: int) -> None:
        self._fd = fd
        self._limits = limits
        self._file_bytes = file_bytes
        self._next_s = 0.0

    def progress(self, share: float, sound_s: float) -> None:
        """With each packet: what share was read (0..1), and how much sound there is."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + REPORT_EVERY_S
            giving_up.grant_cpu(self._limits.cpu_s(self._file_bytes, sound_s))
            self.tell(kind="progress", share=share, sound_s=sound_s)

    def tell(self, **line: object) -> None:
        """Write a line."""
        os.write(self._fd, json.dumps(line).encode() + b"\n")


def main(arguments: Sequence[str]) -> None:
    """Do what the order says, and exit at once: nothing here needs tidying."""
    order = Order.from_json(arguments[0])
    giving_up.end_with(order.parent_pid)
    size_bytes = os.fstat(order.media_fd).st_size
    report = Report(order.report_fd, order.limits, size_bytes)
    with open(order.media_fd, "rb") as file, open(order.pcm_fd, "wb", buffering=1 << 18) as pcm:  # noqa: PTH123 descriptors
        sealing.seal(order.limits, size_bytes, order.rate_hz)
        outside = look(file)
        try:
            with opened(file, outside, order) as track:
                report.tell(kind="track", track=track.description)
                track.read(pcm, report.progress)
            pcm.flush()
            track.judge()
            report.tell(kind="progress", share=1.0, sound_s=track.duration_s)
            report.tell(kind="done")
        except Refused as refused:
            _refuse(report, refused)
        except MemoryError:
            _refuse(report, TooExpensive(TOO_LARGE_INSIDE))
        except FFmpegError as error:
            without = "a part without which it can't be opened is missing"
            _refuse(report, Truncated(incomplete(without)) if outside.cut else Unreadable(NOT_MEDIA), type(error).__name__)
        except OSError as error:
            _refuse(report, _disk(error, order.limits), type(error).__name__)
        except Exception as error:  # noqa: BLE001 whatever a file can make the libraries do is the file's fault
            line = error.__traceback__.tb_lineno if error.__traceback__ else 0
            _refuse(report, Unreadable(NOT_MEDIA), f"{type(error).__name__}, {line}")
        os._exit(0)  # with what could not be written left unwritten


def _disk(error: OSError, limits: Limits) -> Refused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom("The worker has no room for the decoded audio; try again later.")
    if error.errno == errno.EFBIG:
        return TooLong.than(limits.max_duration_s)
    return Unreadable(NOT_MEDIA)


def _refuse(report: Report, refused: Refused, error: str = "") -> None:
    report.tell(kind="refused", code=refused.code, detail=refused.detail, context=refused.context, error=error)


if __name__ == "__main__":
    main(sys.argv[1:])
