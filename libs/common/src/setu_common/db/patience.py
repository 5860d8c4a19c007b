"""Connections that neither trust a dead peer nor wait for a silent one."""

import select
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

ResultT = TypeVar("ResultT")
Row = tuple[Any, ...]  # Any: rows hold what was selected


class _Patience:
    """How long a connection waits for one answer; None is for ever.

    The server ends statements that take too long. This is for a server that does not even do that: stopped, or behind a broken link.
    """

    patience_s: float | None = None


class PatientConnection(_Patience, psycopg.Connection[Row]):
    """A connection that is closed when the server stays silent."""

    def wait(self, gen: PQGen[ResultT], interval: float = 0.1, timeout: float | None = None) -> ResultT:
        """Wait for the server's next answer.

        Raises:
            psycopg.OperationalError: when patience is at an end.
        """
        try:
            return super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  driver's own way to say so; there is no public name
            self.pgconn.finish()
            raise


class PatientAsyncConnection(_Patience, psycopg.AsyncConnection[Row]):
    """The same for event loops."""

    async def wait(  # the driver's own signature
        self,
        gen: PQGen[ResultT],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> ResultT:
        """Wait for the server's next answer.

        Raises:
            psycopg.OperationalError: when patience is at an end.
        """
        try:
            return await super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  driver's own way to say so; there is no public name
            self.pgconn.finish()
            raise


def has_hung_up(connection: psycopg.AsyncConnection[Row]) -> bool:
    """Whether an idle connection's server said goodbye: an idle server says nothing else.

    It asks this machine's kernel and not the server, so it costs microseconds.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN | select.POLLPRI)
    return bool(poll.poll(0))
