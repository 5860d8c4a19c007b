"""The embedded language model's server."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from setu_cli import llama

CHILD = """
import sys, time
from setu_cli.llama import end_with_parent
end_with_parent()
print("ready", flush=True)
time.sleep(60)
"""
# Starts the child from a thread that ends at once, then waits itself.
PARENT = f"""
import subprocess, sys, threading, time
def start():
    child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\\n"
    print(child.pid, flush=True)
thread = threading.Thread(target=start)
thread.start()
thread.join()
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def gone_within(pid: int, limit_s: float) -> bool:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="the guardian does it elsewhere")
def test_it_ends_when_its_parent_is_killed_and_not_when_a_mere_thread_of_it_ends():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        time.sleep(0.3)
        assert is_alive(child)
        parent.kill()
        parent.wait()
        assert gone_within(child, 3)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_a_missing_model_is_said_in_a_sentence_and_ends_it(tmp_path):
    environment = os.environ | {"SETU_MODELS_OFFLINE": "true", "SETU_LOG_JSON_LINES": "true"}
    command = [sys.executable, "-m", "setu_cli.llama", "--port", "0", "--model-folder", str(tmp_path)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert lines[0]["licence"] == "Gemma Terms of Use"
    assert "downloading is switched off" in lines[-1]["detail"]
    assert "Traceback" not in ended.stderr


def test_only_loopback_is_listened_on_and_no_web_page_may_call(tmp_path):
    params = llama.parameters(tmp_path, 1234, threads=1)
    assert params.hostnames == ["127.0.0.1"]
    assert params.cors_origins == ""
    assert params.cpuparams.n_threads == params.cpuparams_batch.n_threads == 1


def test_a_repeatable_server_computes_one_prompt_at_a_time_and_remembers_none(tmp_path):
    usual, repeatable = (llama.parameters(tmp_path, 1234, threads=1, repeatable=each) for each in (False, True))
    assert (usual.cache_prompt, usual.n_parallel) == (True, llama.SLOTS)
    assert (repeatable.cache_prompt, repeatable.n_parallel, repeatable.n_ctx) == (False, 1, llama.SLOT_TOKENS)


@contextlib.contextmanager
def server() -> Iterator[tuple[subprocess.Popen[str], list[dict[str, object]]]]:
    """A running server, and the lines of its log until it listened."""
    command = [sys.executable, "-m", "setu_cli.llama", "--port", "0"]
    process = subprocess.Popen(command, env=os.environ | {"SETU_LOG_JSON_LINES": "true"}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        lines: list[dict[str, object]] = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "llm.listening":
                break
        yield process, lines
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.models
@pytest.mark.timeout(300)
async def test_it_serves_completions_says_its_licence_and_ends_at_once_in_the_middle_of_work():
    import asyncio

    from setu_common.errors import DependencyUnavailable
    from setu_common.http import HttpCaller, create_client

    with server() as (process, lines):
        assert any(line.get("licence") == "Gemma Terms of Use" for line in lines)
        async with create_client(str(lines[-1]["url"]), service_token=None, timeout_s=60) as client:
            caller = HttpCaller(client)
            body: dict[str, JsonValue] = {
                "model": llama.MODEL,
                "prompt": "One, two, three,",
                "max_tokens": 4,
                "temperature": 0,
                "logprobs": 1,
            }
            completion = (await caller.call("POST", "/completions", json=body)).json()
            assert "four" in completion["choices"][0]["text"]
            assert completion["choices"][0]["logprobs"]

            long = asyncio.create_task(
                caller.call("POST", "/completions", json=body | {"max_tokens": 1500, "ignore_eos": True})
            )
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(2) == -signal.SIGTERM
            with pytest.raises(DependencyUnavailable):
                await long
