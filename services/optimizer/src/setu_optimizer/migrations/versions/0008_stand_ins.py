"""Which observations are of a plan that another engine stood in for."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE observation ADD COLUMN stood_in boolean NOT NULL DEFAULT false")
