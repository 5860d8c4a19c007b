"""A cable to a server that can be pulled: a TCP relay on loopback."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cable:
    """Relays connections to ``port`` while plugged in; pulled, it ends them all and takes no others."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._connections: list[socket.socket] = []
        self._plugged = threading.Event()
        self._plugged.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """End all connections and take no others."""
        self._plugged.clear()
        connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def plug_in(self) -> None:
        """Take connections again."""
        self._plugged.set()

    def close(self) -> None:
        """Pull it for good."""
        self.pull()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._plugged.is_set():
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._connections += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_relay, args=(source, sink), daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cable_to(port: int) -> Iterator[Cable]:
    """A cable for as long as the block lasts."""
    cable = Cable(port)
    try:
        yield cable
    finally:
        cable.close()
