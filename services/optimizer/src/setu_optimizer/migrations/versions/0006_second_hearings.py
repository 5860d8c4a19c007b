"""Which minute of which job another way is hearing at the asr service."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE second_hearing (
    operation_id uuid PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
    asr_operation_id uuid NOT NULL,
    media_uri text NOT NULL,
    plan jsonb NOT NULL,
    from_s double precision NOT NULL
)
"""
    )
