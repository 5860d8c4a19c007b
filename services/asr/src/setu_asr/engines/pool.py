"""Loaded models: shared while in use, kept for a while after, then dropped."""

import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from setu_asr.engines.recogniser import ModelKey, Recogniser

log = structlog.get_logger()


@dataclass
class _Held:
    """One model: being loaded, in use, or idle."""

    loading: threading.Lock = field(default_factory=threading.Lock)
    recogniser: Recogniser | None = None
    users: int = 0
    used_at: float = 0.0
    dismissal: threading.Timer | None = None


class PoolObserver(Protocol):
    """Told what becomes of models: it must be quick and must not raise."""

    def leased(self, model: str, outcome: str) -> None:
        """A model is used: ``hit``, it was in memory; ``load``, it had to be loaded; ``failed``, it could not be."""

    def loaded(self, model: str, took_s: float) -> None:
        """A model came into memory."""

    def dropped(self, model: str) -> None:
        """A model left it."""


class _Nobody:
    def leased(self, model: str, outcome: str) -> None:
        """See ``PoolObserver``."""

    def loaded(self, model: str, took_s: float) -> None:
        """See ``PoolObserver``."""

    def dropped(self, model: str) -> None:
        """See ``PoolObserver``."""


class RecogniserPool:
    """Loads each model once, however many threads want it.

    Args:
        idle_ttl_s: a model that nobody used for so long is dropped.
        capacity: models kept at once; idle ones make room for a new one, those in use don't.
        clock: monotonic seconds.
        beside: names of models so small that they are kept beside these, and make no room for any.
        observer: told what becomes of models.
    """

    def __init__(
        self,
        idle_ttl_s: float,
        capacity: int,
        clock: Callable[[], float] = time.monotonic,
        beside: Container[str] = (),
        observer: PoolObserver | None = None,
    ) -> None:
        self._idle_ttl_s = idle_ttl_s
        self._capacity = capacity
        self._clock = clock
        self._beside = beside
        self._observer: PoolObserver = observer or _Nobody()
        self._lock = threading.Lock()
        self._held: dict[ModelKey, _Held] = {}

    @contextmanager
    def lease(
        self, key: ModelKey, load: Callable[[], Recogniser], loaded: Callable[[float], None] = lambda _took_s: None
    ) -> Iterator[Recogniser]:
        """Use a model; it stays loaded at least as long. Blocks while it loads.

        Args:
            key: which one.
            load: loads it.
            loaded: told how long that took, seconds, if it was not in memory already.
        """
        held = self._take(key)
        try:
            with held.loading:
                if held.recogniser is not None:
                    self._observer.leased(key.model, "hit")
                else:
                    began = self._clock()
                    held.recogniser = self._loaded(key, load)
                    took_s = self._clock() - began
                    self._observer.loaded(key.model, took_s)
                    loaded(took_s)
                    log.info("model.loaded", model=key.model, compute_type=key.compute_type, duration_s=round(took_s, 3))
            yield held.recogniser
        finally:
            self._give_back(key, held)

    def loaded(self) -> tuple[ModelKey, ...]:
        """The models in memory, the longest unused first."""
        with self._lock:
            order = sorted(self._held.items(), key=lambda item: item[1].used_at)
            return tuple(key for key, held in order if held.recogniser is not None)

    def close(self) -> None:
        """Drop what is idle, and each other model as soon as nobody uses it."""
        with self._lock:
            self._idle_ttl_s = 0.0
            for key in [key for key, held in self._held.items() if held.users == 0]:
                self._drop(key)

    def _loaded(self, key: ModelKey, load: Callable[[], Recogniser]) -> Recogniser:
        outcome = "failed"
        try:
            recogniser = load()
            outcome = "load"
        finally:
            self._observer.leased(key.model, outcome)
        return recogniser

    def _take(self, key: ModelKey) -> _Held:
        with self._lock:
            held = self._held.get(key)
            if held is None:
                if key.model not in self._beside:
                    self._make_room()
                held = self._held[key] = _Held()
            if held.dismissal is not None:
                held.dismissal.cancel()
                held.dismissal = None
            held.users += 1
            held.used_at = self._clock()
            return held

    def _give_back(self, key: ModelKey, held: _Held) -> None:
        with self._lock:
            held.users -= 1
            held.used_at = self._clock()
            if held.users:
                return
            if held.recogniser is None or self._idle_ttl_s <= 0:
                self._drop(key)
                return
            held.dismissal = threading.Timer(self._idle_ttl_s, self._dismiss, (key, held))
            held.dismissal.daemon = True
            held.dismissal.start()

    def _dismiss(self, key: ModelKey, held: _Held) -> None:
        with self._lock:
            if self._held.get(key) is held and held.users == 0:
                self._drop(key)

    def _make_room(self) -> None:
        counted = [(key, held) for key, held in self._held.items() if key.model not in self._beside]
        idle = sorted((held.used_at, key.model, key) for key, held in counted if held.users == 0)
        for _, _, key in idle[: max(0, len(counted) - self._capacity + 1)]:
            self._drop(key)

    def _drop(self, key: ModelKey) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            if held.dismissal is not None:
                held.dismissal.cancel()
            if held.recogniser is not None:
                self._observer.dropped(key.model)
            log.info("model.dropped", model=key.model, compute_type=key.compute_type)
