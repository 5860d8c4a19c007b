"""The enhancer's API."""

from typing import Final

from fastapi import FastAPI

from setu_common.operations.api import operations_api
from setu_common.settings import TrustSettings
from setu_enhancer.kinds import KINDS
from setu_enhancer.settings import SERVICE, EnhancerSettings

VERSION: Final = "1"


def create_api(settings: EnhancerSettings, trust: TrustSettings) -> FastAPI:
    """The service's HTTP API: it accepts operations and tells of them; workers do them."""
    return operations_api(service=SERVICE, version=VERSION, kinds=KINDS, settings=settings.core, trust=trust)
