"""``python -m ownstack.steady_llm --port 8090``: the embedded language model's server, with answers that hang on the question alone.

llama.cpp keeps what it has computed of a prompt for the next one. That changes the shapes of the sums and with them their last
digits, and where two words are about equally likely, the answer. Here every prompt is computed anew, and one at a time.
"""

from pathlib import Path
from typing import Any

from setu_cli import llama


def steady(model: Path, port: int, threads: int, host: str = llama.LOOPBACK) -> Any:  # Any: xllamacpp ships no types
    """What llama.cpp is told, without its memory."""
    params = usual(model, port, threads, host)
    params.cache_prompt = False
    params.n_parallel = 1
    params.n_ctx = llama.SLOT_TOKENS
    return params


usual = llama.parameters

if __name__ == "__main__":
    llama.parameters = steady
    llama.main()
