"""``python -m bench [target …]``: measure, print tables, write build/figures/."""

import importlib
import sys

from bench.figures import report

TARGETS = ("calls", "providers", "operations", "gateway", "pipeline", "asr", "enhancer", "trends", "reports", "dashboard")


def main(names: list[str]) -> None:
    """Measure the targets named, or all."""
    for name in names or list(TARGETS):
        print(f"bench: {name} …", flush=True)
        report(name, importlib.import_module(f"bench.{name}").measure())


if __name__ == "__main__":
    main(sys.argv[1:])
