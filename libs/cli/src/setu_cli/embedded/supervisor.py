"""Keeps a stack up: starts its processes in order, side by side where it can, and starts again what ends.

It decides; the guardian acts (see there). Everything ends with the supervisor, however that ends.
"""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from signal import Signals

from pydantic import SecretStr

from setu_cli.embedded import logfiles
from setu_cli.embedded.guarded import Event, last_words, spawn_guardian
from setu_cli.embedded.home import Home, HomeLock
from setu_cli.embedded.identity import own_identity
from setu_cli.embedded.launch import START_FORKSERVER, stop_line
from setu_cli.embedded.leftovers import end_adopted, end_leftovers
from setu_cli.embedded.settling import adopt_orphans
from setu_cli.embedded.stack import Process, Stack, log_of
from setu_cli.embedded.state import ProcessStage, ProcessState, StackState, forget_state, save_state
from setu_cli.failures import StackFailed

Report = Callable[[StackState], None]
_START_ATTEMPTS = 3
_BACKOFF_BASE_S = 0.5
_BACKOFF_CAP_S = 30.0
_HEALTHY_AFTER_S = 60.0
_QUICK_PROBES_S = 2.0
_PROBE_EVERY_S = (0.05, 0.2)
_NOTE_AFTER_S = 3.0
TEND_EVERY_S = 10.0


@dataclass
class _Keeping:
    """What the supervisor remembers of one process."""

    process: Process
    state: ProcessState
    was_ready: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Future[Event] | None = None
    ended: asyncio.Future[Event] | None = None
    stuck_checks: int = 0


