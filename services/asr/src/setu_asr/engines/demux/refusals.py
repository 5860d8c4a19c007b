"""Why a file is refused, as the process tells it. The codes are those of `setu_asr.errors`."""


class Refused(Exception):
    """The file can't be used.

    Args:
        detail: what is wrong, and what to do next.
        context: figures worth showing.
    """

    code = "media-unusable"

    def __init__(self, detail: str, **context: float) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context = context


class Empty(Refused):
    """There is no sound in it."""

    code = "media-empty"


class Unreadable(Refused):
    """It is no media, or damaged."""

    code = "media-unreadable"


class WithoutAudio(Refused):
    """There is no track of sound."""

    code = "media-without-audio"


class Truncated(Refused):
    """A part is missing."""

    code = "media-truncated"


class TooLong(Refused):
    """It goes on for too long."""

    code = "media-too-long"

    @classmethod
    def than(cls, max_duration_s: float) -> "TooLong":
        """It is longer than is taken."""
        return cls(
            f"The recording is longer than {max_duration_s / 3600:g} hours. Cut it into parts and upload them one by one."
        )


class TooExpensive(Refused):
    """It takes more memory or time than any honest file of its kind."""

    code = "media-too-expensive"


class NoRoom(Refused):
    """The disk is full: no fault of the file."""

    code = "scratch-full"


def incomplete(what: str) -> str:
    """Say that a file is not whole."""
    return f"The recording is incomplete: {what}. It was probably cut off or damaged on its way; upload the whole file again."
