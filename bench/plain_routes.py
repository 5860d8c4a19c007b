"""The counterpart of the gateway: bare routes that do the least that one could do.

``python -m bench.plain_routes PORT FOLDER STAGES``: POST /rows commits, with psycopg, the rows that POST /jobs commits; POST /uploads keeps the
recording as well, durably, by FastAPI's own means; POST /hash hashes the body. STAGES has, as JSON, the stages of a job whose recording is
sent and of one whose recording lies at a URL: nothing of Setu is imported here.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Form, Request, UploadFile
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

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
    app.state.sent, app.state.at_url = json.loads(sys.argv[3])
    options = {"options": "-c search_path=gateway"}
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, kwargs=options) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/rows", status_code=202)
async def rows(request: Request) -> dict[str, str]:
    """Read the body; commit one job, its stages, one operation."""
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
    at_url = request.headers["content-type"] == "application/json"
    return {"id": await commit(request, size_bytes, request.app.state.at_url if at_url else request.app.state.sent)}


@app.post("/uploads", status_code=202)
async def uploads(request: Request, media: UploadFile, target_languages: Annotated[list[str], Form()]) -> dict[str, object]:
    """Keep the recording in a file, durably; commit the rows."""
    path = Path(sys.argv[2]) / uuid4().hex
    size_bytes = await asyncio.to_thread(keep, media, path)
    return {"id": await commit(request, size_bytes, request.app.state.sent), "target_languages": target_languages}


def keep(media: UploadFile, path: Path) -> int:
    """Copy an upload to a file and wait for the disk."""
    with path.open("xb") as file:
        shutil.copyfileobj(media.file, file)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


async def commit(request: Request, size_bytes: int, stages: Sequence[tuple[str, str]]) -> str:
    """Commit one job, its stages, one operation."""
    job_id = uuid4()
    async with request.app.state.pool.connection() as connection:
        await connection.execute(JOB, (job_id, Jsonb({"target_languages": ["en"]}), size_bytes))
        async with connection.cursor() as cursor:
            await cursor.executemany(STAGE, [(job_id, *stage, i) for i, stage in enumerate(stages)])
        await connection.execute(OPERATION, (uuid4(), job_id, Jsonb({"job_id": str(job_id), "run": 1}), str(job_id)))
    return str(job_id)


@app.post("/hash")
async def hashed(request: Request) -> dict[str, str]:
    """Hash the body as it streams in."""
    digest = hashlib.sha256()
    async for chunk in request.stream():
        digest.update(chunk)
    return {"sha256": digest.hexdigest()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
