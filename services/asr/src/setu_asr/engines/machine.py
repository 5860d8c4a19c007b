"""What this machine is, and what it can compute with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

from setu_asr.domain.calibration import Machine

LIBRARIES: Final = ("ctranslate2", "faster-whisper")


def this_machine(device: str, threads: int) -> Machine:
    """What times depend on.

    Args:
        device: "cpu" or "cuda".
        threads: of one recognition.
    """
    return Machine(
        processor=_processor() if device == "cpu" else _graphics(),
        cores=len(os.sched_getaffinity(0)),
        threads=threads,
        device=device,
        libraries=tuple(f"{name} {version(name)}" for name in LIBRARIES),
    )


def compute_types(device: str) -> list[str]:
    """The numbers that the device computes with, in order of their names."""
    import ctranslate2  # noqa: PLC0415  brings threads that must not be forked

    return sorted(ctranslate2.get_supported_compute_types(device))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _graphics() -> str:
    """The driver's list of devices; empty where it keeps none."""
    found = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    models = [line.partition(":")[2].strip() for path in found for line in path.read_text().splitlines() if "Model" in line]
    return ", ".join(models)
