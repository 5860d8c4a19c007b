"""What a worker's processes hold together, told by their parent."""

from collections.abc import Iterable
from contextlib import suppress

import psutil
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Household(Collector):
    """``setu_worker_processes``, ``setu_worker_resident_memory_bytes``: of this process and of all that it started, as of now."""

    def collect(self) -> Iterable[Metric]:
        """Look at them."""
        parent = psutil.Process()
        sizes = []
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    sizes.append(process.memory_info().rss)
        yield GaugeMetricFamily("setu_worker_processes", "Processes of a worker", value=len(sizes))
        yield GaugeMetricFamily("setu_worker_resident_memory_bytes", "Memory of a worker's processes", value=sum(sizes))
