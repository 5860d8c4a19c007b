"""Where a large payload lies."""

from typing import Annotated

from pydantic import Field, StringConstraints

from setu_common.contracts.contract import Contract

ObjectUri = Annotated[
    str,
    StringConstraints(pattern=r"^setu://[a-z0-9-]+/[a-z0-9_-]+/\d{4}-\d{2}-\d{2}/[0-9a-f]{64}-[0-9a-f]{8}$", max_length=300),
]


class Reference(Contract):
    """An object in the store: named by its owner, tenant, the day it was written, and its content's hash."""

    uri: ObjectUri
    bytes: int = Field(ge=0)
    media_type: str = Field(max_length=200)

    @property
    def sha256(self) -> str:
        """The content's SHA-256, 64 small hex digits."""
        return self.uri.rsplit("/", 1)[-1][:64]

    @property
    def path(self) -> str:
        """The object's path under the store's root."""
        return self.uri.removeprefix("setu://")
