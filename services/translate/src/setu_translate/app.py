"""The translate service's API."""

from typing import Final

from fastapi import FastAPI

from setu_common.operations.api import operations_api
from setu_common.settings import TrustSettings
from setu_translate.kinds import KINDS
from setu_translate.settings import SERVICE, TranslateSettings

VERSION: Final = "1"


def create_api(settings: TranslateSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; workers do them."""
    return operations_api(service=SERVICE, version=VERSION, kinds=KINDS, settings=settings.core, trust=trust)
