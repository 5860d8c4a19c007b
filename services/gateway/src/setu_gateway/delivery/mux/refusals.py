"""Why a file can't be made, as the process tells it. The codes are those of `setu_gateway.errors`."""


class Refused(Exception):
    """The file can't be made.

    Args:
        detail: what is wrong, and what to do next.
    """

    code = "media-not-muxable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TooExpensive(Refused):
    """It takes more memory, room or time than any honest file of its size."""

    code = "media-too-expensive"


class NoRoom(Refused):
    """The disk is full: no fault of the file."""

    code = "scratch-full"
