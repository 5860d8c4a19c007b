"""Starting the server that speaks S3, and its buckets."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setu_common.operations.death import die_with_parent


@dataclass(frozen=True)
class Server:
    """A server that speaks S3.

    Args:
        url: where it listens.
        environment: how programs of others find it, and who they are to it.
    """

    url: str
    environment: dict[str, str]

    def ask(self, order: str, **told: object) -> Any:  # Any: JSON
        """Have it do, or tell, something behind the wire: see ``bucketed.__main__``."""
        request = urllib.request.Request(f"{self.url}/_bed/{order}", data=json.dumps(told).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def fail(self, **fault: object) -> None:
        """Have requests fail: see ``Fault`` there."""
        self.ask("fault", **fault)

    def asked(self, method: str = "", query: str = "") -> list[dict[str, Any]]:
        """The requests that came since it was last calmed."""
        return [asked for asked in self.ask("asked") if method in ("", asked["method"]) and query in asked["query"]]


@contextmanager
def serving_s3() -> Iterator[Server]:
    """Run one for the time of the block."""
    parent = os.getpid()
    process = subprocess.Popen(
        [sys.executable, "-m", "bucketed"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 (one system call before the exec)
    )
    with process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Server(
                told["url"],
                {
                    "AWS_ENDPOINT_URL": told["url"],
                    "AWS_ACCESS_KEY_ID": told["access_key_id"],
                    "AWS_SECRET_ACCESS_KEY": told["secret_access_key"],
                    "AWS_REGION": "us-east-1",
                },
            )
        finally:
            process.kill()
