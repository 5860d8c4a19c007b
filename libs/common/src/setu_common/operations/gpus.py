"""How busy the GPU is that this process computes on, as NVIDIA's own library (NVML) tells it.

The library, ``nvidia-ml-py``, is the extra ``gpu``, and is imported only where there is a GPU. Whatever goes wrong with it, no work fails for it.
"""

import importlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

import structlog

log = structlog.get_logger()

_DRIVER: Final = Path("/dev/nvidiactl")
_COMPUTED_ON: Final = "/dev/nvidia-uvm"  # what CUDA opens, and who only looks does not


class Use(Protocol):
    """``gpu``: how much of the last moment it computed, percent."""

    gpu: int


class Memory(Protocol):
    """``used``: by all processes, bytes."""

    used: int


class Computing(Protocol):
    """A process that computes on a GPU, and how much of its memory it holds, bytes, where that can be told."""

    pid: int
    usedGpuMemory: int | None  # noqa: N815


class Nvml(Protocol):
    """What is used of ``nvidia-ml-py``, under the names that it has there."""

    @property
    def NVMLError(self) -> type[Exception]:  # noqa: N802
        """What it raises."""

    def nvmlInit(self) -> None:  # noqa: N802
        """Begin."""

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        """How many GPUs this process may see."""

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:  # noqa: N802
        """One of them."""

    def nvmlDeviceGetUtilizationRates(self, handle: object) -> Use:  # noqa: N802
        """How busy it is."""

    def nvmlDeviceGetMemoryInfo(self, handle: object) -> Memory:  # noqa: N802
        """How full it is."""

    def nvmlDeviceGetComputeRunningProcesses(self, handle: object) -> Sequence[Computing]:  # noqa: N802
        """Who computes on it."""


@dataclass(frozen=True)
class GpuSample:
    """A moment of the GPUs that a process computes on.

    Args:
        percent: how much they computed, of 100, whoever for; the mean where they are several.
        used_bytes: their memory that the process holds, or that is used where it can't be told who holds it.
    """

    percent: float
    used_bytes: int


class Gpus:
    """The GPUs of this machine.

    Args:
        nvml: the library.
        computing: whether this process computes on any of them; asked where the library does not know the process, as in a container, where
            it has another number.
    """

    def __init__(self, nvml: Nvml, computing: Callable[[], bool] | None = None) -> None:
        self._nvml = nvml
        self._computing = computing or _computes
        nvml.nvmlInit()
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]

    def look(self, pids: Collection[int]) -> GpuSample | None:
        """How those stand that some processes compute on; None if they compute on none, or it can't be told any more.

        Args:
            pids: this process, and those that it started.
        """
        try:
            return self._look(pids)
        except self._nvml.NVMLError as error:
            log.warning("gpu.not_told", reason=str(error))
            self._handles = []
            return None

    def _look(self, pids: Collection[int]) -> GpuSample | None:
        nvml = self._nvml
        held = {
            index: sum(each.usedGpuMemory or 0 for each in found)
            for index, handle in enumerate(self._handles)
            if (found := [each for each in nvml.nvmlDeviceGetComputeRunningProcesses(handle) if each.pid in pids])
        }
        if not held and self._handles and self._computing():
            held = {index: nvml.nvmlDeviceGetMemoryInfo(handle).used for index, handle in enumerate(self._handles)}
        if not held:
            return None
        percents = [nvml.nvmlDeviceGetUtilizationRates(self._handles[index]).gpu for index in held]
        return GpuSample(sum(percents) / len(percents), sum(held.values()))


def find_gpus() -> Gpus | None:
    """This machine's; None if it has none. After the fork: what the library opens is not to be inherited."""
    if not _DRIVER.exists():
        return None
    try:
        nvml = cast("Nvml", importlib.import_module("pynvml"))  # a module, whose functions bear those names
    except ImportError:
        log.warning("gpu.library_missing", wanted="setu-common[gpu]")
        return None
    try:
        return Gpus(nvml)
    except nvml.NVMLError as error:
        log.warning("gpu.not_told", reason=str(error))
        return None


def _computes() -> bool:
    try:
        return any(str(each.readlink()) == _COMPUTED_ON for each in Path("/proc/self/fd").iterdir())
    except OSError:  # one was closed meanwhile, or there is no such folder
        return False
