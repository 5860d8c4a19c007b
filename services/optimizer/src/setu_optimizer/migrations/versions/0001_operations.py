"""The operation table."""

from setu_common.operations.migration import create_operation_table, narrow_operation_turn

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_operation_table()
    narrow_operation_turn()
