"""Typed clients: of a service's operations, of the gateway, of the enhancer behind it, and of The Movie Database."""

from setu_common.clients.enhancer import EnhancerClient
from setu_common.clients.gateway import GatewayClient
from setu_common.clients.operations import OperationsClient
from setu_common.clients.tmdb import TmdbClient, TmdbSettings

__all__ = ["EnhancerClient", "GatewayClient", "OperationsClient", "TmdbClient", "TmdbSettings"]
