"""Where words go: results to standard output, everything else to standard error."""

from rich.console import Console

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)
