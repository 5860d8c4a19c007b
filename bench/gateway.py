"""The gateway's API against bare routes: the rate of POST /jobs, and a large upload's speed and memory.

``python -m bench gateway [--only urls] [--rounds 5]``
"""

import argparse
import asyncio
import json
import secrets
import socket
import sys
import time
from collections.abc import Sequence

import psutil

from bench.bare import bare, running
from bench.client import FORM, form, head, load
from bench.figures import Figure, judged
from setu_cli.embedded.ports import free_port
from setu_common.contracts import JobRequest
from setu_gateway.pipeline.stages import PIPELINE

CLIP_BYTES = 32 * 1024
CLIPS = 600
CONNECTIONS = 16
ROUNDS = 5
JSON = "application/json"
# An address as it stands, so that no name is resolved; POST /jobs only judges it.
URL_JOB = b'{"media_url": "https://93.184.216.34/talk.mp4", "target_languages": ["en"]}'
# The stages that the gateway writes of a job, and the bare routes with it.
SENT = tuple(PIPELINE.keys(JobRequest(target_languages=("en",))))
AT_URL = tuple(PIPELINE.keys(JobRequest.model_validate_json(URL_JOB)))
UPLOAD_BYTES = 1 << 30
UPLOAD_ROUNDS = 3
PIECE = b"\x5a\xa5" * (128 * 1024)


def measure(arguments: Sequence[str] = ()) -> list[Figure]:
    """Start both, measure in turn."""
    parser = argparse.ArgumentParser(prog="python -m bench gateway", description=__doc__)
    parser.add_argument("--only", choices=["clips", "urls", "uploads"], help="measure these alone")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of what is posted, after one that counts for nothing")
    chosen = parser.parse_args(arguments)
    ours, plain = free_port(), free_port()
    figures: list[Figure] = []
    with bare({"PYTHONPATH": "tests/support"}) as ground:
        ground.migrated("gateway")
        routes = [sys.executable, "-m", "bench.plain_routes", str(plain), str(ground.folder), json.dumps([SENT, AT_URL])]
        with (
            ground.served("gateway", ours) as gateway,
            running(routes, ground.variables, ground.folder / "plain.log", plain),
        ):
            if chosen.only in (None, "clips"):
                figures += _clips(ours, plain, chosen.rounds)
            if chosen.only in (None, "urls"):
                figures += _urls(ours, plain, chosen.rounds)
            if chosen.only in (None, "uploads"):
                figures += _uploads(ours, plain, gateway)
    return figures


def _clips(ours: int, plain: int, rounds: int) -> list[Figure]:
    before, behind = form()
    clip = before + secrets.token_bytes(CLIP_BYTES) + behind
    against_rows, against_uploads = [], []
    for number in range(rounds + 1):
        rows, jobs, uploads = (
            _rate(port, path, clip) for port, path in ((plain, "/rows"), (ours, "/jobs"), (plain, "/uploads"))
        )
        print(f"  POST /jobs {jobs:.0f}/s, rows alone {rows:.0f}/s, rows and recording {uploads:.0f}/s", flush=True)
        if number:
            against_rows.append(jobs / rows)
            against_uploads.append(jobs / uploads)
    load_ = f"{CLIPS} requests with {CLIP_BYTES // 1024} KB over {CONNECTIONS} connections; fsync on; {2 + len(SENT)} rows each"
    return [
        judged(
            "rate of POST /jobs against a bare route that does the same",
            against_uploads,
            unit="x",
            goal=0.6,
            better="more",
            how=f"{load_}; the bare FastAPI route takes an UploadFile, keeps it durably, and commits the same rows with psycopg",
        ),
        judged(
            "rate of POST /jobs against a bare route that only commits its rows",
            against_rows,
            unit="x",
            goal=0.6,
            better="more",
            how=f"{load_}; the bare FastAPI route reads the body, keeps nothing of it, and commits the same rows with psycopg",
        ),
    ]


def _urls(ours: int, plain: int, rounds: int) -> list[Figure]:
    ratios = []
    for number in range(rounds + 1):
        rows, jobs = (_rate(port, path, URL_JOB, JSON) for port, path in ((plain, "/rows"), (ours, "/jobs")))
        print(f"  of a URL: POST /jobs {jobs:.0f}/s, rows alone {rows:.0f}/s", flush=True)
        if number:
            ratios.append(jobs / rows)
    return [
        judged(
            "rate of POST /jobs of a URL against a bare route that commits its rows",
            ratios,
            unit="x",
            goal=0.6,
            better="more",
            how=f"{CLIPS} requests of JSON over {CONNECTIONS} connections, nothing to keep; {2 + len(AT_URL)} rows each; the gateway vets the URL, "
            "the bare FastAPI route commits the same rows with psycopg",
        )
    ]


def _rate(port: int, path: str, body: bytes, content_type: str = FORM) -> float:
    measured = asyncio.run(load(port, head(path, len(body), content_type) + body, count=CLIPS, connections=CONNECTIONS))
    if measured.failures:
        raise RuntimeError(f"{measured.failures} requests to {path} failed")
    return measured.rate


def _uploads(ours: int, plain: int, process: psutil.Process) -> list[Figure]:
    ratios, added_mb = [], []
    _upload(ours, "/jobs", 64 << 20)
    for _ in range(UPLOAD_ROUNDS):
        bare_s = _upload(plain, "/hash", UPLOAD_BYTES)
        resting = process.memory_info().rss
        jobs_s, peak = asyncio.run(_watched(ours, process))
        ratios.append(bare_s / jobs_s)
        added_mb.append(max(0, peak - resting) / (1 << 20))
        print(f"  upload {UPLOAD_BYTES / jobs_s / 1e6:.0f} MB/s, bare {UPLOAD_BYTES / bare_s / 1e6:.0f} MB/s", flush=True)
    size = f"{UPLOAD_BYTES >> 20} MB"
    return [
        judged(
            "speed of a large upload against a bare stream that hashes",
            ratios,
            unit="x",
            goal=0.8,
            better="more",
            how=f"{size} to POST /jobs, hashed, stored, committed, against {size} to a bare FastAPI route that hashes request.stream()",
        ),
        judged(
            "memory that a large upload adds to the gateway",
            added_mb,
            unit="MB",
            goal=16,
            better="less",
            how=f"resident set of the gateway's process sampled every 20 ms during an upload of {size}, less the one before",
        ),
    ]


async def _watched(port: int, process: psutil.Process) -> tuple[float, int]:
    upload = asyncio.create_task(asyncio.to_thread(_upload, port, "/jobs", UPLOAD_BYTES))
    peak = 0
    while not upload.done():
        peak = max(peak, process.memory_info().rss)
        await asyncio.sleep(0.02)
    return await upload, peak


def _upload(port: int, path: str, size_bytes: int) -> float:
    before, behind = form()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.monotonic()
        connection.sendall(head(path, len(before) + size_bytes + len(behind)) + before)
        for _ in range(size_bytes // len(PIECE)):
            connection.sendall(PIECE)
        connection.sendall(behind)
        status = connection.recv(65536).split()[1]
        took_s = time.monotonic() - began
    if status not in (b"200", b"202"):
        raise RuntimeError(f"{path} answered {status.decode()}")
    return took_s
