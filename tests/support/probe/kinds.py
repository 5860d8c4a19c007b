"""What the probe service can be asked to do."""

from pydantic import Field

from setu_common.contracts import Contract, OperationKind


class Task(Contract):
    """Ask for something to happen. ``count`` is what a result can be recognised by."""

    count: int = 0
    seconds: float = Field(default=0.0, ge=0)
    times: int = Field(default=1, ge=0)
    text: str = ""


class Done(Contract):
    """It happened."""

    count: int
    attempt: int
    text: str = ""


def _kind(name: str, timeout_s: float = 30.0) -> OperationKind[Task, Done]:
    return OperationKind(name=name, service="probe", queue="probe", request=Task, result=Done, timeout_s=timeout_s)


NOOPS = _kind("noops")
NAPS = _kind("naps")  # sleeps `seconds` on the event loop, reporting progress
THREADS = _kind("threads")  # works `seconds` in a thread that looks for its cancellation
HANGS = _kind("hangs", timeout_s=2.0)  # blocks its thread for ever
DEAF = _kind("deaf")  # swallows every cancellation
POISON = _kind("poison")  # kills its own process
FLAKY = _kind("flaky")  # fails `times` times with a retryable error, then succeeds
BAD = _kind("bad")  # fails with a typed error that is not retryable
CRASHES = _kind("crashes")  # raises what nobody foresaw
PARKS = _kind("parks")  # parks `times` times, `seconds` each
SPEAKS = _kind("speaks")  # logs a line, and another in a thread
FROZEN = _kind("frozen")  # stops its whole process, heartbeat included

ALL = (NOOPS, NAPS, THREADS, HANGS, DEAF, POISON, FLAKY, BAD, CRASHES, PARKS, SPEAKS, FROZEN)
