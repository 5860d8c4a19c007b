"""Whether a request that failed can have had an effect."""

from httpx2 import ConnectError, ConnectTimeout, PoolTimeout


def never_reached(error: BaseException | None) -> bool:
    """Whether behind an error stands a connection that was never made, so that the other side surely knows nothing of the request."""
    while error is not None:
        if isinstance(error, ConnectError | ConnectTimeout | PoolTimeout):
            return True
        error = error.__cause__
    return False
