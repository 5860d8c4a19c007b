"""Which correction of a job's subtitles was accepted last, so that one that was delayed replaces no newer one."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE correction_turn (
    tenant text NOT NULL,
    job_id uuid NOT NULL,
    language text NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, job_id, language)
);
CREATE INDEX correction_turn_oldest ON correction_turn (accepted_at)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
