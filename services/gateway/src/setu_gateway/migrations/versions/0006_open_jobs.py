"""How many jobs are open, and how many have ended lately, is told by indexes that have those alone; so is which are old."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CREATE = """
CREATE INDEX job_open ON job (tenant) WHERE ended_at IS NULL;
CREATE INDEX job_ended ON job (ended_at) INCLUDE (tenant) WHERE ended_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX job_open, job_ended")
