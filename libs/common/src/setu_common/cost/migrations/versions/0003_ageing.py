"""What stages took is forgotten in time, and written down also of attempts whose processes can't tell what they took."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHANGE = """
ALTER TABLE stage_metrics ALTER COLUMN cpu_s DROP NOT NULL;
CREATE INDEX stage_metrics_age ON stage_metrics (created_at);
CREATE INDEX reservation_age ON reservation (settled_at) WHERE settled_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in _CHANGE.split(";\n"):
        op.execute(statement)
