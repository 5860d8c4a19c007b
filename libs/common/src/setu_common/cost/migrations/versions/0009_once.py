"""Attempts that are written a second time, since nobody heard that the first had been taken, are there once."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHANGE = """
ALTER TABLE stage_metrics ADD COLUMN once uuid;
CREATE UNIQUE INDEX stage_metrics_once ON stage_metrics (once) WHERE once IS NOT NULL
"""


def upgrade() -> None:
    for statement in _CHANGE.split(";\n"):
        op.execute(statement)
