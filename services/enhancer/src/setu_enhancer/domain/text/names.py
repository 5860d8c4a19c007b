"""Names: the same one in another spelling, in another script, in another case. All services spell alike."""

from setu_common.spelling.names import SAME, is_named, key, likeness, named_in, romanised, sounds

__all__ = ["SAME", "is_named", "key", "likeness", "named_in", "romanised", "sounds"]
