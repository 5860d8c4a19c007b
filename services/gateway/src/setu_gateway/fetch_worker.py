"""The gateway's second worker: ``python -m setu_gateway.fetch_worker``.

It fetches recordings from URLs, puts subtitles into media, and tells webhooks. A process of its own, so that what may take an hour
holds up neither jobs nor subtitles.
"""

from setu_common.operations import run_worker
from setu_gateway.settings import read_settings
from setu_gateway.worker import fetcher_spec_of


def main() -> None:
    """Work until told to end."""
    settings = read_settings()
    run_worker(fetcher_spec_of(settings), settings.core)


if __name__ == "__main__":
    main()
