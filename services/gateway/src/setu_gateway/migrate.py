"""Brings the gateway's schema up to date: ``python -m setu_gateway.migrate``."""

from pathlib import Path
from typing import Final

from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.observability import configure_logging
from setu_common.settings import DatabaseSettings, LogSettings
from setu_gateway.settings import SERVICE

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


def main() -> None:
    """Migrate, and return."""
    configure_logging(LogSettings(), f"{SERVICE}-migrate")
    migrate(DatabaseSettings(), SERVICE, VERSIONS)
    migrate_ledger(DatabaseSettings())


if __name__ == "__main__":
    main()
