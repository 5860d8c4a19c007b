"""The API's process: ``python -m setu_asr.main --host 127.0.0.1 --port 8081``."""

from collections.abc import Sequence

from setu_asr.app import create_api
from setu_asr.settings import SERVICE, read_settings, read_trust
from setu_common.observability import configure_logging
from setu_common.observability.tracing import configure_tracing
from setu_common.web import address, serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until told to stop."""
    host, port = address("Setu's speech-to-text API", 8081, arguments)
    settings = read_settings()
    configure_logging(settings.core.log, SERVICE)
    configure_tracing(settings.core.tracing, SERVICE)
    serve(create_api(settings, read_trust()), host, port)


if __name__ == "__main__":
    main()
