"""Several requests under way at once, and no more than a server has room for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from setu_common.cost import BudgetExhausted

T = TypeVar("T")


async def each_of(items: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
    """Do something with each item, ``at_once`` of them at a time, in their order. The first failure ends the rest.

    Where a budget is used up nothing else is begun, but what is under way may end: it is paid for.
    """
    waiting = iter(items)  # shared by the workers below; each takes the next item when it is free
    refused: list[BudgetExhausted] = []

    async def work() -> None:
        for item in waiting:
            if refused:
                return
            try:
                await do(item)
            except BudgetExhausted as error:
                refused.append(error)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the others failed likewise, or were cancelled for it
    if refused:
        raise refused[0]
