"""The API's process: ``python -m setu_translate.main --host 127.0.0.1 --port 8082``."""

import argparse
from collections.abc import Sequence

from setu_common.observability import configure_logging
from setu_common.web import serve
from setu_translate.app import SERVICE, create_api
from setu_translate.settings import read_settings, read_trust


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until told to stop."""
    parser = argparse.ArgumentParser(prog="setu_translate.main", description="Setu's translation API")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8082)
    options = parser.parse_args(arguments)
    settings = read_settings()
    configure_logging(settings.log, SERVICE)
    serve(create_api(settings, read_trust()), options.host, options.port)


if __name__ == "__main__":
    main()
