"""Setu's own stack, but for the language model, which answers the same whatever it was asked before (see `steady_llm`)."""

from collections.abc import Mapping
from dataclasses import replace

from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import Process, Stack, embedded_stack


def declare(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """What `setu up` declares, so that a job done twice has the same subtitles."""
    settings = {"SETU_TRANSLATE_LLM_PARALLEL": "1", **environment}
    stack = embedded_stack(home, gateway_port=gateway_port, environment=settings)
    return replace(stack, processes=tuple(_steadied(process) for process in stack.processes))


def _steadied(process: Process) -> Process:
    if process.name != "llm":
        return process
    command = tuple(word.replace("setu_cli.llama", "ownstack.steady_llm") for word in process.launch.command)
    return replace(process, launch=replace(process.launch, command=command))
