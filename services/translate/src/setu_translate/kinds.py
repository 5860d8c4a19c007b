"""What the translate service is asked for."""

from typing import Final

from setu_common.contracts import TRANSLATIONS

KINDS: Final = (TRANSLATIONS,)
