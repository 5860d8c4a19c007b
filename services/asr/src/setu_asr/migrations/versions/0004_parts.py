"""What a hosted recogniser answered is kept until its operation has ended well, so that another attempt pays nothing twice."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE heard_part (
    operation_id uuid NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    likeness text NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (operation_id, likeness)
)
"""


def upgrade() -> None:
    op.execute(_CREATE)
