"""The gateway's second worker, which fetches recordings from URLs: ``python -m setu_gateway.fetch_worker``.

A process of its own, so that downloads, which may take an hour, hold up neither jobs nor subtitles.
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
