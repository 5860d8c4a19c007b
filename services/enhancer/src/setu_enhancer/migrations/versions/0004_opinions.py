"""What a judge thought of an edit is remembered beside it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE remembered ADD COLUMN opinion text NOT NULL DEFAULT ''")
