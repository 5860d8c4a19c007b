"""What was edited before can be found again, for as long as an operation that made or took it is kept."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE remembered (
    operation_id uuid NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    key text NOT NULL,
    tenant text NOT NULL,
    pair text NOT NULL,
    source text NOT NULL,
    draft text NOT NULL,
    offered text NOT NULL,
    kept boolean NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (operation_id, key)
);
CREATE INDEX remembered_key ON remembered (tenant, key, created_at DESC);
CREATE INDEX remembered_kept ON remembered (tenant, pair, created_at DESC) WHERE kept
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
