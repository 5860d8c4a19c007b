"""What was looked up at The Movie Database is kept for all workers."""

from setu_common.clients.tmdb_migration import create_tmdb_cache_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tmdb_cache_table()
