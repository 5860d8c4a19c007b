"""Parts of Setu's own stack."""

from collections.abc import Mapping
from dataclasses import replace

from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import Stack, embedded_stack

# All that captions in a recording's own language take.
CAPTIONS = (
    "postgres",
    "valkey",
    "migrate",
    "gateway-api",
    "gateway-worker",
    "asr-api",
    "asr-worker",
    "optimizer-api",
    "optimizer-worker",
)


def declare_captions(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """The part of it that captions in a recording's own language take."""
    whole = embedded_stack(home, gateway_port=gateway_port, environment=environment)
    return replace(whole, processes=tuple(each for each in whole.processes if each.name.startswith(CAPTIONS)))
