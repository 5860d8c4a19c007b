"""An outside world under a test's control: what is asked and what is connected to is recorded, and nothing is really reached."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from setu_common.http.pinning import AsyncNetworkStream, ConnectError

Answer = Sequence[str] | Sequence[Sequence[str]]


class RecordingResolver:
    """Answers from a table.

    Args:
        names: by name, its addresses; or a list of lists, one for each time that it is asked, the last one from then on.

    Attributes:
        asked: the names, in order.
    """

    def __init__(self, names: Mapping[str, Answer]) -> None:
        self.asked: list[str] = []
        self._names = names

    async def resolve(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002  the Protocol's signature
        """The addresses of a name."""
        self.asked.append(host)
        answers = self._names.get(host, ())
        if answers and not isinstance(answers[0], str):
            turn = min(self.asked.count(host), len(answers)) - 1
            return tuple(answers[turn])
        return tuple(str(answer) for answer in answers)


class RecordingConnector:
    """Connects to nothing; plays answers.

    Args:
        play: the raw HTTP answer for a request's first bytes; None: nobody listens anywhere.

    Attributes:
        connected: address and port of each connection that was asked for.
        sent: the first bytes of each request.
        server_names: what TLS was told that the server is called.
    """

    def __init__(self, play: Callable[[bytes], bytes] | None = None) -> None:
        self.connected: list[tuple[str, int]] = []
        self.sent: list[bytes] = []
        self.server_names: list[str | None] = []
        self._play = play

    async def connect(self, address: IPv4Address | IPv6Address, port: int, timeout_s: float) -> AsyncNetworkStream:  # noqa: ARG002
        """A connection that plays, or none."""
        self.connected.append((str(address), port))
        if self._play is None:
            raise ConnectError("nobody listens")
        return _Played(self, self._play)


class _Played(AsyncNetworkStream):
    def __init__(self, connector: RecordingConnector, play: Callable[[bytes], bytes]) -> None:
        self._connector = connector
        self._play = play
        self._request = b""
        self._answered = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  (the stream's own signature)
        if not self._request:
            self._connector.sent.append(buffer)
        self._request += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        if self._answered:
            return b""
        self._answered = True
        return self._play(self._request)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> AsyncNetworkStream:
        self._connector.server_names.append(server_hostname)
        return self

    async def aclose(self) -> None:
        self._answered = True

    def get_extra_info(self, info: str) -> None:  # noqa: ARG002
        return None
