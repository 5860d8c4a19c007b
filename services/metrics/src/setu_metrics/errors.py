"""What can go wrong here."""

from setu_common.errors import InvalidRequest, NotFound


class NoBudget(NotFound):
    """No budget is set."""

    code = "no-budget"
    title = "There is no such budget"


class TimeReversed(InvalidRequest):
    """A stretch of time that ends before it begins."""

    code = "time-reversed"
    title = "The time ends before it begins"
