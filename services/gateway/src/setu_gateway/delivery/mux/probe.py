"""The process that looks how long a recording is: ``python -m setu_gateway.delivery.mux.probe '<order>'``. It prints a line of JSON.

Nothing is decoded. What a header does not tell is reckoned by the library from the size and the bit rate of what it sees.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Final

from av.container import InputContainer

from setu_common.sealed.giving_up import end_with
from setu_gateway.delivery.mux import sealing
from setu_gateway.delivery.mux.copying import opened
from setu_gateway.delivery.mux.order import Limits

_MICROSECONDS: Final = 1e6


def main(arguments: Sequence[str]) -> None:
    """Look at the file that was handed over, say how long it is or null, and exit."""
    order = json.loads(arguments[0])
    end_with(order["parent_pid"])
    with open(order["media_fd"], "rb") as media:  # noqa: PTH123 a descriptor
        sealing.seal(Limits(**order["limits"]), 0)
        try:
            with opened(media) as container:
                duration_s = length_s(container)
        except Exception:  # noqa: BLE001 whatever a file can make the library do, it tells no length
            duration_s = None
        os.write(sys.stdout.fileno(), json.dumps({"duration_s": duration_s}).encode() + b"\n")
        os._exit(0)


def length_s(container: InputContainer) -> float | None:
    """How long an open file says that it is, or the longest of its tracks, seconds; None if neither is said."""
    if container.duration is not None and container.duration > 0:
        return container.duration / _MICROSECONDS
    told = [float(stream.duration * stream.time_base) for stream in container.streams if stream.duration and stream.time_base]
    return max(told, default=0.0) or None


if __name__ == "__main__":
    main(sys.argv[1:])
