"""Names in Devanagari, and in the scripts that Unicode lays out like it, as they are written in English. All services spell alike."""

from setu_common.spelling.devanagari import NUKTA, RUN, is_brahmic, latin

__all__ = ["NUKTA", "RUN", "is_brahmic", "latin"]
