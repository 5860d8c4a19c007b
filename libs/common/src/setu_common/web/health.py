"""Probes: is the process alive, and can it do its work?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from fastapi import APIRouter

from setu_common.contracts import Contract
from setu_common.errors import DependencyUnavailable
from setu_common.web.openapi import problems

log = structlog.get_logger(__name__)

Checks = Mapping[str, Callable[[], Awaitable[None]]]
CHECK_TIMEOUT_S: Final = 2.0
RETRY_AFTER_S: Final = 2.0


class Health(Contract):
    """What a probe answers."""

    service: str
    version: str
    status: str = "ok"
    checks: tuple[str, ...] = ()


class NotReady(DependencyUnavailable):
    """The process runs, but something it needs does not answer."""

    code = "not-ready"
    title = "The service is not ready"


def health_router(service: str, version: str, checks: Checks) -> APIRouter:
    """``/healthz`` and ``/readyz``."""
    router = APIRouter(tags=["probes"])

    @router.get("/healthz")
    async def healthz() -> Health:
        """The process is alive."""
        return Health(service=service, version=version)

    @router.get("/readyz", responses=problems(NotReady))
    async def readyz() -> Health:
        """All that the service needs answers."""
        outcomes = await asyncio.gather(*(_answers(name, check) for name, check in checks.items()))
        failing = [name for name, answers in zip(checks, outcomes, strict=True) if not answers]
        if failing:
            raise NotReady(
                f"These do not answer: {', '.join(failing)}. Check that they run and can be reached.",
                retry_after_s=RETRY_AFTER_S,
                failing=failing,
            )
        return Health(service=service, version=version, checks=tuple(checks))

    return router


async def _answers(name: str, check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Exception as error:  # noqa: BLE001  whatever a check raises, its dependency can't be used
        log.warning("check.failed", check=name, reason=f"{type(error).__name__}: {error}")
        return False
    return True
