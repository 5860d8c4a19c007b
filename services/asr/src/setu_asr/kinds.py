"""What the asr service is asked for, and what is written with its end."""

from collections.abc import Mapping
from typing import Final

from setu_asr.parts import forgotten
from setu_common.contracts import PROFILES, SPEECH_TRANSLATIONS, TRANSCRIPTIONS
from setu_common.operations import Settled

KINDS: Final = (PROFILES, TRANSCRIPTIONS, SPEECH_TRANSLATIONS)
SETTLED: Final[Mapping[str, Settled]] = {TRANSCRIPTIONS.name: forgotten}
