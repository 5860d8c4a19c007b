"""Setu's own stack, but for the language model, which answers the same whatever it was asked before."""

from collections.abc import Mapping
from dataclasses import replace

from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import Stack, embedded_stack


def declare(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """What `setu up` declares, so that a job done twice has the same subtitles."""
    settings = {"SETU_TRANSLATE_LLM_PARALLEL": "1", "SETU_LLAMA_REPEATABLE": "true", **environment}
    return embedded_stack(home, gateway_port=gateway_port, environment=settings)


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
    whole = declare(home, gateway_port=gateway_port, environment=environment)
    return replace(whole, processes=tuple(each for each in whole.processes if each.name.startswith(CAPTIONS)))
