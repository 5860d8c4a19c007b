"""Attempts that were in vain are found among those that were not, since every sum of costs asks for them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE INDEX stage_metrics_vain ON stage_metrics (tenant, created_at) INCLUDE (operation_id, attempt, job_id)
        WHERE outcome <> 'succeeded'
    """)
