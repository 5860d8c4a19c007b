"""Routes for operators: which circuits there are, and forcing one open or closed."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from setu_common.contracts import Contract
from setu_common.errors import NotFound
from setu_common.http import BreakerStatus, Dependencies, Mode, State
from setu_common.web.openapi import problems

Name = Annotated[str, Path(description="The circuit's name, as the list has it", max_length=100)]


class BreakerView(Contract):
    """A circuit, as the process that answers sees it."""

    name: str
    state: State | None = Field(default=None, description="Missing if only other processes use it")
    mode: Mode = Field(description="auto: it rules itself; open, closed: an operator does")
    open_for_s: float | None = Field(default=None, description="Seconds until it is tried again")
    calls: int = Field(description="Attempts in the window")
    failed: int = Field(description="How many of them failed")
    slow: int = Field(description="How many of them were slow")


class BreakerList(Contract):
    """All circuits, by name."""

    breakers: list[BreakerView]


class BreakerOrder(Contract):
    """What an operator wants of a circuit."""

    mode: Mode


def breakers_router(dependencies: Dependencies) -> APIRouter:
    """``GET /v1/breakers`` and ``PUT /v1/breakers/{name}``. For services inside only: no stranger may shut a dependency off."""
    router = APIRouter(tags=["operators"])

    @router.get("/v1/breakers")
    async def list_breakers() -> BreakerList:
        """The circuits of this process, and the names of those that others share."""
        return BreakerList(breakers=[_view(status) for status in dependencies.statuses()])

    @router.put("/v1/breakers/{name}", responses=problems(NotFound))
    async def force_breaker(name: Name, order: BreakerOrder) -> BreakerView:
        """Force a circuit open or closed in every process, or let it rule itself again; it stays so until the next order."""
        return _view(dependencies.force(name, order.mode))

    return router


def _view(status: BreakerStatus) -> BreakerView:
    return BreakerView(
        name=status.name,
        state=status.state,
        mode=status.mode,
        open_for_s=status.open_for_s,
        calls=status.calls,
        failed=status.failed,
        slow=status.slow,
    )
