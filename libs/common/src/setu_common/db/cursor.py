"""Where a page of rows begins that are listed by their time and id, as an opaque text."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from setu_common.contracts import FieldProblem
from setu_common.errors import InvalidRequest

_FORM: Final = struct.Struct(">q16s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def encode_cursor(created_at: datetime, row_id: UUID) -> str:
    """The cursor of the page behind the row with this time and id."""
    return urlsafe_b64encode(_FORM.pack((created_at - _EPOCH) // _MICROSECOND, row_id.bytes)).decode()


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The time and id that a cursor holds.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        microseconds, row_id = _FORM.unpack(urlsafe_b64decode(cursor.encode()))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=row_id)
    except (binascii.Error, struct.error, OverflowError, ValueError) as error:
        raise InvalidRequest(
            "Take the cursor from the next_cursor of the page before, as it is.",
            errors=[FieldProblem(field="query.cursor", message="no cursor of this API")],
        ) from error
