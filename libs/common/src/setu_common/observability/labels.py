"""Values of labels that come from outside: only so many are told apart, so that there are never series without end."""

from typing import Final

MOST_NAMES: Final = 64
OTHER: Final = "other"


class BoundedNames:
    """The first ``most`` names are told as they are, all later ones as ``other``.

    Args:
        most: how many are told apart.
    """

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        """What a name is called in a label."""
        if name not in self._known and len(self._known) < self._most:
            self._known.add(name)
        return name if name in self._known else OTHER
