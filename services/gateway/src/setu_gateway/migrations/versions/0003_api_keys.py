"""API keys: whose requests are whose."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE api_key (
    prefix text PRIMARY KEY CHECK (prefix ~ '^[0-9a-f]{8}$'),
    tenant text NOT NULL CHECK (tenant ~ '^[a-z0-9_-]{1,63}$'),
    name text NOT NULL DEFAULT '',
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
)
"""


def upgrade() -> None:
    op.execute(_CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE api_key")
