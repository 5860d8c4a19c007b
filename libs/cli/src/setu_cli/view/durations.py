"""Durations and sizes as people read them."""

_MINUTE_S = 60
_HOUR_S = 3600
_KILO = 1000


def duration(seconds: float | None) -> str:
    """``1.2 s``, ``3 min 05 s``, ``2 h 10 min``; empty for None."""
    if seconds is None:
        return ""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min {int(seconds % _MINUTE_S):02d} s"
    return f"{int(seconds // _HOUR_S)} h {int(seconds % _HOUR_S // _MINUTE_S):02d} min"


def size(count_bytes: float) -> str:
    """``950 B``, ``1.2 MB``, ``3.4 GB``."""
    for unit in ("B", "kB", "MB"):
        if count_bytes < _KILO:
            return f"{count_bytes:.0f} {unit}" if unit == "B" else f"{count_bytes:.1f} {unit}"
        count_bytes /= _KILO
    return f"{count_bytes:.1f} GB"
