"""The gateway's API: ``python -m setu_gateway.main --host 127.0.0.1 --port 8080``."""

from setu_common.observability import configure_logging
from setu_common.web import address, serve
from setu_gateway.app import make_app
from setu_gateway.settings import SERVICE, read_settings


def main() -> None:
    """Serve until told to end."""
    host, port = address("Setu's gateway", 8080)
    settings = read_settings()
    configure_logging(settings.core.log, SERVICE)
    serve(make_app(settings), host, port)


if __name__ == "__main__":
    main()
