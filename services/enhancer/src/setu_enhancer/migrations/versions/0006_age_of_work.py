"""Operations are claimed by the age of the work that they belong to."""

from setu_common.operations.migration import add_operation_age_of_work

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_operation_age_of_work()
