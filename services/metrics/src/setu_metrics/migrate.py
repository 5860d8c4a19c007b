"""Brings the ledger up to date, which is all that the service has: ``python -m setu_metrics.migrate``."""

from setu_common.cost.ledger import migrate_ledger
from setu_common.observability import configure_logging
from setu_metrics.settings import SERVICE, read_settings


def main() -> None:
    """Migrate, then return."""
    settings = read_settings()
    configure_logging(settings.log, SERVICE)
    migrate_ledger(settings.database)


if __name__ == "__main__":
    main()
