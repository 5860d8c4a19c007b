"""Celery, and nothing else, lives here: hints travel through it. The one module that imports it.

A hint says "there is work in this queue", a wake-up "look at this job again". Both may be lost or doubled: the tables are the truth.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from celery import Celery, signals
from celery.platforms import SecurityWarning
from kombu.exceptions import OperationalError

from setu_common.errors import DependencyUnavailable
from setu_common.settings import RedisSettings

LOOK: Final = "setu.look"
WAKE: Final = "setu.wake"
# Whoever takes a hint to look goes on claiming for a while, whoever takes a wake-up claims once: wake-ups go first, or what they are about
# would get its turn only after all that waits already. 0 is the highest.
_PRIORITIES: Final = {WAKE: 0, LOOK: 9}

_SOCKET_TIMEOUT_S: Final = 3.0


def make_app(name: str, settings: RedisSettings) -> Celery:
    """A Celery app that sends and takes hints: early acknowledgement, one at a time, no results, no remote control."""
    app = Celery(name, broker=settings.url, set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": settings.key_prefix,
            "socket_timeout": _SOCKET_TIMEOUT_S,
            "socket_connect_timeout": _SOCKET_TIMEOUT_S,
            "socket_keepalive": True,
            "retry_on_timeout": False,
            "health_check_interval": 10,
        },
        enable_utc=True,
        task_acks_late=False,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_store_errors_even_if_ignored=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=60,
    )
    return app


class Broker:
    """Sends hints; counts those that wait. One a process: connections do not survive a fork."""

    def __init__(self, settings: RedisSettings) -> None:
        self._app = make_app("setu.hints", settings)
        # Else every call to a broker that is away takes 6 s: the default is to go on trying to connect, 2 s and 4 s later.
        self._app.conf.broker_transport_options["max_retries"] = 0
        # What the transport's client library raises when the server is away; known to kombu alone.
        self._errors: tuple[type[Exception], ...] = (
            OperationalError,
            OSError,
            *self._app.connection_for_write().connection_errors,
        )

    def look(self, queue: str, count: int = 1, *, enough: int | None = None) -> None:
        """Tell the workers of a queue that there is work.

        Args:
            queue: its name.
            count: how many hints to send.
            enough: no more are sent than make so many lie in the queue, beside wake-ups; None: all of them.

        Raises:
            DependencyUnavailable: the broker is away.
        """
        self._send(LOOK, [queue], queue, count, enough)

    def wake(self, queue: str, job_id: UUID) -> None:
        """Tell the workers of a queue that something a job waits for is over.

        Raises:
            DependencyUnavailable: the broker is away.
        """
        self._send(WAKE, [queue, str(job_id)], queue)

    def waiting(self, queue: str) -> int:
        """How many hints lie in a queue.

        Raises:
            DependencyUnavailable: the broker is away.
        """
        try:
            with self._app.connection_for_read() as connection:
                return int(connection.default_channel.queue_declare(queue).message_count)
        except self._errors as error:
            raise _away() from error

    def close(self) -> None:
        """Drop the connections."""
        self._app.close()

    def _send(self, task: str, args: list[str], queue: str, count: int = 1, enough: int | None = None) -> None:
        try:
            with self._app.producer_pool.acquire(block=True, timeout=_SOCKET_TIMEOUT_S) as producer:
                if enough is not None:
                    channel = producer.connection.default_channel
                    wakes = int(channel.client.llen(queue))  # the list of the highest priority has the queue's own name
                    count = min(count, enough - int(channel.queue_declare(queue).message_count) + wakes)
                for _ in range(count):
                    self._app.send_task(
                        task,
                        args=args,
                        queue=queue,
                        producer=producer,
                        retry=False,
                        ignore_result=True,
                        priority=_PRIORITIES[task],
                    )
        except self._errors as error:
            raise _away() from error


def _away() -> DependencyUnavailable:
    return DependencyUnavailable("The message broker does not answer; queued work goes on when it is back.", retry_after_s=2.0)


def run_consumer(
    settings: RedisSettings,
    *,
    name: str,
    queues: tuple[str, ...],
    concurrency: int,
    hard_limit_s: float,
    tasks: Mapping[str, Callable[..., None]],
    on_parent_ready: Callable[[], None],
    on_parent_stopping: Callable[[], None],
    on_child_start: Callable[[], None],
    on_child_stop: Callable[[], None],
) -> None:
    """Consume hints in prefork children until told to stop. Blocks; the caller is the parent.

    Args:
        settings: the broker.
        name: shown in logs.
        queues: the queues to consume.
        concurrency: how many children.
        hard_limit_s: a child that takes longer over one hint is killed; stands behind the deadlines of operations.
        tasks: what to do with a hint, by name; run in the children.
        on_parent_ready: called in the parent once the consumers are up.
        on_parent_stopping: called in the parent when a shutdown begins.
        on_child_start: called in each child after the fork.
        on_child_stop: called in each child that ends orderly.
    """
    app = make_app(name, settings)
    for task_name, run in tasks.items():
        app.task(run, name=task_name, shared=False)
    app.conf.task_time_limit = hard_limit_s

    # The process's own logging is set up already; and running as root in a container is no danger where messages are JSON hints.
    signals.setup_logging.connect(_calling(lambda: None), weak=False)
    warnings.simplefilter("ignore", SecurityWarning)
    # weak=False: the closures would be collected otherwise.
    signals.worker_ready.connect(_calling(on_parent_ready), weak=False)
    signals.worker_shutting_down.connect(_calling(on_parent_stopping), weak=False)
    signals.worker_process_init.connect(_calling(on_child_start), weak=False)
    signals.worker_process_shutdown.connect(_calling(on_child_stop), weak=False)
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--concurrency={concurrency}",
            f"--queues={','.join(queues)}",
            f"--hostname={name}@%h",
            "--pool=prefork",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=WARNING",
            "-O",
            "fair",
        ]
    )


def _calling(function: Callable[[], None]) -> Callable[..., None]:
    def receiver(**_: object) -> None:
        function()

    return receiver
