"""Traces: what one job went through, in all processes, for whatever tool their spans are sent to. Off unless a collector is named.

*One job, one trace.* A job's trace is found by the job's own id, without its hyphens, and each process derives it from that id alone. So nothing is
carried along that could be lost: an attempt belongs to the trace after a pause, a retry, a restart, and on another machine. Work that is part of no
job has a trace by its operation's id. Requests have the trace that their caller says (W3C Trace Context), or one of their own, with links between
it and the traces that they began.

Spans tell ids, names of stages and models, sizes and times; never what is said in a recording, and no error's message.

``spans`` does the work, with the extra ``tracing``. While this is off nothing of OpenTelemetry is imported here, and no thread begins. (FastAPI
imports its API all the same, and redis the part of its SDK that counts.)
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import structlog

from setu_common.errors import SetuError
from setu_common.settings import TracingSettings

log = structlog.get_logger()

Attributes = Mapping[str, str | int | float | bool | Sequence[str] | None]
Kind = Literal["internal", "server", "client", "producer", "consumer"]
NOTHING: Final[Attributes] = MappingProxyType({})

JOB_ID: Final = "setu.job_id"
OPERATION_ID: Final = "setu.operation_id"
TENANT: Final = "setu.tenant"
STAGE: Final = "setu.stage"
ATTEMPT: Final = "setu.attempt"
QUEUE_WAIT_S: Final = "setu.queue_wait_s"
OUTCOME: Final = "setu.outcome"


class Span(Protocol):
    """A step of a trace, under way."""

    def note(self, attributes: Attributes) -> None:
        """Add what is known of it by now; what is None is left out."""

    def failed(self, kind: str) -> None:
        """Say that it came to nothing, and what kind of failure that is: a code or a class, never a message."""


class Tracing(Protocol):
    """What a process does about traces."""

    def span(
        self, name: str, kind: Kind = "internal", attributes: Attributes = NOTHING, *, of: UUID | None = None
    ) -> AbstractContextManager[Span]:
        """Go around a step. What it raises is noted, by its code.

        Args:
            name: one of few.
            kind: its part in a call or in a hand-over.
            attributes: what is known of it beforehand.
            of: the job, or the operation without a job, whose trace it is in; by default that of the step around it.
        """

    def begin(self, whole: UUID, name: str, attributes: Attributes = NOTHING) -> None:
        """A job, or an operation without one, was accepted: the first step of its trace, from when the request came until now."""

    def carried(self) -> Mapping[str, str]:
        """The headers that tell whom a request is sent to of the step that it is sent in."""

    def of_requests(self) -> Mapping[str, Any]:  # Any: fastapi.telemetry.TelemetryConfig, which is not imported here
        """What FastAPI is told, which traces the requests that it serves."""

    def close(self) -> None:
        """Send what there is to send, for a short time."""


class _NoSpan:
    def note(self, attributes: Attributes) -> None:
        """See ``Span``."""

    def failed(self, kind: str) -> None:
        """See ``Span``."""


_NO_SPAN: Final[AbstractContextManager[Span]] = nullcontext(_NoSpan())


class Untraced:
    """``Tracing``, switched off."""

    def span(
        self,
        name: str,  # noqa: ARG002  see Tracing
        kind: Kind = "internal",  # noqa: ARG002
        attributes: Attributes = NOTHING,  # noqa: ARG002
        *,
        of: UUID | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[Span]:
        """See ``Tracing``."""
        return _NO_SPAN

    def begin(self, whole: UUID, name: str, attributes: Attributes = NOTHING) -> None:
        """See ``Tracing``."""

    def carried(self) -> Mapping[str, str]:
        """See ``Tracing``."""
        return {}

    def of_requests(self) -> Mapping[str, Any]:  # Any: see Tracing
        """See ``Tracing``."""
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

    def close(self) -> None:
        """See ``Tracing``."""


class _Process:
    tracing: Tracing = Untraced()


def tracing() -> Tracing:
    """This process's, as ``configure_tracing`` left it."""
    return _Process.tracing


def configure_tracing(settings: TracingSettings, service: str) -> None:
    """Have this process traced, or not. Called once, where logging is configured; in a worker's children, after the fork.

    Args:
        settings: where spans are sent.
        service: what the process is called, as in its logs.
    """
    _Process.tracing = Untraced()
    if settings.url is None:
        return
    try:
        from setu_common.observability.spans import OpenTelemetry  # noqa: PLC0415  (takes half a second, and an extra)
    except ImportError as error:
        log.error("tracing.not_installed", wanted="setu-common[tracing]", reason=str(error))  # noqa: TRY400  (the reason is in it)
        return
    _Process.tracing = OpenTelemetry(settings, service)


def failure_of(error: BaseException) -> str:
    """What kind of failure an error is, in a word."""
    return error.code if isinstance(error, SetuError) else type(error).__name__
