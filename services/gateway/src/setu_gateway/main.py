"""The gateway's API: ``python -m setu_gateway.main --host 127.0.0.1 --port 8080``."""

import sys
from typing import Final

from setu_common.observability import configure_logging
from setu_common.observability.tracing import configure_tracing
from setu_common.web import address, serve
from setu_gateway.app import make_app
from setu_gateway.settings import SERVICE, read_settings

EXIT_NOT_GUARDED: Final = 4
_SWITCH_S: Final = 0.0005
"""For how long the event loop may keep threads from beginning. By Python's own 5 ms, the pieces of an upload were hashed and written only when
the next had come; measured, an upload takes a seventh less time so."""


def main() -> None:
    """Serve until told to end."""
    host, port = address("Setu's gateway", 8080)
    settings = read_settings()
    try:
        settings.edge.demand_guarded(host)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_NOT_GUARDED)
    sys.setswitchinterval(_SWITCH_S)
    configure_logging(settings.core.log, SERVICE)
    configure_tracing(settings.core.tracing, SERVICE)
    serve(make_app(settings), host, port)


if __name__ == "__main__":
    main()
