"""The operation table."""

from setu_common.operations.migration import (
    add_operation_age_of_work,
    add_operation_parts,
    create_operation_table,
    narrow_operation_turn,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_operation_table()
    narrow_operation_turn()
    add_operation_parts()
    add_operation_age_of_work()
