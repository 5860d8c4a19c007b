"""``python -m bench [target …]``: measure, print tables, write build/figures/.

``python -m bench fanout`` and ``python -m bench gateway`` take options as well: ``--help`` lists them. ``fanout`` and ``tenants`` take ten minutes and more, so
that they are measured where they are named.
"""

import importlib
import sys
from itertools import takewhile

from bench.figures import report

TARGETS = (
    "calls",
    "providers",
    "operations",
    "gateway",
    "pipeline",
    "asr",
    "enhancer",
    "trends",
    "reports",
    "dashboard",
    "queued",
)
WITH_OPTIONS = frozenset({"fanout", "gateway"})


def main(arguments: list[str]) -> None:
    """Measure the targets named, or all; options are the last one's."""
    names = list(takewhile(lambda each: not each.startswith("-"), arguments))
    options = arguments[len(names) :]
    for name in names or list(TARGETS):
        print(f"bench: {name} …", flush=True)
        measure = importlib.import_module(f"bench.{name}").measure
        report(name, measure(options) if name in WITH_OPTIONS else measure())


if __name__ == "__main__":
    main(sys.argv[1:])
