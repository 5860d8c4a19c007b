"""Models that predict: the one that is asked, those that were before it, and those that were not good enough."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE predictor (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('champion', 'retired', 'refused', 'rolled-back')),
    uri text NOT NULL,
    bytes bigint NOT NULL,
    media_type text NOT NULL,
    manifest jsonb NOT NULL,
    verdict text NOT NULL,
    replaced uuid REFERENCES predictor (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX predictor_champion ON predictor ((true)) WHERE state = 'champion';
CREATE INDEX predictor_newest ON predictor (created_at DESC)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
