"""Counts that are looked up now and then, and what is let in between two looks."""

import asyncio
from collections.abc import Mapping

import pytest

from setu_common.operations.tally import Count, Tally

AN_HOUR_S = 3600.0


class Counted:
    """What looks find, and when; ``held`` keeps them from ending."""

    def __init__(self) -> None:
        self.found: dict[str, Count] = {}
        self.looks = 0
        self.now_s = AN_HOUR_S
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None

    async def look(self) -> Mapping[str, Count]:
        self.looks += 1
        found = dict(self.found)
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return found

    def tally(self) -> Tally:
        return Tally(self.look, lambda: self.now_s)


async def test_it_looks_once_a_second_however_many_ask() -> None:
    counted = Counted()
    tally = counted.tally()
    counted.free.clear()
    asking = [asyncio.create_task(tally.refresh()) for _ in range(10)]
    await asyncio.sleep(0)
    counted.free.set()
    await asyncio.gather(*asking)
    counted.now_s += 0.9
    await tally.refresh()
    assert counted.looks == 1
    counted.now_s += 0.2
    await tally.refresh()
    assert counted.looks == 2


async def test_what_was_let_in_counts_at_once_and_no_more_than_once_when_it_is_seen() -> None:
    counted = Counted()
    counted.found = {"a": Count(3, 1), "b": Count(2)}
    tally = counted.tally()
    await tally.refresh()
    with tally.place("a") as come:
        assert (tally.count("a"), tally.count("b"), tally.count("c")) == (Count(4, 1), Count(2), Count())
        come()
    assert tally.count("a") == Count(4, 1)
    assert tally.total() == Count(6, 1)
    counted.found = {"a": Count(4, 1), "b": Count(2)}
    counted.now_s += 1
    await tally.refresh()
    assert (tally.count("a"), tally.total()) == (Count(4, 1), Count(6, 1))


async def test_what_did_not_come_after_all_counts_no_more() -> None:
    tally = Counted().tally()
    with pytest.raises(ValueError, match="broken"), tally.place("a"):
        raise ValueError("broken")
    assert (tally.count("a"), tally.total()) == (Count(), Count())


async def test_what_comes_while_a_look_is_under_way_counts_until_the_next_look_has_seen_it() -> None:
    counted = Counted()
    tally = counted.tally()
    counted.free.clear()
    looking = asyncio.create_task(tally.refresh())
    await asyncio.sleep(0)
    with tally.place("a") as come:
        come()
    counted.free.set()
    await looking
    assert tally.count("a") == Count(1)
    counted.found = {"a": Count(1)}
    counted.now_s += 1
    await tally.refresh()
    assert tally.count("a") == Count(1)


async def test_a_look_that_failed_forgets_nothing_and_is_made_again() -> None:
    counted = Counted()
    tally = counted.tally()
    with tally.place("a") as come:
        come()
    counted.error = OSError("away")
    with pytest.raises(OSError, match="away"):
        await tally.refresh()
    assert tally.count("a") == Count(1)
    counted.error = None
    counted.found = {"a": Count(1)}
    await tally.refresh()
    assert tally.count("a") == Count(1)


@pytest.mark.parametrize(
    ("there", "ended", "expected_s"), [(100, 0, 300), (100, 60, 1), (100, 6, 10), (109, 60, 10), (5000, 6, 300), (100, 6000, 1)]
)
def test_there_is_room_when_so_many_are_likely_to_have_ended(there: int, ended: int, expected_s: float) -> None:
    assert Count(there, ended).room_in_s(100) == expected_s
