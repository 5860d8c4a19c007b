"""An operation may be a part of another."""

from setu_common.operations.migration import add_operation_parts

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_operation_parts()
