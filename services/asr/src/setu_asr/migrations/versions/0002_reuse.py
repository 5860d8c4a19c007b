"""What was transcribed before can be found again, for as long as its operation is kept."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE heard_before (
    operation_id uuid PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
    tenant text NOT NULL,
    likeness text NOT NULL
);
CREATE INDEX heard_before_likeness ON heard_before (tenant, likeness)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
