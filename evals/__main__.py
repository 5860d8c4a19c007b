"""``python -m evals [target …]``: measure how good the results are, print tables, write build/figures/eval-<target>.json.

``python -m evals enhancer`` takes options as well: ``--help`` lists them.
"""

import importlib
import sys
from itertools import takewhile

from bench.figures import report

TARGETS = {
    "asr": "evals.asr",
    "translation": "evals.translation",
    "enhancer": "evals.enhancer.measuring",
    "optimizer": "evals.optimizer.measuring",
    "context": "evals.context.measuring",
}


def main(arguments: list[str]) -> None:
    """Measure the targets named, or all; options are the last one's."""
    names = list(takewhile(lambda each: not each.startswith("-"), arguments))
    options = arguments[len(names) :]
    for name in names or list(TARGETS):
        print(f"eval: {name} …", flush=True)
        module = importlib.import_module(TARGETS[name])
        report(f"eval-{name}", module.measure(options) if name == "enhancer" else module.measure())


if __name__ == "__main__":
    main(sys.argv[1:])
