"""Where log lines come from and what they look like."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from setu_common.observability.redaction import redacted
from setu_common.observability.tracebacks import exception_as_fields, write_exception
from setu_common.settings import LogSettings

# These say at INFO what is of use only to those who work on them.
QUIET_LOGGERS: Final = (
    "httpx2",
    "httpcore2",
    "alembic",
    "sqlalchemy.engine",
    "celery.worker.strategy",
    "kombu",
    "faster_whisper",
    "uvicorn.error",
)
LEADING_FIELDS: Final = ("timestamp", "level", "service", "event")


def configure_logging(settings: LogSettings, service: str) -> None:
    """Send everything that is logged, through structlog or the standard library, to standard error in one form.

    Called once, in a process's entry point. Calling it again replaces what was set before.

    Args:
        settings: level and form.
        service: shown on every line.
    """

    def named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        event.pop("color_message", None)  # uvicorn's own second copy of the event
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        named,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redacted,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(json_lines=settings.json_lines)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def _renderer(*, json_lines: bool) -> list[Processor]:
    if json_lines:
        return [exception_as_fields, _leading_fields_first, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_exception)]


def _leading_fields_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event.pop(name) for name in LEADING_FIELDS if name in event}, **event}


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Show these ids on every line logged within, in this task and those it starts.

    Args:
        ids: such as ``request_id``, ``job_id``, ``operation_id``, ``tenant``; those that are None are left out.
    """
    with structlog.contextvars.bound_contextvars(**{name: str(value) for name, value in ids.items() if value is not None}):
        yield
