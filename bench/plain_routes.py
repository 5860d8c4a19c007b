"""The counterpart of the gateway: bare routes that do the least that one could do.

``python -m bench.plain_routes PORT``: POST /rows commits, with psycopg, the rows that POST /jobs commits; POST /hash hashes the body.
"""

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

STAGES = ("transcribe", "render", "translate", "render")
TARGETS = ("", "", "en", "en")

JOB = """
INSERT INTO job (id, tenant, request, media_name, media_uri, media_bytes, media_type, body_sha256, objects)
VALUES (%s, 'bench', %s, 'clip.wav', 'setu://x', %s, 'audio/wav', 'x', ARRAY['setu://x'])
"""
STAGE = "INSERT INTO stage (job_id, tenant, stage, target, position) VALUES (%s, 'bench', %s, %s, %s)"
OPERATION = """
INSERT INTO operation (id, tenant, kind, queue, job_id, request, request_sha256, max_attempts, timeout_s, idempotency_key)
VALUES (%s, 'bench', 'plain', 'plain', %s, %s, 'x', 3, 60, %s)
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep a pool of ten connections, as the gateway does."""
    options = {"options": "-c search_path=gateway"}
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, kwargs=options) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/rows", status_code=202)
async def rows(request: Request) -> dict[str, str]:
    """Read the body; commit one job, four stages, one operation."""
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
    job_id = uuid4()
    async with request.app.state.pool.connection() as connection:
        await connection.execute(JOB, (job_id, Jsonb({"target_languages": ["en"]}), size_bytes))
        async with connection.cursor() as cursor:
            await cursor.executemany(STAGE, [(job_id, *pair, i) for i, pair in enumerate(zip(STAGES, TARGETS, strict=True))])
        await connection.execute(OPERATION, (uuid4(), job_id, Jsonb({"job_id": str(job_id), "run": 1}), str(job_id)))
    return {"id": str(job_id)}


@app.post("/hash")
async def hashed(request: Request) -> dict[str, str]:
    """Hash the body as it streams in."""
    digest = hashlib.sha256()
    async for chunk in request.stream():
        digest.update(chunk)
    return {"sha256": digest.hexdigest()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
