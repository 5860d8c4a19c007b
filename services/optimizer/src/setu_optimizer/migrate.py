"""Brings the service's schema and the ledger up to date: ``python -m setu_optimizer.migrate``. Any number of processes may do so at once."""

from pathlib import Path
from typing import Final

from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.observability import configure_logging
from setu_optimizer.settings import SERVICE, read_settings

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


def main() -> None:
    """Migrate, then return."""
    settings = read_settings()
    configure_logging(settings.core.log, SERVICE)
    migrate(settings.core.database, SERVICE, VERSIONS)
    migrate_ledger(settings.core.database)


if __name__ == "__main__":
    main()
