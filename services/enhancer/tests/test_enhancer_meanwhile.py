"""What is done while others are waited for."""

import asyncio

import pytest

from setu_enhancer.editing.waiting import HEAD_START_S, Meanwhile


class Turns:
    """Counts the turns of the loop, and in which of them pieces of work were done."""

    def __init__(self):
        self.now = 0
        self.worked = []

    async def count(self):
        while True:
            self.now += 1
            await asyncio.sleep(0)

    def piece(self):
        self.worked.append(self.now)


@pytest.fixture
async def turns():
    turns = Turns()
    counting = asyncio.create_task(turns.count())
    yield turns
    counting.cancel()


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  it is turns of the loop that count
            await asyncio.sleep(0)


async def test_of_all_that_are_waited_for_one_piece_is_done_in_a_turn(turns):
    meanwhile = Meanwhile(head_start_s=0)

    async def wait():
        async with meanwhile.doing([turns.piece] * 5):
            await until(lambda: len(turns.worked) == 15)

    await asyncio.gather(wait(), wait(), wait())
    assert len(set(turns.worked)) == 15


async def test_all_that_are_waited_for_come_to_their_turn():
    meanwhile, done = Meanwhile(head_start_s=0), []

    async def wait(who):
        async with meanwhile.doing([lambda: done.append(who)] * 4):
            await until(lambda: len(done) == 8)

    await asyncio.gather(wait("a"), wait("b"))
    assert sorted(done[:4]) == ["a", "a", "b", "b"]


async def test_who_answers_before_the_head_start_is_over_finds_nothing_done(turns):
    async with Meanwhile(head_start_s=60).doing([turns.piece]):
        await asyncio.sleep(0)
    assert turns.worked == []


async def test_nothing_is_begun_before_the_head_start_is_over():
    loop, began_at = asyncio.get_running_loop(), []
    asked_at = loop.time()
    async with Meanwhile().doing([lambda: began_at.append(loop.time())]):
        await until(lambda: began_at)
    assert began_at[0] - asked_at >= HEAD_START_S * 0.9  # timers may be a little early


async def test_what_was_not_waited_for_is_left_undone_and_nothing_stays_behind(turns):
    before = asyncio.all_tasks()
    async with Meanwhile(head_start_s=0).doing([turns.piece] * 1000):
        await until(lambda: len(turns.worked) >= 3)
    done = len(turns.worked)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(turns.worked) == done < 1000
    assert asyncio.all_tasks() == before


async def test_a_request_that_fails_or_is_cancelled_leaves_nothing_behind_either(turns):
    before, meanwhile = asyncio.all_tasks(), Meanwhile(head_start_s=0)

    async def fail():
        async with meanwhile.doing([turns.piece] * 1000):
            await until(lambda: turns.worked)
            raise ConnectionError("gone")

    async def wait_for_ever():
        async with meanwhile.doing([turns.piece] * 1000):
            await asyncio.Event().wait()

    with pytest.raises(ConnectionError, match="gone"):
        await fail()
    waiting = asyncio.create_task(wait_for_ever())
    done = len(turns.worked)
    await until(lambda: len(turns.worked) > done)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == before


async def test_a_piece_that_goes_wrong_is_dropped_and_the_others_are_done(turns):
    def wrong():
        raise ZeroDivisionError

    async with Meanwhile(head_start_s=0).doing([wrong, turns.piece, wrong, turns.piece]):
        await until(lambda: len(turns.worked) == 2)
