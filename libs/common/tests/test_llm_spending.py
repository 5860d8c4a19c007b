"""What requests used is told to whoever had them made. That it is what was billed, whatever came of them, is tested with the providers."""

import asyncio

from setu_common.cost import Usage
from setu_common.llm import Spent, spend, spending


async def test_tasks_that_begin_in_a_block_are_part_of_it_and_so_is_a_block_within():
    async def use(provider: str) -> None:
        spend(Spent(provider, "m", Usage(input_tokens=1)))

    with spending() as outer:
        await asyncio.gather(use("a"), use("b"))
        with spending() as inner:
            await use("c")
        await use("d")
    await use("nobody collects")
    assert [each.provider for each in outer] == ["a", "b", "c", "d"]
    assert [each.provider for each in inner] == ["c"]
