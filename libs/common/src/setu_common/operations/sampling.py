"""What an attempt holds while it runs: memory and GPUs, looked at now and then by one thread of a worker's child.

The thread sleeps while nothing runs, and looks once per interval while something does. An attempt that is over sooner is known by the memory at
its beginning and its end.
"""

import os
import threading
from collections.abc import Callable

from setu_common.observability.processes import family, rss_bytes
from setu_common.operations.gpus import Gpus, find_gpus
from setu_common.settings import StageSettings


class Samples:
    """What was seen of one attempt; added to by the thread while the attempt's own reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rss_bytes: list[int] = []
        self._gpu_percents: list[float] = []
        self._gpu_bytes = 0

    def add(self, rss_bytes: int, gpu: tuple[float, int] | None = None) -> None:
        """Another moment: memory, and of GPUs, where it computes on any, use (percent) and memory."""
        with self._lock:
            self._rss_bytes.append(rss_bytes)
            if gpu is not None:
                self._gpu_percents.append(gpu[0])
                self._gpu_bytes = max(self._gpu_bytes, gpu[1])

    @property
    def mean_rss_bytes(self) -> int:
        """Of all moments."""
        with self._lock:
            return round(sum(self._rss_bytes) / len(self._rss_bytes))

    @property
    def peak_rss_bytes(self) -> int:
        """The most, processes below included, which the kernel's own count of the process leaves out."""
        with self._lock:
            return max(self._rss_bytes)

    @property
    def gpu_percent(self) -> float | None:
        """The mean; None where no GPU was computed on when it was looked at."""
        with self._lock:
            return sum(self._gpu_percents) / len(self._gpu_percents) if self._gpu_percents else None

    @property
    def peak_gpu_bytes(self) -> int | None:
        """The most; None as above."""
        with self._lock:
            return self._gpu_bytes if self._gpu_percents else None


class Sampler:
    """Looks at the attempts of a child, one after the other. Made after the fork: threads are not inherited.

    Args:
        settings: how often.
        gpus: finds this machine's; called by the thread, which alone asks them.
        pids: this process and those below it.
        held_bytes: the memory that a process holds.
    """

    def __init__(
        self,
        settings: StageSettings,
        *,
        gpus: Callable[[], Gpus | None] = find_gpus,
        pids: Callable[[], list[int]] | None = None,
        held_bytes: Callable[[int], int] | None = None,
    ) -> None:
        self._interval_s = settings.sampling_s
        self._find_gpus = gpus
        self._gpus: Gpus | None = None
        self._pids = pids or family
        self._held_bytes = held_bytes or rss_bytes
        self._at_hand: Samples | None = None
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self.thread = threading.Thread(target=self._run, name="sampling", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        self._wanted.set()
        self.thread.join()

    def begin(self) -> Samples:
        """An attempt begins."""
        samples = Samples()
        samples.add(self._held_bytes(os.getpid()))
        self._at_hand = samples
        if not self._wanted.is_set():  # between short attempts the thread is left asleep: waking it costs more than a look
            self._wanted.set()
        return samples

    def end(self, samples: Samples) -> None:
        """The attempt is over, and is looked at a last time."""
        self._at_hand = None
        samples.add(self._held_bytes(os.getpid()))

    def look(self) -> bool:
        """Look once at the attempt at hand.

        Returns:
            Whether there is one.
        """
        samples = self._at_hand
        if samples is None:
            return False
        pids = self._pids()
        gpu = self._gpus.look(pids) if self._gpus is not None else None
        samples.add(sum(map(self._held_bytes, pids)), (gpu.percent, gpu.used_bytes) if gpu is not None else None)
        return True

    def _run(self) -> None:
        self._gpus = self._find_gpus()
        while not self._closed.is_set():
            self._wanted.wait()
            self._closed.wait(self._interval_s)
            if not self.look():
                self._wanted.clear()
                if self._at_hand is not None:  # it began between the two
                    self._wanted.set()
