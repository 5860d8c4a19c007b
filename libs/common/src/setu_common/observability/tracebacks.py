"""Exceptions in logs: where it happened and what kind, without the values that were at hand."""

import sys
import traceback
from types import TracebackType
from typing import Final, TextIO, TypedDict

from pydantic import ValidationError
from structlog.typing import EventDict, WrappedLogger

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

MAX_MESSAGE_CHARS: Final = 500
MAX_FRAMES: Final = 30


def exception_as_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn ``exc_info`` into a list of ``{kind, message, frames}``, outermost first.

    A validation error's own message repeats the input, which may be dialogue: it is told by field and kind instead.
    """
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = [_described(each) for each in _chain(error)]
    return event


def write_exception(out: TextIO, exc_info: ExcInfo) -> None:
    """Write an exception for people, with no more of its values than ``exception_as_fields`` tells."""
    for each in reversed(_chain(exc_info[1])):
        described = _described(each)
        out.writelines(f"    {frame}\n" for frame in described["frames"])
        out.write(f"  {described['kind']}: {described['message']}\n")


def message_of(error: BaseException) -> str:
    """What an exception says, without the input that a validation error would quote."""
    if isinstance(error, ValidationError):
        fields = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors(include_input=False))
        return f"{error.error_count()} fields of {error.title} are wrong: {fields}"[:MAX_MESSAGE_CHARS]
    return str(error)[:MAX_MESSAGE_CHARS]


def _error_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:  # noqa: PLR2004  sys.exc_info's form
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


class Described(TypedDict):
    """An exception without the values that were at hand."""

    kind: str
    message: str
    frames: list[str]


def _described(error: BaseException) -> Described:
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": message_of(error),
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
