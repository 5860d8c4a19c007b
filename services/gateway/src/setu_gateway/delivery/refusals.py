"""Why a recording, or a part of it, can't be had."""

from setu_common.errors import Conflict, SetuError


class RecordingNotFetched(Conflict):
    """It is to be fetched from a URL, and is not here."""

    code = "recording-not-fetched"
    title = "The recording has not been fetched"


class RangeUnsatisfiable(SetuError):
    """The part that is asked for lies behind the file's end."""

    code = "range-unsatisfiable"
    title = "The file has no such part"
    status = 416
