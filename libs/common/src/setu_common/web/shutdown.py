"""How those who wait learn that the process is about to end."""

import asyncio
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request


async def closing(request: Request) -> asyncio.Event:
    """The event that is set when the process has been told to end; long polls should answer then."""
    event: asyncio.Event = request.app.state.closing
    return event


ClosingDep = Annotated[asyncio.Event, Depends(closing)]
