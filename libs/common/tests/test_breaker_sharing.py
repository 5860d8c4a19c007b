"""Circuits of several processes know of each other through a real Valkey, and don't need it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import redis as redis_client

from setu_common.errors import DependencyUnavailable, NotFound
from setu_common.http import Breaker, BreakerPolicy, CircuitOpen, Dependencies, Dependency, Mode, Policy, State, breaker_redis
from setu_common.http.breaker import Permit
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.settings import RedisSettings
from setu_common.testing import ManualTime
from testbed.valkey import KillableValkey, killable_valkey

NOBODY = "redis://127.0.0.1:1/0"
OPEN_S = 10.0
POLICY = Policy(breaker=BreakerPolicy(minimum=1, open_s=OPEN_S, probe_s=5.0))
PATIENCE_S = 30.0


class Member:
    """What stands for a process: its dependencies, and a connection of its own. It looks when it is told to."""

    def __init__(self, time: ManualTime, redis: RedisSettings) -> None:
        self.dependencies = Dependencies(timing=time.timing)
        self.dependency: Dependency = self.dependencies.dependency("tmdb", POLICY)
        self.breaker: Breaker = self.dependency.breaker
        self.shared = SharedBreakers(self.dependencies, redis.url, redis.key_prefix)

    async def look(self) -> None:
        await self.shared._look()

    async def enter(self) -> Permit | None:
        try:
            return await self.breaker.enter()
        except CircuitOpen:
            return None


@contextlib.asynccontextmanager
async def members_of(redis: RedisSettings, time: ManualTime, count: int = 4) -> AsyncIterator[list[Member]]:
    async with contextlib.AsyncExitStack() as stack:
        members = [Member(time, redis) for _ in range(count)]
        for member in members:
            await stack.enter_async_context(member.shared)
            task = member.shared._task
            assert task is not None
            task.cancel()  # the test says when it looks
        yield members


async def all_look(members: list[Member]) -> None:
    for member in members:
        await member.look()


async def fail(member: Member) -> None:
    permit = await member.enter()
    assert permit is not None
    member.breaker.failed(permit)
    await member.look()


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Valkey is waited for: a process by itself goes on after a tenth of a second without it, which a busy machine takes now and then."""
    monkeypatch.setattr(breaker_redis, "LEASE_LIMIT_S", PATIENCE_S)
    monkeypatch.setattr(breaker_redis, "EXCHANGE_LIMIT_S", PATIENCE_S)


async def test_what_one_opens_all_have_open_and_a_probe_that_is_answered_closes_all(redis_settings, time):
    async with members_of(redis_settings, time) as members:
        await fail(members[0])
        await all_look(members)
        assert [member.breaker.state for member in members] == [State.OPEN] * 4
        assert members[3].breaker.open_for_s == pytest.approx(OPEN_S, abs=1.0)
        time.advance(OPEN_S + 1)
        probe = await members[1].enter()
        assert probe is not None
        members[1].breaker.succeeded(probe)
        await all_look([members[1], *members])
        assert [member.breaker.state for member in members] == [State.CLOSED] * 4


async def test_who_comes_later_finds_it_open(redis_settings, time):
    async with members_of(redis_settings, time) as members:
        await fail(members[0])
        async with members_of(redis_settings, time, 1) as (late,):
            assert late.breaker.state is State.OPEN


