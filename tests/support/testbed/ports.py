"""Ports of the servers of tests: each process of a test run takes them from a part of its own.

A port is chosen seconds before something listens on it, on a whole stack half a minute before. Processes that choose from the same ones
choose the same one in a few runs of a hundred.
"""

from collections.abc import Mapping

from setu_cli.embedded import ports


def keep_apart(environment: Mapping[str, str]) -> None:
    """Have this process, which begins, take free ports from its part of them.

    Args:
        environment: where pytest-xdist says which process of how many this one is.
    """
    ports._FIRST, ports._LAST = part_of(environment, ports._FIRST, min(ports._LAST, ports._first_outgoing_port() - 1))


def part_of(environment: Mapping[str, str], first: int, last: int) -> tuple[int, int]:
    """Which of the ports from ``first`` to ``last`` a process may take: the first and the last of them; all, where there is no other."""
    count = int(environment.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(environment.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    size = (last + 1 - first) // count
    return first + number * size, first + (number + 1) * size - 1
