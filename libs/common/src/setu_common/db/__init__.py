"""Postgres: one schema per service, chosen by the search path."""

from setu_common.db.connection import connect
from setu_common.db.database import Database, aside
from setu_common.db.failures import translated_failures
from setu_common.db.migration import migrate
from setu_common.db.patience import Row

__all__ = ["Database", "Row", "aside", "connect", "migrate", "translated_failures"]
