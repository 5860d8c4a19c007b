"""Claims read the rows that wait through the index that is made for them, whatever the table's statistics say."""

from setu_common.operations.migration import narrow_operation_turn

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    narrow_operation_turn()