@pytest.mark.timeout(300)
async def test_half_open_lets_one_probe_of_all_processes_through_in_a_thousand_trials(redis_settings, time):
    async with members_of(redis_settings, time) as members:
        await fail(members[0])
        await all_look(members)
        for trial in range(1000):
            time.advance(OPEN_S + 2)
            permits = await asyncio.gather(*[member.enter() for member in members for _ in range(2)])
            probes = [(index // 2, permit) for index, permit in enumerate(permits) if permit is not None]
            assert len(probes) == 1, f"trial {trial}"
            prober, permit = members[probes[0][0]], probes[0][1]
            assert permit.probe
            if trial % 3 == 1:
                prober.breaker.ignored(permit)  # the next one probes
                await prober.look()
                continue
            prober.breaker.failed(permit)
            await prober.look()
            if trial % 2:  # else the others learn of it when they ask for the next probe
                await all_look(members)


async def test_one_that_has_not_heard_of_a_change_gets_no_probe_but_hears_of_it(redis_settings, time):
    async with members_of(redis_settings, time, 2) as (first, second):
        await fail(first)
        await second.look()
        time.advance(OPEN_S + 1)
        probe = await first.enter()
        assert probe is not None
        first.breaker.failed(probe)
        await first.look()
        assert await second.enter() is None
        assert second.breaker.open_for_s == pytest.approx(OPEN_S, abs=1.0)
        time.advance(OPEN_S + 1)
        probe = await first.enter()
        assert probe is not None
        first.breaker.succeeded(probe)
        await first.look()
        permit = await second.enter()
        assert permit is not None
        assert not permit.probe
        assert second.breaker.state is State.CLOSED


async def test_without_redis_each_process_has_a_probe_of_its_own(time):
    async with members_of(RedisSettings(url=NOBODY), time) as members:
        for member in members:
            permit = await member.enter()
            assert permit is not None
            member.breaker.failed(permit)
        time.advance(OPEN_S)
        for member in members:
            entered = await asyncio.gather(*[member.enter() for _ in range(10)])
            assert sum(permit is not None for permit in entered) == 1


async def test_an_operators_order_reaches_all_and_outlives_an_emptied_redis(redis_settings, time):
    async with members_of(redis_settings, time) as members:
        members[0].dependencies.force("tmdb", Mode.OPEN)
        await all_look(members)
        assert await members[2].enter() is None
        with redis_client.Redis.from_url(redis_settings.url) as client:
            client.delete(*client.keys(f"{redis_settings.key_prefix}*"))
        await members[1].look()
        async with members_of(redis_settings, time, 1) as (late,):
            await late.look()
            assert late.breaker.mode is Mode.OPEN
        time.advance(1)
        members[3].dependencies.force("tmdb", Mode.AUTO)
        await all_look([members[3], *members])
        assert [member.breaker.mode for member in members] == [Mode.AUTO] * 4
        assert [member.breaker.state for member in members] == [State.CLOSED] * 4


async def test_a_circuit_that_only_others_have_can_be_ordered_about_and_one_that_nobody_has_cannot(redis_settings, time):
    async with members_of(redis_settings, time, 1) as (member,):
        elsewhere = Dependencies(timing=time.timing)
        async with SharedBreakers(elsewhere, redis_settings.url, redis_settings.key_prefix) as shared:
            with pytest.raises(NotFound, match="tmbd"):
                elsewhere.force("tmbd", Mode.OPEN)
            assert elsewhere.force("tmdb", Mode.OPEN).calls is None
            await shared._look()
        await member.look()
        assert member.breaker.mode is Mode.OPEN


async def test_what_cannot_be_read_changes_nothing(redis_settings, time):
    async with members_of(redis_settings, time, 1) as (member,):
        with redis_client.Redis.from_url(redis_settings.url) as client:
            client.hset(f"{redis_settings.key_prefix}breakers", "tmdb", "{")
            client.hset(f"{redis_settings.key_prefix}breaker-modes", "tmdb", '{"mode": "ajar", "at_ms": 1}')
        await member.look()
        assert (member.breaker.state, member.breaker.mode) == (State.CLOSED, Mode.AUTO)
        assert member.shared.present


@pytest.fixture
def server(tmp_path) -> Iterator[KillableValkey]:
    with killable_valkey(tmp_path) as server:
        yield server


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)


async def test_redis_is_killed_and_comes_back_and_no_call_fails_for_it(server):
    dependencies = Dependencies()
    dependency = dependencies.dependency("tmdb", POLICY)
    answered = 0
    running = True

    async def well() -> None:
        await asyncio.sleep(0)

    async def calls() -> None:
        nonlocal answered
        while running:
            await dependency.call(well, repeatable=False)
            answered += 1

    async with SharedBreakers(dependencies, server.url, "x:") as shared:
        caller = asyncio.create_task(calls())
        await until(lambda: shared.present and answered > 100)
        server.kill()
        await until(lambda: not shared.present)
        before = answered
        await until(lambda: answered > before + 100)
        dependencies.force("tmdb", Mode.CLOSED)  # said while nobody hears it
        await asyncio.to_thread(server.start)
        await until(lambda: shared.present)
        before = answered
        await until(lambda: answered > before + 100)
        running = False
        await caller  # raises what a call raised
        with redis_client.Redis.from_url(server.url) as client:
            await until(lambda: b"closed" in (client.hget("x:breaker-modes", "tmdb") or b""))


async def test_a_probe_is_made_although_redis_dies_just_then(server, time):
    dependencies = Dependencies(timing=time.timing)
    dependency = dependencies.dependency("tmdb", POLICY)

    async def away() -> None:
        raise DependencyUnavailable("away")

    async def well() -> str:
        return "well"

    async with SharedBreakers(dependencies, server.url, "x:") as shared:
        with pytest.raises(DependencyUnavailable):
            await dependency.call(away, repeatable=False)
        assert str(dependency.breaker.state) == "open"
        assert shared._task
        shared._task.cancel()
        server.kill()
        time.advance(OPEN_S)
        assert await dependency.call(well, repeatable=False) == "well"
        assert str(dependency.breaker.state) == "closed"
        assert not shared.present