class Supervisor:
    """Keeps one stack up.

    Args:
        stack: what to run.
        home: where logs and state go.
        lock: the right to run a stack there; handed on to the guardian, and released when everything is gone.
        report: called with each change, on the event loop.
        tend_every_s: how often logs are bounded and workers are checked for hanging.
    """

    def __init__(self, stack: Stack, home: Home, lock: HomeLock, report: Report, *, tend_every_s: float = TEND_EVERY_S) -> None:
        self._tend_every_s = tend_every_s
        self._stack = stack
        self._home = home
        self._lock = lock
        self._report = report
        self._kept = {
            process.name: _Keeping(
                process,
                ProcessState(name=process.name, port=process.port, metrics_port=process.metrics_port, log=str(log_of(process))),
            )
            for process in stack.processes
        }
        self._identity = own_identity()
        self._started_at = datetime.now(UTC)
        self._clock_at_start = time.monotonic()
        self._ready = False
        self._guardian_gone = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def state(self) -> StackState:
        """A snapshot."""
        return StackState(
            supervisor_pid=self._identity.pid,
            supervisor_started=self._identity.started,
            started_at=self._started_at,
            ready=self._ready,
            gateway_url=self._stack.gateway_url,
            service_token=SecretStr(self._stack.service_token),
            database_url=SecretStr(self._stack.database_url),
            redis_url=SecretStr(self._stack.redis_url),
            models=self._stack.models,
            processes=tuple(kept.state for kept in self._kept.values()),
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[StackState]:
        """Run the stack for the time of a ``with`` block, which begins when everything is ready.

        Raises:
            StackFailed: something could not be started, or the guardian was lost. Nothing is left running.
        """
        for kept in self._kept.values():
            logfiles.rotate(log_of(kept.process))
        adopt_orphans()  # should the guardian be killed
        ours, theirs = socket.socketpair()
        with theirs:
            guardian = spawn_guardian(theirs, log=self._home.log("guardian"), holds=(self._lock.descriptor,))
        reader, self._writer = await asyncio.open_connection(sock=ours)
        if self._stack.forkserver is not None:
            self._writer.write(self._stack.forkserver.to_line(START_FORKSERVER))
        self._changed()
        listening = asyncio.create_task(self._listen(reader))
        self._keepers = [asyncio.create_task(self._keep(kept)) for kept in self._kept.values()]
        tasks = (*self._keepers, asyncio.create_task(self._tend()))
        try:
            await self._until_ready()
            yield self.state
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop(guardian, listening)

    async def until_lost(self) -> None:
        """Wait until the stack can't be kept up any more; normally for ever.

        Raises:
            StackFailed: why.
        """
        await self._or_lost(self._guardian_gone.wait())

    async def _until_ready(self) -> None:
        await self._or_lost(self._everything_ready())
        self._ready = True
        self._changed()

    async def _or_lost(self, waited_for: Coroutine[None, None, object]) -> None:
        """Wait for something, or for a process that can't be kept, or for the end of the guardian."""
        wanted = asyncio.create_task(waited_for)
        gone = asyncio.create_task(self._guardian_gone.wait())
        waiting = {wanted, gone, *self._keepers}
        try:
            while not wanted.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # a process that could not be started raises here
                if gone.done():
                    log = self._home.log("guardian")
                    raise StackFailed(f"the stack's guardian was killed, so everything has been stopped; see {log}")
        finally:
            wanted.cancel()
            gone.cancel()
            await asyncio.gather(wanted, gone, return_exceptions=True)

    async def _everything_ready(self) -> None:
        for kept in self._kept.values():
            await kept.was_ready.wait()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Take in what the guardian reports, until it is gone."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                event = Event.from_line(line)
                kept = self._kept.get(event.name)
                if kept is not None:
                    self._take_in(kept, event)
        self._guardian_gone.set()

    def _take_in(self, kept: _Keeping, event: Event) -> None:
        if event.event in ("started", "refused") and kept.begun is not None and not kept.begun.done():
            kept.begun.set_result(event)
            if event.event == "started":
                self._change(kept, pid=event.pid, started=event.started)
        elif event.event == "ended" and kept.ended is not None and not kept.ended.done():
            kept.ended.set_result(event)
            self._change(kept, stage=ProcessStage.STOPPED, note=_how(event))

    async def _keep(self, kept: _Keeping) -> None:
        """Keep one process running; returns only for one that runs once."""
        for name in kept.process.needs:
            await self._kept[name].was_ready.wait()
        attempt = 0
        while True:
            why = await self._start(kept)
            if why is None:
                ready_at = time.monotonic()
                self._now_ready(kept)
                if kept.process.probe is None:
                    return
                why = await self._until_ended(kept)
                attempt = 0 if time.monotonic() - ready_at > _HEALTHY_AFTER_S else attempt
            attempt += 1
            given_up = not kept.was_ready.is_set() and attempt >= _START_ATTEMPTS
            if given_up and kept.process.essential:
                self._change(kept, stage=ProcessStage.FAILED, note=why)
                raise StackFailed(f"{kept.process.name} could not be started: it {why}; {last_words(log_of(kept.process))}")
            self._change(kept, stage=ProcessStage.RESTARTING, note=why, restarts=kept.state.restarts + 1)
            if given_up:
                kept.was_ready.set()  # nobody waits for it any longer
            await asyncio.sleep(min(_BACKOFF_CAP_S, _BACKOFF_BASE_S * 2 ** (attempt - 1)))

    async def _start(self, kept: _Keeping) -> str | None:
        """Start the process and wait until it is ready. Returns None then, or else what went wrong."""
        loop = asyncio.get_running_loop()
        kept.begun, kept.ended = loop.create_future(), loop.create_future()
        if kept.process.probe is not None:
            kept.process.probe.reset()
        kept.stuck_checks = 0
        self._change(kept, stage=ProcessStage.STARTING, note="")
        self._writer.write(kept.process.launch.to_line())
        begun = await kept.begun
        if begun.event == "refused":
            return f"was refused by the system ({begun.error})"
        if kept.process.probe is None:
            return await self._until_done(kept)
        return await self._until_probed(kept, begun.pid)

    async def _until_done(self, kept: _Keeping) -> str | None:
        ended = await _within(kept.ended, kept.process.ready_timeout_s)
        if ended is not None:
            return None if ended.code == 0 else _how(ended)
        await self._stop_one(kept)
        return f"took longer than {kept.process.ready_timeout_s:.0f} s"

    async def _until_probed(self, kept: _Keeping, pid: int) -> str | None:
        begun_at = time.monotonic()
        while (waited_s := time.monotonic() - begun_at) < kept.process.ready_timeout_s:
            if kept.process.probe is not None and await kept.process.probe.ready(pid):
                return None
            ended = await _within(kept.ended, _PROBE_EVERY_S[waited_s > _QUICK_PROBES_S])
            if ended is not None:
                return _how(ended)
            if waited_s > _NOTE_AFTER_S:
                self._change(kept, note=logfiles.last_line(log_of(kept.process))[:200])
        await self._stop_one(kept)
        return f"was not ready after {kept.process.ready_timeout_s:.0f} s"

    async def _until_ended(self, kept: _Keeping) -> str:
        ended = await _within(kept.ended, None)
        return _how(ended) if ended is not None else ""

    async def _stop_one(self, kept: _Keeping) -> None:
        self._writer.write(stop_line(kept.process.name))
        await self._until_ended(kept)

    def _now_ready(self, kept: _Keeping) -> None:
        done = kept.process.probe is None
        after_s = kept.state.ready_after_s
        if after_s is None:
            after_s = time.monotonic() - self._clock_at_start
        self._change(kept, stage=ProcessStage.DONE if done else ProcessStage.READY, note="", ready_after_s=round(after_s, 2))
        kept.was_ready.set()

    async def _tend(self) -> None:
        """Now and then: bound the logs, and end workers that hang, so that they are started again."""
        while True:
            await asyncio.sleep(self._tend_every_s)
            for kept in self._kept.values():
                logfiles.bound(log_of(kept.process))
                self._check_stuck(kept)

    def _check_stuck(self, kept: _Keeping) -> None:
        probe = kept.process.probe
        if kept.state.stage is not ProcessStage.READY or probe is None or not probe.stuck():
            kept.stuck_checks = 0
            return
        kept.stuck_checks += 1
        if kept.stuck_checks > 1:  # twice in a row: after a machine has slept, everything looks stuck for a moment
            self._change(kept, note="stopped doing its work; it is being restarted")
            self._writer.write(stop_line(kept.process.name))

    async def _stop(self, guardian: subprocess.Popen[bytes], listening: asyncio.Task[None]) -> None:
        """Have the guardian stop everything, and wait until nothing is left."""
        for kept in self._kept.values():
            if kept.state.stage in (ProcessStage.STARTING, ProcessStage.READY):
                kept.state = kept.state.model_copy(update={"note": "stopping"})
        self._changed()
        with contextlib.suppress(OSError):
            self._writer.write_eof()
        await listening
        code = await asyncio.to_thread(guardian.wait)
        self._writer.close()
        if code != 0:  # it was killed: its processes have had a signal from the kernel, and may need more
            known = [identity for kept in self._kept.values() if (identity := kept.state.identity) is not None]
            await asyncio.to_thread(end_leftovers, known)
            end_adopted()
        forget_state(self._home)
        self._lock.release()

    def _change(self, kept: _Keeping, **fields: object) -> None:
        changed = kept.state.model_copy(update=fields)
        if changed != kept.state:
            kept.state = changed
            self._changed()

    def _changed(self) -> None:
        state = self.state
        save_state(self._home, state)
        self._report(state)


async def _within(future: asyncio.Future[Event] | None, timeout_s: float | None) -> Event | None:
    """The event, or None when it has not happened in time. The future is left as it is."""
    if future is None:
        return None
    done, _ = await asyncio.wait({future}, timeout=timeout_s)
    return future.result() if done else None


def _how(ended: Event) -> str:
    if ended.code is not None and ended.code < 0:
        return f"was ended by {Signals(-ended.code).name}"
    return f"ended with code {ended.code}"
