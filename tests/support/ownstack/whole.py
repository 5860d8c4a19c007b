"""Setu's own stack, but for the language model, which answers the same whatever it was asked before."""

from collections.abc import Mapping

from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import Stack, embedded_stack


def declare(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """What `setu up` declares, so that a job done twice has the same subtitles."""
    settings = {"SETU_TRANSLATE_LLM_PARALLEL": "1", "SETU_LLAMA_REPEATABLE": "true", **environment}
    return embedded_stack(home, gateway_port=gateway_port, environment=settings)
