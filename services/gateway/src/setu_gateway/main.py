"""The gateway's API: ``python -m setu_gateway.main --host 127.0.0.1 --port 8080``."""

import argparse

from setu_common.observability import configure_logging
from setu_common.web import serve
from setu_gateway.app import SERVICE, make_app
from setu_gateway.settings import read_settings


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="Setu's gateway")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on; 0 takes a free one")
    arguments = parser.parse_args()
    settings = read_settings()
    configure_logging(settings.log, SERVICE)
    serve(make_app(settings), arguments.host, arguments.port)


if __name__ == "__main__":
    main()
