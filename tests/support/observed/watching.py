"""A Prometheus of a test's own, which watches a stack as the deployed one would, but every two seconds."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import yaml

from observed.asked import PROMETHEUS, Json
from setu_cli.embedded.ports import free_port
from setu_common.operations.death import die_with_parent
from testbed.tools import tool
from toystack.watching import eventually

START_S = 30.0
STOP_S = 10.0


@dataclass
class Watcher:
    """A Prometheus that runs.

    Args:
        http: a client on it.
    """

    http: httpx2.Client

    def asked(self, expr: str) -> list[Json]:
        """What an expression gives now.

        Raises:
            AssertionError: it is none.
        """
        answer = self.http.post("/api/v1/query", data={"query": expr}).json()
        assert answer["status"] == "success", f"{answer.get('error')}: {expr}"
        result = answer["data"]["result"]
        return result if isinstance(result, list) else [result]

    def value(self, expr: str) -> float:
        """What an expression of one series gives; 0 if there is none."""
        found = self.asked(expr)
        return float(found[0]["value"][1]) if found else 0.0

    def names(self) -> set[str]:
        """All metrics that it has seen."""
        return set(self.http.get("/api/v1/label/__name__/values").json()["data"])

    def series(self) -> list[dict[str, str]]:
        """All series that it has seen, by their labels."""
        found: list[dict[str, str]] = self.http.get("/api/v1/series", params={"match[]": '{__name__=~".+"}'}).json()["data"]
        return found

    def down(self) -> list[str]:
        """Who does not answer it, and why."""
        targets = self.http.get("/api/v1/targets", params={"state": "active"}).json()["data"]["activeTargets"]
        return [f"{each['labels']['job']}: {each['lastError']}" for each in targets if each["health"] != "up"]


@contextmanager
def watching(targets: Path, folder: Path) -> Iterator[Watcher]:
    """Have Prometheus ask what a file names, by the rules that are deployed, for the time of the block.

    Args:
        targets: as ``setu status --prometheus`` writes it.
        folder: where it keeps what it has seen.
    """
    configuration = {
        "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"},
        "rule_files": [str(PROMETHEUS / name) for name in ("recording.yml", "alerts.yml")],
        "scrape_configs": [{"job_name": "setu", "file_sd_configs": [{"files": [str(targets)]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    port, parent = free_port(), os.getpid()
    command = [
        tool("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "prometheus.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command,
            stdout=written,
            stderr=written,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 (one system call before the exec)
        ) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as client,
    ):
        try:
            assert eventually(lambda: _ready(client), START_S), log.read_text()
            yield Watcher(client)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            finally:
                process.kill()


def _ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx2.TransportError:
        return False
