"""The embedded language model's server: ``python -m setu_cli.llama --port 8090``.

llama.cpp's own OpenAI-compatible server, on loopback unless told otherwise, with the catalogue's small base model. It keeps nothing, so it ends at
once: on SIGTERM, on SIGINT, and when the process that started it ends.

Threads are half of the cores by default. Threads of one computation wait for each other many times a token, so on a machine
whose other cores are busy more of them are slower: with two busy cores (load 6 to 11), 14 French lines took 6 to 11 s with one
thread and 50 to 60 s with two. ``--threads`` says otherwise.

Lines that are computed together, or after others whose beginning is used again, differ in their last digits, and so now and then in a word.
``SETU_LLAMA_REPEATABLE=true`` has each computed by itself, which takes longer.
"""

import argparse
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
import xllamacpp
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from setu_common.errors import SetuError
from setu_common.models import Catalogue
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings, ModelSettings, SettingsBlock

MODEL: Final = "gemma3-270m"
LOOPBACK: Final = "127.0.0.1"
SLOTS: Final = 4
SLOT_TOKENS: Final = 2048
"""For a prompt of 200 to 400 tokens, and a line and its translation."""
ERRORS_ONLY: Final = 1

log = structlog.get_logger()


class LlamaSettings(SettingsBlock):
    """How the server computes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_LLAMA_")

    repeatable: bool = Field(
        default=False, description="One request at a time, each from its beginning: always the same answer"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end."""
    options = _parse(arguments)
    configure_logging(LogSettings(), "llm")
    end_with_parent()
    settings = ModelSettings() if options.model_folder is None else ModelSettings(folder=options.model_folder)
    path = _ensure_model(Catalogue.load(settings))
    # From here on there is nothing to tidy up, and Python's handlers would wait until a computation returns.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        told = parameters(path, options.port, options.threads, options.host, repeatable=LlamaSettings().repeatable)
        server = xllamacpp.Server(told)
    except RuntimeError:
        log.error("llm.failed", port=options.port, hint="the lines above say why: the port is taken, or the model is damaged")  # noqa: TRY400  (llama.cpp has said it)
        sys.exit(1)
    log.info("llm.listening", url=f"{server.listening_address}/v1", threads=options.threads, slots=told.n_parallel)
    threading.Event().wait()


def parameters(
    model: Path, port: int, threads: int, host: str = LOOPBACK, *, repeatable: bool = False
) -> xllamacpp.CommonParams:
    """What llama.cpp is told."""
    slots = 1 if repeatable else SLOTS
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {MODEL}
    params.hostnames = [host]
    params.port = port
    params.n_parallel = slots
    params.n_ctx = slots * SLOT_TOKENS
    params.cache_prompt = not repeatable
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # a thread without work sleeps and does not spin
    # The examples before each line are the same; without the whole window llama.cpp computes them anew for every line
    # (170 tokens instead of 14), as Gemma attends to a sliding one.
    params.swa_full = True
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.ui = False
    params.endpoint_slots = False
    params.cors_origins = ""
    params.verbosity = ERRORS_ONLY
    return params


def end_with_parent() -> None:
    """End this process when its parent ends, whichever of the parent's threads started it. On Linux; elsewhere nothing."""
    parent = os.getppid()
    if sys.platform != "linux" or parent <= 1:
        return
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        os._exit(0)
    if os.getppid() != parent:
        os._exit(0)

    def watch() -> None:
        select.select([handle], [], [])
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _ensure_model(catalogue: Catalogue) -> Path:
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))  # a download leaves nothing behind
    model = catalogue[MODEL]
    log.info("llm.licence", model=model.title, licence=model.licence, terms=model.licence_url)
    try:
        return catalogue.ensure(MODEL)
    except SetuError as error:
        log.error("llm.no_model", detail=error.detail)  # noqa: TRY400  (foreseen: the detail says what to do)
        sys.exit(1)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="setu_cli.llama", description="The embedded language model's server")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one, which the log names")
    parser.add_argument("--model-folder", type=Path, help="where models are kept; SETU_MODELS_FOLDER by default")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 1) // 2), help="half of the cores by default")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
