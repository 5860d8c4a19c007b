"""The table of lookups' part of a service's migration."""

from alembic import op

# Frozen as of the first release: later changes are migrations of their own, written against this text.
_CREATE = """
CREATE TABLE tmdb_cache (
    key bytea PRIMARY KEY,
    body text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX tmdb_cache_expiry ON tmdb_cache (expires_at)
"""


def create_tmdb_cache_table() -> None:
    """Create the table of ``tmdb_cache.PostgresCache`` and its index in the schema that the search path names first."""
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
