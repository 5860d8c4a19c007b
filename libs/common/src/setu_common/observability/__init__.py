"""Logs: one JSON object a line for machines, or coloured text for people; ids are bound once and show on every line."""

from setu_common.observability.logs import bound, configure_logging
from setu_common.observability.redaction import redacted
from setu_common.observability.tracebacks import message_of

__all__ = ["bound", "configure_logging", "message_of", "redacted"]
