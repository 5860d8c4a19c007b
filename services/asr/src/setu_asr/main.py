"""The API's process: ``python -m setu_asr.main --host 127.0.0.1 --port 8081``."""

import argparse
from collections.abc import Sequence

from setu_asr.app import SERVICE, create_api
from setu_asr.settings import read_settings, read_trust
from setu_common.observability import configure_logging
from setu_common.web import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until told to stop."""
    parser = argparse.ArgumentParser(prog="setu_asr.main", description="Setu's speech-to-text API")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    options = parser.parse_args(arguments)
    settings = read_settings()
    configure_logging(settings.log, SERVICE)
    serve(create_api(settings, read_trust()), options.host, options.port)


if __name__ == "__main__":
    main()
