"""How many recordings a worker takes at once, and with how many threads each."""

import os

from setu_asr.settings import read_settings
from setu_asr.worker import Installed, concurrency_of, specify

CORES = len(os.sched_getaffinity(0))


def test_on_a_processor_there_is_a_process_a_core_as_long_as_memory_lasts(monkeypatch):
    monkeypatch.setattr("setu_asr.worker._free_bytes", lambda: 10**12)
    assert specify(read_settings()).concurrency == CORES
    monkeypatch.setattr("setu_asr.worker._free_bytes", lambda: 10**9)
    assert specify(read_settings()).concurrency == 1


def test_a_larger_model_leaves_room_for_fewer_processes(monkeypatch):
    monkeypatch.setattr("setu_asr.worker._free_bytes", lambda: 4 * 10**9)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(8)))
    few = read_settings()
    assert concurrency_of(few) == 2
    monkeypatch.setenv("SETU_ASR_MODEL", "whisper-large-v3")
    assert concurrency_of(read_settings()) == 1


def test_a_graphics_processor_is_not_shared_and_settings_have_the_last_word(monkeypatch):
    monkeypatch.setenv("SETU_ASR_DEVICE", "cuda")
    assert concurrency_of(read_settings()) == 1
    monkeypatch.setenv("SETU_WORKER_CONCURRENCY", "3")
    assert concurrency_of(read_settings()) == 3


def test_processes_share_the_cores_unless_the_settings_say_how_many_threads(monkeypatch):
    recognition = read_settings().recognition
    assert Installed(recognition, CORES)._cpu_threads == 1
    assert Installed(recognition, 1)._cpu_threads == CORES
    monkeypatch.setenv("SETU_ASR_CPU_THREADS", "7")
    assert Installed(read_settings().recognition, 2)._cpu_threads == 7
