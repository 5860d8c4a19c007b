"""Whom a budget tells that it is nearly used up, and what is still to be told."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE budget ADD COLUMN alert_url text")
    # A row is taken away in the transaction that writes its notice; so there are few, and none twice.
    op.execute("""
        CREATE TABLE budget_alert (
            id uuid PRIMARY KEY,
            tenant text NOT NULL,
            job_id uuid,
            period date NOT NULL,
            level text NOT NULL CHECK (level IN ('alert', 'exhausted')),
            limit_usd numeric NOT NULL,
            committed_usd numeric NOT NULL,
            alert_url text,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX budget_of_jobs ON budget (tenant, created_at, id) WHERE job_id IS NOT NULL")
    op.execute("CREATE INDEX budget_of_months ON budget (created_at, id) WHERE job_id IS NULL")
