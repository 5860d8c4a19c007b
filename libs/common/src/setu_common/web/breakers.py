"""Routes for operators: which circuits there are, and forcing one open or closed."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.params import Depends

from setu_common.contracts.breakers import BreakerList, BreakerOrder, BreakerView
from setu_common.errors import NotFound
from setu_common.http import BreakerStatus, Dependencies, Mode
from setu_common.web.openapi import problems

Name = Annotated[str, Path(description="The circuit's name, as the list has it", max_length=100)]


def breakers_router(dependencies: Dependencies, guards: Sequence[Depends] = ()) -> APIRouter:
    """``GET /v1/breakers`` and ``PUT /v1/breakers/{name}``: no stranger may shut a dependency off.

    Args:
        dependencies: those of the process that answers; if it shares them, the circuits of all that do are shown and obey.
        guards: decide who may, where callers may be strangers.
    """
    router = APIRouter(tags=["operators"], dependencies=guards)

    @router.get("/v1/breakers")
    async def list_breakers() -> BreakerList:
        """The circuits of all processes that share them, by name."""
        return BreakerList(breakers=tuple(_view(status, dependencies) for status in dependencies.statuses()))

    @router.put("/v1/breakers/{name}", responses=problems(NotFound))
    async def force_breaker(name: Name, order: BreakerOrder) -> BreakerView:
        """Force a circuit open or closed in every process, or let it rule itself again; it stays so until the next order."""
        return _view(dependencies.force(name, Mode(order.mode)), dependencies)

    return router


def _view(status: BreakerStatus, dependencies: Dependencies) -> BreakerView:
    return BreakerView(
        name=status.name,
        state=status.state.value if status.state is not None else None,
        mode=status.mode.value,
        open_for_s=status.open_for_s,
        calls=status.calls,
        failed=status.failed,
        slow=status.slow,
        shared=dependencies.sharing.present,
    )
