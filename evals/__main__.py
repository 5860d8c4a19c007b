"""``python -m evals [target …]``: measure how good the results are, print tables, write build/figures/eval-<target>.json."""

import importlib
import sys

from bench.figures import report

TARGETS = ("asr", "translation")


def main(names: list[str]) -> None:
    """Measure the targets named, or all."""
    for name in names or list(TARGETS):
        print(f"eval: {name} …", flush=True)
        report(f"eval-{name}", importlib.import_module(f"evals.{name}").measure())


if __name__ == "__main__":
    main(sys.argv[1:])
