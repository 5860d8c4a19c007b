"""What was heard before is found by how long it is."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX stage_metrics_heard ON stage_metrics (tenant, audio_s) WHERE stage = 'transcriptions'")
