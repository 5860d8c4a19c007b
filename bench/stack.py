"""A whole stack for measurements, and jobs over HTTP on it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from setu_common.models import Catalogue

PAUSE_S = 0.6
Json = dict[str, Any]  # Any: JSON


@contextmanager
def running_stack() -> Iterator[str]:
    """Run ``setu up`` in a folder of its own as long as the block lasts; yields the gateway's URL."""
    with stack_with({}) as state:
        yield state["gateway_url"]


@contextmanager
def stack_with(settings: Mapping[str, str]) -> Iterator[Json]:
    """The same with settings; yields the stack's state, as ``setu status --json`` has it, and its ``home``."""
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as folder:
        Path(folder).chmod(0o755)
        environment = {**os.environ, **settings, "SETU_HOME": f"{folder}/home"}
        setu = str(Path(sys.executable).with_name("setu"))
        subprocess.run([setu, "up", "--detach", "--port", "0"], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            status = subprocess.run([setu, "status", "--json"], env=environment, check=True, capture_output=True).stdout
            state: Json = json.loads(status)
            yield {**state, "home": environment["SETU_HOME"]}
        finally:
            subprocess.run([setu, "down"], env=environment, check=True, stdout=subprocess.DEVNULL)


def recording(languages: Sequence[str], folder: Path, *, number: int = 0) -> tuple[Path, float]:
    """The catalogue's speech samples of some languages, one after the other; and how long it is, seconds.

    Those of different numbers are recordings of their own, with so many hundredths of a second of silence before them.
    """
    catalogue = Catalogue.load()
    path = folder / f"{'-'.join(languages)}{number or ''}.wav"
    frames, parameters = b"", None
    for language in languages:
        with wave.open(str(catalogue.sample(language))) as sample:
            parameters = sample.getparams()
            frames += sample.readframes(parameters.nframes)
            frames += b"\x00" * (int(PAUSE_S * parameters.framerate) * parameters.sampwidth * parameters.nchannels)
    if parameters is None:
        raise ValueError("name at least one language")
    frames = b"\x00" * (number * parameters.framerate // 100 * parameters.sampwidth * parameters.nchannels) + frames
    with wave.open(str(path), "wb") as joined:
        joined.setparams(parameters)
        joined.writeframes(frames)
    return path, len(frames) / parameters.sampwidth / parameters.nchannels / parameters.framerate


def submit(client: httpx2.Client, media: Path, *, source: str, target: str, overrides: Json | None = None) -> str:
    """Submit a job; its id."""
    with media.open("rb") as opened:
        answer = client.post(
            "/jobs",
            data={
                "source_language": source,
                "target_languages": target,
                **({"overrides": json.dumps(overrides)} if overrides is not None else {}),
            },
            files={"media": (media.name, opened, "audio/wav")},
        )
    answer.raise_for_status()
    job_id: str = answer.json()["id"]
    return job_id


def ended(client: httpx2.Client, job_id: str, timeout_s: float = 300, *, look_every_s: float = 0.1) -> Json:
    """The job once it has ended."""
    give_up_at = time.monotonic() + timeout_s
    while time.monotonic() < give_up_at:
        job: Json = client.get(f"/jobs/{job_id}").raise_for_status().json()
        if job["state"] in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(look_every_s)
    raise TimeoutError(f"job {job_id} has not ended after {timeout_s} s")


def seconds_between(start: str, end: str) -> float:
    """Between two moments as JSON has them."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
