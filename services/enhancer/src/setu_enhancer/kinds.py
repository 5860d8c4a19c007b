"""What the enhancer service is asked for."""

from typing import Final

from setu_common.contracts import ENHANCEMENTS, QUALITY_SCORES

KINDS: Final = (ENHANCEMENTS, QUALITY_SCORES)
