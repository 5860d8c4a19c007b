"""Days, or weeks where there are too many of them to be told apart."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MOST_DAYS: Final = 92
_WEEK: Final = 7


@dataclass(frozen=True)
class Periods:
    """Days of a time in a row, or its weeks from Monday to Sunday.

    Args:
        since: its first day.
        until: its last day.
    """

    since: date
    until: date

    @property
    def weekly(self) -> bool:
        """Whether they are weeks."""
        return (self.until - self.since).days >= MOST_DAYS

    @property
    def unit(self) -> str:
        """What one of them is."""
        return "week" if self.weekly else "day"

    @property
    def first(self) -> date:
        """When the first begins."""
        return self.since - timedelta(days=self.since.weekday()) if self.weekly else self.since

    def __len__(self) -> int:
        return self.place(self.until) + 1

    def place(self, day: date) -> int:
        """In which of them a day lies, from 0."""
        return (day - self.first).days // self._days

    def at(self, day: date) -> float:
        """Where a day lies among them, in parts of one."""
        return (day - self.first).days / self._days

    def name(self, place: int) -> str:
        """The day on which it begins, such as ``28 Oct``."""
        day = self.first + timedelta(days=place * self._days)
        return f"{day.day} {day:%b}"

    def named(self, most: int) -> list[int]:
        """So many of them at most, evenly, the last among them."""
        step = -(-len(self) // most)
        return list(range(len(self) - 1, -1, -step))[::-1]

    @property
    def _days(self) -> int:
        return _WEEK if self.weekly else 1
