"""What breakers of several processes know of each other, through Redis or Valkey. The only module here that imports its client.

Hints, never the truth: a process that can't reach Redis goes by itself, and no call waits for it but the one that would be the probe, and
that for a tenth of a second at most. Two hashes and a key per probe:

* ``…breakers``: by circuit, the last change of state that some process made: ``{"mark", "state", "until_ms"}`` in Redis' own time;
* ``…breaker-modes``: by circuit, what an operator wants: ``{"mode", "at_ms"}``;
* ``…breaker-probe:<name>``: who probes (``SET NX PX`` with a token); granted only to those who have seen the last change.

Every process reads both hashes four times a second and writes its own changes at once.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import structlog
from pydantic import BaseModel, TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from setu_common.http.breaker import Breaker, Lease, Mode
from setu_common.http.breaker_machine import State
from setu_common.http.dependencies import Dependencies, Elsewhere, Override

log = structlog.get_logger(__name__)

POLL_S: Final = 0.25
EXCHANGE_LIMIT_S: Final = 2.0
LEASE_LIMIT_S: Final = 0.1
LEASE_MARGIN_S: Final = 1.0
AWAY: Final = (RedisError, OSError, TimeoutError, UnicodeDecodeError)

# KEYS: the hash of states, the probe's key. ARGV: name, the record that the asker has seen last, token, milliseconds.
# Answers whether it is granted, the last record, the milliseconds that another has left, and the time (seconds, microseconds).
_LEASE: Final = """
local record = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local now = redis.call('TIME')
if record ~= ARGV[2] then return {0, record, 0, now} end
if redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) then return {1, record, 0, now} end
return {0, record, redis.call('PTTL', KEYS[2]), now}
"""
# KEYS: as above. ARGV: name, the new record or '', token.
_SETTLE: Final = """
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
"""


_OVERRIDE: Final = TypeAdapter(Override)


class _Said(BaseModel):
    """A change of state, as the hash holds it. The mark tells it from any other."""

    mark: str
    state: State
    until_ms: int


class SharedBreakers:
    """Shares a process's circuits for as long as its block lasts.

    Args:
        dependencies: the process's.
        url: of Redis or Valkey.
        key_prefix: put before every key.
    """

    def __init__(self, dependencies: Dependencies, url: str, key_prefix: str) -> None:
        self._dependencies = dependencies
        # No socket_timeout: with one, the client sends through asyncio.wait_for, which loses a cancellation now and then (Python 3.11).
        # What is asked has limits here.
        self._redis: Redis = Redis.from_url(
            url, decode_responses=True, socket_timeout=None, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0)
        )
        self._states = f"{key_prefix}breakers"
        self._modes = f"{key_prefix}breaker-modes"
        self._probes = f"{key_prefix}breaker-probe:"
        self._token = secrets.token_hex(8)
        self._lease_script = self._redis.register_script(_LEASE)
        self._settle_script = self._redis.register_script(_SETTLE)
        self._seen: dict[str, str] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._present: bool | None = None
        self._server_ahead_s = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def present(self) -> bool:
        """Whether Redis answered when last asked."""
        return bool(self._present)

    async def __aenter__(self) -> Self:
        """Begin: look once at what is known, without insisting."""
        await self._look()
        self._dependencies.sharing = self
        self._task = asyncio.create_task(self._run(), name="shared-breakers")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the process goes by itself from then on."""
        self._dependencies.sharing = None
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(*AWAY):
            await self._redis.aclose()

    def changed(self, name: str) -> None:
        """Tell the others soon."""
        self._dirty.add(name)
        self._wake.set()

    async def announce(self) -> None:
        """Tell the others now, without insisting."""
        async with self._looking:
            await self._look()

    async def lease(self, name: str, limit_s: float) -> Lease:
        """Ask for the one probe of all processes."""
        if not self._present:
            return Lease(granted=True)
        milliseconds = int((limit_s + LEASE_MARGIN_S) * 1000)
        try:
            async with asyncio.timeout(LEASE_LIMIT_S):
                granted, record, left_ms, (seconds, microseconds) = await self._lease_script(
                    keys=[self._states, self._probes + name],
                    args=[name, self._seen.get(name, ""), self._token, milliseconds],
                )
        except AWAY as error:
            self._away(error)
            return Lease(granted=True)
        if granted:
            return Lease(granted=True)
        self._set_clock(int(seconds), int(microseconds))
        breaker = self._dependencies.breakers.get(name)
        if breaker is not None and record != self._seen.get(name, ""):
            self._take_state(breaker, record)
            return Lease(granted=False)  # at once again, if that was no news
        return Lease(granted=False, wait_s=min(max(left_ms, 0) / 1000, 1.0))

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()
            self._wake.clear()
            await self.announce()

    async def _look(self) -> None:
        telling = set(self._dirty)
        try:
            async with asyncio.timeout(EXCHANGE_LIMIT_S):
                await self._exchange(telling)
        except AWAY as error:
            self._away(error)
            return
        if not self._present:
            log.info("breakers.shared")
            self._present = True

    async def _exchange(self, telling: set[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._states)
            pipe.hgetall(self._modes)
            pipe.time()
            states, modes, (seconds, microseconds) = await pipe.execute()
        self._set_clock(seconds, microseconds)
        self._dependencies.learn({name: self._elsewhere(name, record) for name, record in states.items()})
        for name, record in modes.items():
            if (override := _override(record)) is not None:
                self._dependencies.take_override(name, override)
        breakers = self._dependencies.breakers
        for name, breaker in breakers.items():
            if name not in states:  # new, or Redis was emptied
                telling.add(name)
                self._seen.pop(name, None)
            elif name not in telling and name not in self._dirty:
                self._take_state(breaker, states[name])
        for name in sorted(telling):
            await self._tell(name, breakers.get(name))
            await self._tell_mode(name, modes)

    def _take_state(self, breaker: Breaker, record: str) -> None:
        if record == self._seen.get(breaker.name, ""):
            return
        self._seen[breaker.name] = record
        if not record:
            return
        said = _said(record)
        if said is None:
            log.warning("breakers.unreadable", breaker=breaker.name)
            return
        if said.state is State.OPEN:
            breaker.adopt_open(said.until_ms / 1000 - self._server_s())
        else:
            breaker.adopt_closed()

    def _elsewhere(self, name: str, record: str) -> Elsewhere | None:
        if name in self._dependencies.breakers:  # its own circuit says how it stands
            return None
        said = _said(record)
        return Elsewhere(said.state, said.until_ms / 1000 - self._server_ahead_s) if said is not None else None

    async def _tell(self, name: str, breaker: Breaker | None) -> None:
        """Write the state as it is by now; a probe that is under way is not told of, its lease is."""
        record = ""
        if breaker is not None and breaker.mode is Mode.AUTO and breaker.state is not State.HALF_OPEN:
            until_ms = int((self._server_s() + (breaker.open_for_s or 0.0)) * 1000)
            record = _Said(mark=secrets.token_hex(6), state=breaker.state, until_ms=until_ms).model_dump_json()
        self._dirty.discard(name)
        try:
            if record or (breaker is not None and not breaker.probing):
                await self._settle_script(keys=[self._states, self._probes + name], args=[name, record, self._token])
        except BaseException:
            self._dirty.add(name)
            raise
        if record:
            self._seen[name] = record

    async def _tell_mode(self, name: str, known: Mapping[str, str]) -> None:
        mine = self._dependencies.overrides.get(name)
        theirs = _override(known[name]) if name in known else None
        if mine is not None and (theirs is None or theirs.at_ms < mine.at_ms):
            await self._redis.hset(self._modes, name, _OVERRIDE.dump_json(mine).decode())

    def _set_clock(self, seconds: int, microseconds: int) -> None:
        self._server_ahead_s = seconds + microseconds / 1e6 - self._dependencies.timing.monotonic()

    def _server_s(self) -> float:
        return self._dependencies.timing.monotonic() + self._server_ahead_s

    def _away(self, error: BaseException) -> None:
        if self._present is not False:
            log.warning("breakers.alone", reason=f"{type(error).__name__}: {error}")
        self._present = False


def _said(record: str) -> _Said | None:
    try:
        return _Said.model_validate_json(record)
    except ValidationError:
        return None


def _override(record: str) -> Override | None:
    try:
        return _OVERRIDE.validate_json(record)
    except ValidationError:
        log.warning("breakers.unreadable")
        return None
