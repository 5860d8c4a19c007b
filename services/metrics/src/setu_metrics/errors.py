"""What can go wrong here."""

from setu_common.errors import InvalidRequest, NotFound, TooManyRequests


class NoBudget(NotFound):
    """No budget is set."""

    code = "no-budget"
    title = "There is no such budget"


class TooFine(InvalidRequest):
    """More is asked for than fits into an answer."""

    code = "too-fine"
    title = "So long a time is not told so finely"


class TimeReversed(InvalidRequest):
    """A stretch of time that ends before it begins."""

    code = "time-reversed"
    title = "The time ends before it begins"


class ChartsBusy(TooManyRequests):
    """More charts are asked for than are drawn in a moment."""

    code = "charts-busy"
    title = "Too many charts are being drawn"
