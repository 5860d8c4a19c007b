"""What edits came to, by who was asked and why; and which jobs were of the same sound."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CREATE = """
ALTER TABLE observation ADD COLUMN sound text NOT NULL DEFAULT '';
CREATE INDEX observation_tenant ON observation (tenant, created_at DESC);
CREATE TABLE edit_outcome (
    tenant text NOT NULL,
    job_id uuid NOT NULL,
    language text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    reason text NOT NULL,
    lines integer NOT NULL,
    kept integer NOT NULL,
    gain double precision NOT NULL,
    gain_squares double precision NOT NULL,
    cost_usd numeric,
    observed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id, language, provider, model, reason)
);
CREATE INDEX edit_outcome_newest ON edit_outcome (tenant, observed_at DESC)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
