"""What ``make compose-test`` does: build, start, jobs, blows, workers that come and go, restarts; writes build/figures/compose-test.json."""

import signal
import sys
import tempfile
from pathlib import Path

from bench.figures import report

from composed.engine import CommandFailed, Composed, composed, left
from composed.trial import SETTINGS, Trial

LOG_LINES = "40"


def main() -> int:
    """Try all of it; 0 if every goal is met."""
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="setu-compose-") as name:
        folder = Path(name)
        with composed(folder, **SETTINGS) as project:
            trial = Trial(project, folder)
            try:
                trial.run()
            except BaseException:
                tell(project)
                raise
            volumes = project.volumes()
        trial.nothing_left(left(volumes))
    report("compose-test", trial.figures)
    return 0 if all(figure.holds for figure in trial.figures) else 1


def tell(project: Composed) -> None:
    """What there is to see of a project that failed."""
    for arguments in (("ps", "--all"), ("logs", "--no-color", "--tail", LOG_LINES)):
        try:
            sys.stderr.write(project.compose(*arguments))
        except CommandFailed as error:
            sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    sys.exit(main())
