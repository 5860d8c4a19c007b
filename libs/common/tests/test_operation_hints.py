"""Hints go to the broker off the caller's path, and nobody is harmed when there is none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from structlog.testing import capture_logs

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.valkey import ValkeyServer, prepare_valkey
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Hints
from setu_common.operations import broker as broker_module
from setu_common.operations.broker import LOOK, WAKE, Broker, make_app
from setu_common.settings import RedisSettings

SILENCE_S = 60.0
AT_ONCE_S = SILENCE_S / 3
"""Sooner than anyone who waits for a silent broker goes on, however busy the machine is."""


@pytest.fixture
def nowhere() -> RedisSettings:
    """An address where nobody listens."""
    return RedisSettings(url="redis://127.0.0.1:1/0", key_prefix="test:")


def waiting(settings: RedisSettings, queue: str) -> int:
    broker = Broker(settings)
    try:
        return broker.waiting(queue)
    finally:
        broker.close()


@contextmanager
def running(server: ValkeyServer) -> Iterator[None]:
    with Guarded(server.folder / "guardian.log") as guarded:
        guarded.start_ready(server.server(), server.ready, timeout_s=20)
        yield


def wait_until(condition: Callable[[], bool], within_s: float = 15) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.02)


def test_closing_sends_what_is_pending(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    for _ in range(5):
        hints.look("near")
    hints.look("far")
    hints.wake("pipeline", UUID(int=1))
    hints.wake("pipeline", UUID(int=2))
    hints.close()

    assert [waiting(redis_settings, queue) for queue in ("near", "far", "pipeline", "other")] == [5, 1, 2, 0]


def test_hints_go_out_by_themselves(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    hints.look("near")
    wait_until(lambda: waiting(redis_settings, "near") == 1)
    hints.close()


def test_a_flood_of_hints_is_cut_to_what_workers_can_make_use_of(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    for _ in range(5000):
        hints.look("near")
    hints.close()

    assert 1 <= waiting(redis_settings, "near") <= 500


def test_hints_that_nobody_takes_do_not_pile_up(redis_settings: RedisSettings):
    for _ in range(3):
        hints = Hints(redis_settings)
        for _ in range(30):
            hints.look("near")
        hints.close()

    assert waiting(redis_settings, "near") == 32


def test_one_can_go_on_after_closing(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    hints.look("near")
    hints.close()
    hints.look("near")
    hints.close()
    hints.close()

    assert waiting(redis_settings, "near") == 2


def test_keys_of_two_stacks_on_one_server_stay_apart(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    hints.look("near")
    hints.close()

    assert waiting(redis_settings.model_copy(update={"key_prefix": "test-other:"}), "near") == 0


def test_a_message_says_nothing_but_where_to_look(redis_settings: RedisSettings):
    hints = Hints(redis_settings)
    hints.look("near")
    hints.close()
    with redis.Redis.from_url(redis_settings.url) as client:
        [key] = client.scan_iter(f"{redis_settings.key_prefix}near*")
        [message] = client.lrange(key, 0, -1)

    assert b"setu.look" in message
    assert b"errors" not in message
    assert len(message) < 1500


def test_wake_ups_go_before_the_hints_that_came_earlier(redis_settings: RedisSettings):
    broker = Broker(redis_settings)
    for number in range(3):
        broker.look("near")
        broker.wake("near", UUID(int=number))
    taken: list[str] = []
    with make_app("test", redis_settings).connection_for_read() as connection, connection.SimpleQueue("near") as queue:
        while len(taken) < 6:
            message = queue.get(timeout=5)
            taken.append(message.headers["task"])
            message.ack()
    assert broker.waiting("near") == 0
    broker.close()
    assert taken == [WAKE] * 3 + [LOOK] * 3


def test_however_many_wake_ups_lie_in_a_queue_there_is_a_hint_to_look_beside_them(redis_settings: RedisSettings):
    broker = Broker(redis_settings)
    for number in range(3):
        broker.wake("near", UUID(int=number))
    for _ in range(3):
        broker.look("near", 2, enough=3)
    assert broker.waiting("near") == 3 + 3
    broker.close()


def test_a_broker_that_is_away_neither_blocks_nor_fails_anyone(nowhere: RedisSettings, monkeypatch: pytest.MonkeyPatch):
    send, askers = Broker._send, set[threading.Thread]()

    def sending(*arguments: Any) -> None:  # Any: handed through
        askers.add(threading.current_thread())
        send(*arguments)

    monkeypatch.setattr(Broker, "_send", sending)
    hints = Hints(nowhere)
    with capture_logs() as logs:
        for _ in range(1000):
            hints.look("near")
        hints.wake("pipeline", UUID(int=1))
        hints.close()

    assert len(askers) == 1
    assert threading.current_thread() not in askers
    assert "hints.lost" in [entry["event"] for entry in logs]


def test_a_broker_that_takes_connections_and_says_nothing_does_not_block_its_callers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(broker_module, "_SOCKET_TIMEOUT_S", SILENCE_S)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hints = Hints(RedisSettings(url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", key_prefix="test:"))
        began = time.monotonic()
        hints.look("near")
        looked_s = time.monotonic() - began
        hints.close(timeout_s=0.1)
        closed_s = time.monotonic() - began

    assert looked_s < AT_ONCE_S
    assert closed_s < AT_ONCE_S


def test_hints_flow_again_when_the_broker_is_back(tmp_path: Path):
    """What was to be sent meanwhile is lost, which is what hints are for."""
    server = prepare_valkey(tmp_path)
    settings = RedisSettings(url=server.url, key_prefix="test:")
    hints = Hints(settings)
    with running(server):
        hints.look("near")
        wait_until(lambda: waiting(settings, "near") == 1)
    with capture_logs() as logs:
        hints.look("near")
        wait_until(lambda: "hints.lost" in [entry["event"] for entry in logs])
    with running(server):
        hints.look("far")
        wait_until(lambda: waiting(settings, "far") == 1)
        hints.close()


def test_hints_flow_again_when_the_broker_had_no_room_and_has_some(tmp_path: Path):
    server = prepare_valkey(tmp_path)
    settings = RedisSettings(url=server.url, key_prefix="test:")
    hints = Hints(settings)
    with running(server), redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory", 1)
        with capture_logs() as logs:
            hints.look("near")
            wait_until(lambda: "hints.lost" in [entry["event"] for entry in logs])
        client.config_set("maxmemory", 0)
        hints.look("far")
        wait_until(lambda: waiting(settings, "far") == 1)
        hints.close()


def test_a_broker_that_is_away_is_soon_named_as_what_is_missing(nowhere: RedisSettings):
    broker = Broker(nowhere)
    began = time.monotonic()
    for ask in (lambda: broker.look("near"), lambda: broker.wake("near", UUID(int=1)), lambda: broker.waiting("near")):
        with pytest.raises(DependencyUnavailable):
            ask()

    assert time.monotonic() - began < 12, "the watch over children waits for this"
    broker.close()
