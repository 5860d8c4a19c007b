"""Running an app until the process is told to end."""

import argparse
import errno
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from setu_common.starting import settle
from setu_common.web.problems import PROBLEM_MEDIA_TYPE, MalformedRequest

log = structlog.get_logger(__name__)

SHUTDOWN_GRACE_S: Final = 10
# Longer than any client of ours keeps an idle connection: who closes first must be the one who knows that nothing is under way.
KEEP_ALIVE_S: Final = 75
EXIT_PORT_TAKEN: Final = 3


def serve(app: FastAPI | Callable[[], FastAPI], host: str, port: int, *, shutdown_grace_s: int = SHUTDOWN_GRACE_S) -> None:
    """Serve until SIGTERM or SIGINT; then let requests end for a while, end event streams at once, and return.

    Call ``configure_logging`` before: the server's own lines go the same way, and there is no line per request.

    Args:
        app: the app, or what makes it.
        host: the address to listen on.
        port: the port; 0 takes a free one, which the log names.
        shutdown_grace_s: how long requests under way may still take.
    """
    listener = _listen(host, port)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _exit_cleanly)
    whole = app if isinstance(app, FastAPI) else app()
    config = uvicorn.Config(
        whole,
        http=_Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=shutdown_grace_s,
    )
    _Server(config, whole).run(sockets=[listener])


class _Protocol(HttpToolsProtocol):
    """Says in our own form that it can't make sense of what it got."""

    def send_400_response(self, msg: str) -> None:
        """Answer with a problem and hang up."""
        body = MalformedRequest(f"{msg} Speak HTTP/1.1, with plain characters in path and headers.").problem().model_dump_json()
        head = (
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"
            f"content-type: {PROBLEM_MEDIA_TYPE}\r\ncontent-length: {len(body.encode())}\r\n\r\n"
        )
        self.transport.write(f"{head}{body}".encode())
        self.transport.close()


def address(description: str, default_port: int, arguments: Sequence[str] | None = None) -> tuple[str, int]:
    """Where to listen, as the command line says: ``--host``, ``--port``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=default_port, help="port; 0 takes a free one (default: %(default)s)")
    options = parser.parse_args(arguments)
    return options.host, options.port


class _Server(uvicorn.Server):
    """Tells those who wait that the process is about to end, before uvicorn waits for them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        settle()
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            log.info("server.listening", host=host, port=port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, once those under way have ended or their time is up."""
        log.info("server.stopping")
        self._app.state.closing.set()
        await super().shutdown(sockets)
        log.info("server.stopped")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = "is in use by another program" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
        sys.stderr.write(f"Port {port} on {host} {reason}. Stop that program, or choose another port with --port.\n")
        sys.exit(EXIT_PORT_TAKEN)
    return listener


def _exit_cleanly(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
