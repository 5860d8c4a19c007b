"""Typed clients: of a service's operations, and of the gateway."""

from setu_common.clients.gateway import GatewayClient
from setu_common.clients.operations import OperationsClient

__all__ = ["GatewayClient", "OperationsClient"]
