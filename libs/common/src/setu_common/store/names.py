"""How objects are named: ``{owner}/{tenant}/{day}/{sha256}-{nonce}`` under the store's root.

The hash says what is in it, the day when it may be swept at the earliest; the nonce keeps two writers of the same content from sharing
an object, so that erasing one's never takes another's.
"""

import re
from datetime import UTC, date, datetime
from typing import Final
from uuid import uuid4

from setu_common.contracts import Reference
from setu_common.errors import NotFound

# Narrower than, or equal to, what Reference accepts, so that whatever is written can be referred to.
OWNER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
TENANT_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}")
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
URI: Final = re.compile(r"setu://[a-z0-9-]+/[a-z0-9_-]+/\d{4}-\d{2}-\d{2}/[0-9a-f]{64}-[0-9a-f]{8}", re.ASCII)
SCHEME: Final = "setu://"
INCOMING: Final = ".incoming"


class ObjectMissing(NotFound):
    """The store has no such object: it was erased, or never finished."""

    code = "object-missing"
    title = "The store has no such object"


def missing(path: str) -> ObjectMissing:
    """The error for an object that is not there."""
    return ObjectMissing(
        "The object is not in the store (any more). It may have been erased; submit the media again.", path=path
    )


def check_owner(owner: str) -> str:
    """Return the owner's name if it can be a folder's name.

    Raises:
        ValueError: if it can't.
    """
    if not OWNER_NAME.fullmatch(owner):
        raise ValueError(f"{owner!r} can't own objects: use small letters, digits and hyphens")
    return owner


def check_tenant(tenant: str) -> str:
    """Return the tenant's name if it can be a folder's name.

    Raises:
        ValueError: if it can't.
    """
    if not TENANT_NAME.fullmatch(tenant):
        raise ValueError(f"{tenant!r} can't be a tenant: use up to 63 small letters, digits, hyphens and underscores")
    return tenant


def today() -> date:
    """The day that new objects belong to (UTC)."""
    return datetime.now(UTC).date()


def object_path(owner: str, tenant: str, day: date, sha256: str) -> str:
    """Where an object lies under the store's root."""
    return f"{owner}/{tenant}/{day.isoformat()}/{sha256}-{uuid4().hex[:8]}"


def incoming_path(owner: str) -> str:
    """A fresh name for a file that is being written."""
    return f"{owner}/{INCOMING}/{uuid4().hex}"


def reference(path: str, size_bytes: int, media_type: str) -> Reference:
    """The reference to an object."""
    return Reference(uri=uri_of(path), bytes=size_bytes, media_type=media_type)


def day_of(folder: str) -> date | None:
    """The day that a folder's name stands for; None if it is no day."""
    if not DAY.fullmatch(folder):
        return None
    try:
        return date.fromisoformat(folder)
    except ValueError:
        return None


def uri_of(path: str) -> str:
    """The name by which rows and messages know an object."""
    return f"{SCHEME}{path}"


def path_of(uri: str) -> str:
    """Where an object lies under the store's root.

    Raises:
        ValueError: if the text is no object's name, so that no path can leave the store.
    """
    if not URI.fullmatch(uri):
        raise ValueError(f"{uri!r} names no object")
    return uri.removeprefix(SCHEME)
