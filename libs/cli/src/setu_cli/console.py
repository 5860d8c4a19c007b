"""Where words go: results to standard output, everything else to standard error."""

import os
import sys
from typing import TextIO

from rich.console import Console

_WIDTH_OF_NO_TERMINAL = 140


def _console(stream: TextIO, *, stderr: bool) -> Console:
    """A console as wide as its terminal; into a file or a pipe wide enough that tables stay whole."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_NO_TERMINAL
    return Console(stderr=stderr, highlight=False, width=width)


OUT = _console(sys.stdout, stderr=False)
ERR = _console(sys.stderr, stderr=True)
