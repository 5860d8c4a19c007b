"""The process that makes one file: ``python -m setu_gateway.delivery.mux.process '<order>'``."""

import errno
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from av.error import FFmpegError

from setu_common.sealed.giving_up import end_with
from setu_gateway.delivery.mux import sealing
from setu_gateway.delivery.mux.copying import copy
from setu_gateway.delivery.mux.order import Order
from setu_gateway.delivery.mux.refusals import NoRoom, Refused, TooExpensive

REPORT_EVERY_S: Final = 0.2

DAMAGED: Final = (
    "The media is damaged, or of a kind whose tracks can't be copied as they are. Fetch the subtitles as files, or convert the "
    "media to MP4 or MKV and submit it again."
)
TOO_LARGE: Final = (
    "Copying this media takes more memory or room than any file of its size should. It is damaged, or was made to do harm. Fetch "
    "the subtitles as files instead."
)


class Report:
    """Tells the caller how it goes.

    Args:
        fd: a pipe.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._next_s = 0.0

    def progress(self, share: float) -> None:
        """With each packet: what share was read (0..1)."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + REPORT_EVERY_S
            self.tell(kind="progress", share=share)

    def tell(self, **line: object) -> None:
        """Write a line."""
        os.write(self._fd, json.dumps(line).encode() + b"\n")


def main(arguments: Sequence[str]) -> None:
    """Do what the order says, and exit at once: nothing here needs tidying."""
    order = Order.from_json(arguments[0])
    end_with(order.parent_pid)
    report = Report(order.report_fd)
    with open(order.media_fd, "rb") as media, open(order.result_fd, "w+b") as result:  # noqa: PTH123 descriptors
        sealing.seal(order.limits, os.fstat(order.media_fd).st_size)
        try:
            copied = copy(media, order.subtitles, result, report.progress)
            result.flush()
            report.tell(kind="done", tracks=copied.tracks, left_out=copied.left_out)
        except Refused as refused:
            _refuse(report, refused)
        except MemoryError:
            _refuse(report, TooExpensive(TOO_LARGE))
        except FFmpegError as error:
            _refuse(report, TooExpensive(TOO_LARGE) if error.errno == errno.ENOMEM else Refused(DAMAGED), type(error).__name__)
        except OSError as error:
            _refuse(report, _disk(error), type(error).__name__)
        except Exception as error:  # noqa: BLE001 whatever a file can make the libraries do is the file's fault
            line = error.__traceback__.tb_lineno if error.__traceback__ else 0
            _refuse(report, Refused(DAMAGED), f"{type(error).__name__}, {line}")
        os._exit(0)  # with what could not be written left unwritten


def _disk(error: OSError) -> Refused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom("The worker has no room for the file; try again later.")
    if error.errno == errno.EFBIG:
        return TooExpensive(TOO_LARGE)
    return Refused(DAMAGED)


def _refuse(report: Report, refused: Refused, error: str = "") -> None:
    report.tell(kind="refused", code=refused.code, detail=refused.detail, error=error)


if __name__ == "__main__":
    main(sys.argv[1:])
