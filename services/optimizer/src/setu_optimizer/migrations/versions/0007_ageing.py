"""Observations age; and a minute that is to be heard again is known before anybody is asked to hear it."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CHANGE = """
CREATE INDEX observation_touched ON observation (updated_at);
CREATE INDEX correction_oldest ON correction (corrected_at);
CREATE INDEX edit_outcome_oldest ON edit_outcome (observed_at);
ALTER TABLE second_hearing ALTER COLUMN asr_operation_id DROP NOT NULL;
ALTER TABLE second_hearing ADD COLUMN media_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE second_hearing ADD COLUMN language text NOT NULL DEFAULT 'en'
"""


def upgrade() -> None:
    for statement in _CHANGE.split(";\n"):
        op.execute(statement)
