"""What a worker's processes hold together, told by their parent."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from setu_common.observability.processes import family, rss_bytes


class Household(Collector):
    """``setu_worker_processes``, ``setu_worker_resident_memory_bytes``: of this process and of all that it started, as of now."""

    def collect(self) -> Iterable[Metric]:
        """Look at them. One that has ended and was not collected yet holds nothing."""
        sizes = [size for size in map(rss_bytes, family()) if size]
        yield GaugeMetricFamily("setu_worker_processes", "Processes of a worker", value=len(sizes))
        yield GaugeMetricFamily("setu_worker_resident_memory_bytes", "Memory of a worker's processes", value=sum(sizes))
