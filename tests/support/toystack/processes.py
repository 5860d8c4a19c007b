"""The processes of a toy stack: ``python -m toystack.processes api PORT``."""

import http.server
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

# Two children such as no orderly process leaves behind: one deaf to SIGTERM in the worker's group, one that went its own way.
DEAF: Final = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"


class Ready(http.server.BaseHTTPRequestHandler):
    """Answers anything with 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def api(port: str) -> None:
    http.server.HTTPServer(("127.0.0.1", int(port)), Ready).serve_forever()


def worker() -> None:
    subprocess.Popen([sys.executable, "-c", DEAF])
    subprocess.Popen([sys.executable, "-c", DEAF], start_new_session=True)
    pathlib.Path("environment").write_text("\n".join(os.environ))
    pathlib.Path(os.environ["SETU_WORKER_READY_FILE"]).touch()
    signal.pause()


def fail(why: str) -> None:
    sys.exit(why)


def succeed() -> None:
    """Nothing is to be done."""


DONE: Final[Mapping[str, Callable[..., None]]] = {"api": api, "worker": worker, "fail": fail, "succeed": succeed}

if __name__ == "__main__":
    DONE[sys.argv[1]](*sys.argv[2:])
