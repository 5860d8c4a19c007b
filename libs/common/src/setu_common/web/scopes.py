"""What a caller's key must be for."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from setu_common.contracts import headers
from setu_common.errors import Forbidden
from setu_common.web.caller import Caller, caller
from setu_common.web.trust import ANY_SCOPE

_SCOPES: Final = headers.SCOPES.lower()


class ScopeLacking(Forbidden):
    """The key is good, but not for this."""

    code = "scope-lacking"
    title = "The key is not for this"


@dataclass(frozen=True)
class Allowed:
    """A dependency: the caller, if its key is for this. Of an edge's routes each has one.

    Args:
        scope: the name of what it must be for.
    """

    scope: str

    async def __call__(self, request: Request) -> Caller:
        """The caller.

        Raises:
            ScopeLacking: its key is for other things.
        """
        scopes = request.headers.get(_SCOPES, "").split(" ")
        if self.scope not in scopes and ANY_SCOPE not in scopes:
            raise ScopeLacking(
                f"This key does not have the scope {self.scope}. Use one that has it; `setu keys create` makes keys.",
                scope=self.scope,
            )
        return await caller(request)
