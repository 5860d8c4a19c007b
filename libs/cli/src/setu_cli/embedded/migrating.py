"""Brings schemas up to date, one after the other in one process: ``python -m setu_cli.embedded.migrating gateway asr``.

What services share is imported once, which takes longer than the schemas themselves.
"""

import sys
from collections.abc import Sequence
from importlib import import_module


def main(names: Sequence[str]) -> None:
    """Migrate the schemas of these services."""
    for name in names:
        import_module(f"setu_{name}.migrate").main()


if __name__ == "__main__":
    main(sys.argv[1:])
