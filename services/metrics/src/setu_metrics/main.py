"""The API's process: ``python -m setu_metrics.main --host 127.0.0.1 --port 8083``."""

from collections.abc import Sequence

from setu_common.observability import configure_logging
from setu_common.observability.tracing import configure_tracing
from setu_common.web import address, serve
from setu_metrics.app import create_api
from setu_metrics.settings import SERVICE, read_settings, read_trust


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until told to stop."""
    host, port = address("Setu's metrics API", 8083, arguments)
    settings = read_settings()
    configure_logging(settings.log, SERVICE)
    configure_tracing(settings.tracing, SERVICE)
    serve(create_api(settings, read_trust()), host, port)


if __name__ == "__main__":
    main()
