"""Logs: one JSON object a line for machines, or coloured text for people; ids are bound once and show on every line."""

from setu_common.observability.logs import bound, configure_logging
from setu_common.observability.redaction import redacted

__all__ = ["bound", "configure_logging", "redacted"]
