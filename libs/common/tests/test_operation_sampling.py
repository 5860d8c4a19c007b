"""Attempts are looked at while they run: memory of all their processes, and the GPUs that they compute on."""

# ruff: noqa: N802 (the library's own names)

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from setu_common.observability.processes import family, rss_bytes
from setu_common.operations import gpus
from setu_common.operations.gpus import Gpus, find_gpus
from setu_common.operations.sampling import Sampler
from setu_common.settings import StageSettings

ME = os.getpid()
OFTEN = StageSettings(sampling_s=0.005)
SELDOM = StageSettings(sampling_s=3600)


class NvmlFailed(Exception):
    pass


@dataclass
class Use:
    gpu: int


@dataclass
class Memory:
    used: int


@dataclass
class Computing:
    pid: int
    usedGpuMemory: int | None  # noqa: N815


@dataclass
class FakeNvml:
    """The library on a machine with GPUs: how busy each is, how full, and who computes on it."""

    uses: list[int]
    full: list[int]
    computing: dict[int, list[Computing]] = field(default_factory=dict)
    lost: bool = False
    NVMLError = NvmlFailed

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetCount(self) -> int:
        return len(self.uses)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:
        return f"gpu-{index}"

    def nvmlDeviceGetUtilizationRates(self, handle: object) -> Use:
        return Use(self.uses[index_of(handle)])

    def nvmlDeviceGetMemoryInfo(self, handle: object) -> Memory:
        return Memory(self.full[index_of(handle)])

    def nvmlDeviceGetComputeRunningProcesses(self, handle: object) -> list[Computing]:
        if self.lost:
            raise NvmlFailed("GPU is lost")
        return self.computing.get(index_of(handle), [])


def index_of(handle: object) -> int:
    return int(str(handle).removeprefix("gpu-"))


def sampler(held: dict[int, int], *, settings: StageSettings = SELDOM, nvml: FakeNvml | None = None) -> Sampler:
    made = Sampler(settings, gpus=lambda: None, pids=lambda: sorted(held), held_bytes=lambda pid: held[pid])
    made._gpus = Gpus(nvml, lambda: False) if nvml is not None else None
    return made


def test_the_mean_is_of_all_looks_and_the_peak_has_the_processes_below_in_it():
    held = {ME: 100}
    looking = sampler(held)
    samples = looking.begin()
    held |= {ME: 300, ME + 1: 400}
    assert looking.look()
    held.pop(ME + 1)
    looking.end(samples)
    assert samples.mean_rss_bytes == round((100 + 700 + 300) / 3)
    assert samples.peak_rss_bytes == 700
    assert (samples.gpu_percent, samples.peak_gpu_bytes) == (None, None)


def test_attempts_one_after_the_other_are_known_apart_and_nothing_is_looked_at_between_them():
    held = {ME: 100}
    looking = sampler(held)
    first = looking.begin()
    looking.end(first)
    assert not looking.look()
    held[ME] = 900
    second = looking.begin()
    looking.look()
    looking.end(second)
    assert (first.mean_rss_bytes, second.mean_rss_bytes) == (100, 900)


def test_the_thread_looks_while_an_attempt_runs_and_sleeps_when_none_does():
    looks = threading.Semaphore(0)

    def pids() -> list[int]:
        looks.release()
        return [ME]

    looking = Sampler(OFTEN, gpus=lambda: None, pids=pids)
    looking.start()
    try:
        for _ in range(2):
            samples = looking.begin()
            for _ in range(3):
                assert looks.acquire(timeout=10)
            looking.end(samples)
            until_asleep(looking)
            while looks.acquire(blocking=False):
                pass
            assert samples.mean_rss_bytes > 1_000_000
    finally:
        looking.close()


def until_asleep(looking: Sampler) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if not looking._wanted.is_set():
            return
        pause.wait(0.005)
    raise AssertionError("it goes on looking")


def test_processes_below_are_found_and_those_below_them():
    script = (
        "import os, subprocess, sys; print(os.getpid(), flush=True);"
        " subprocess.run([sys.executable, '-c', 'import os; print(os.getpid(), flush=True); input()'])"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        started = [int(child.stdout.readline()) for _ in range(2)]
        assert started[0] == child.pid
        assert family()[0] == ME
        # Beside servers of other tests, whose own processes come and go.
        assert [pid for pid in family() if pid in started] == started
        assert all(rss_bytes(pid) > 1_000_000 for pid in started)
        child.stdin.close()
        child.wait()
    assert not set(family()) & set(started)
    assert rss_bytes(child.pid) == 0


def test_the_gpu_that_this_process_computes_on_is_told_and_no_other():
    nvml = FakeNvml(
        uses=[97, 40], full=[9000, 5000], computing={0: [Computing(1, 9000)], 1: [Computing(ME, 3000), Computing(2, 7)]}
    )
    looking = sampler({ME: 1}, nvml=nvml)
    samples = looking.begin()
    looking.look()
    nvml.uses[1], nvml.computing[1] = 60, [Computing(ME, 1000)]
    looking.look()
    assert samples.gpu_percent == 50
    assert samples.peak_gpu_bytes == 3000


def test_in_a_container_where_processes_have_other_numbers_the_gpus_as_a_whole_are_told():
    nvml = FakeNvml(uses=[80, 20], full=[4000, 2000], computing={0: [Computing(31_337, 4000)]})
    told = Gpus(nvml, computing=lambda: True).look([ME])
    assert told is not None
    assert (told.percent, told.used_bytes) == (50, 6000)
    assert Gpus(nvml, computing=lambda: False).look([ME]) is None


def test_a_gpu_that_is_lost_is_not_asked_again_and_no_attempt_fails_for_it():
    nvml = FakeNvml(uses=[50], full=[1], computing={0: [Computing(ME, None)]})
    looking = sampler({ME: 1}, nvml=nvml)
    samples = looking.begin()
    looking.look()
    nvml.lost = True
    looking.look()
    nvml.lost, nvml.uses = False, [100]
    looking.look()
    assert (samples.gpu_percent, samples.peak_gpu_bytes) == (50, 0)


def test_where_there_is_no_gpu_the_library_is_not_even_imported(monkeypatch, tmp_path):
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "pynvml", None)  # to import it would fail
    assert find_gpus() is None


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has a GPU")
def test_the_real_library_says_that_there_is_no_driver_and_that_is_taken_as_no_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path)
    assert find_gpus() is None


def test_a_gpu_without_the_library_is_not_told_of(monkeypatch, tmp_path):
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_gpus() is None
