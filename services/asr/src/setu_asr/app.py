"""The asr service's API."""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI

from setu_asr.parts import forgotten
from setu_asr.settings import SERVICE, AsrSettings
from setu_common.contracts import PROFILES, SPEECH_TRANSLATIONS, TRANSCRIPTIONS
from setu_common.operations import Settled, operations_api
from setu_common.settings import TrustSettings

VERSION: Final = "1"
KINDS: Final = (PROFILES, TRANSCRIPTIONS, SPEECH_TRANSLATIONS)
SETTLED: Final[Mapping[str, Settled]] = {TRANSCRIPTIONS.name: forgotten}


def create_api(settings: AsrSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; workers do them."""
    return operations_api(service=SERVICE, version=VERSION, kinds=KINDS, settings=settings.core, trust=trust, settled=SETTLED)
