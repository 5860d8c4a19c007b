"""Jobs over HTTP, as a caller has them who must live with outages; and what became of them in the stack's own tables."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from psycopg import sql

from ownstack.stack import OwnStack
from toystack.watching import eventually, pauses

Json = dict[str, Any]  # Any: JSON
SERVICES = ("gateway", "asr", "translate", "enhancer", "optimizer")
ENDED = ("succeeded", "failed", "cancelled")
HEARD_ANEW = '{"reuse": false}'  # the recordings are few, and each job is to be work


@dataclass
class Caller:
    """Someone who submits jobs and waits for them.

    Args:
        stack: whose gateway is called.
        http: a client on it.
        refusals: the answers that were no success, while something was away.
        silences: how often there was no answer at all.
    """

    stack: OwnStack
    http: httpx2.Client
    refusals: list[httpx2.Response] = field(default_factory=list)
    silences: int = 0

    def submit(
        self, media: Path, *targets: str, source: str = "fr", key: str | None = None, overrides: str = HEARD_ANEW
    ) -> httpx2.Response:
        """Send a recording, once."""
        with media.open("rb") as content:
            return self.http.post(
                "/jobs",
                data={"source_language": source, "target_languages": list(targets), "overrides": overrides},
                files={"media": (media.name, content, "audio/wav")},
                headers={"Idempotency-Key": key} if key else None,
            )

    def submitted(self, media: Path, *targets: str, source: str = "fr", overrides: str = HEARD_ANEW) -> str:
        """Submit a job that must be accepted; its id."""
        answer = self.submit(media, *targets, source=source, overrides=overrides)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def insisted(self, ask: Callable[[], httpx2.Response], within_s: float) -> Json:
        """Ask again and again until it works, keeping what was said meanwhile."""
        until, pause = time.monotonic() + within_s, pauses(0.1)
        while True:
            try:
                answer = ask()
            except httpx2.TransportError:
                self.silences += 1
            else:
                if answer.is_success:
                    found: Json = answer.json()
                    return found
                self.refusals.append(answer)
            assert time.monotonic() < until, f"no success in {within_s:.0f} s: {self.silences} silences, {self.refusals}"
            time.sleep(next(pause))

    def ended(self, job_id: str, within_s: float) -> Json:
        """The job once it has ended, whatever is away meanwhile."""
        until, pause = time.monotonic() + within_s, pauses()
        while True:
            job = self.insisted(lambda: self.http.get(f"/jobs/{job_id}"), until - time.monotonic())
            if job["state"] in ENDED:
                return job
            assert time.monotonic() < until, f"not ended in {within_s:.0f} s: {job}"
            time.sleep(next(pause))

    def subtitles(self, job: Json) -> dict[str, str]:
        """Every file that a job delivers, by the end of its path."""
        urls = [file["url"] for file in job["deliverables"]]
        return {url.rpartition("/")[2]: self.http.get(url).raise_for_status().text for url in urls}

    def gone(self, job_id: str, within_s: float) -> None:
        """Have a job erased, and wait until it is."""
        self.all_gone([job_id], within_s)

    def all_gone(self, job_ids: Collection[str], within_s: float) -> None:
        """Have jobs erased together, and wait until they are."""
        for job_id in job_ids:
            assert self.http.delete(f"/jobs/{job_id}", params={"purge": "true"}).status_code == 202
        until = time.monotonic() + within_s
        for job_id in job_ids:

            def erased(job_id: str = job_id) -> bool:
                return self.http.get(f"/jobs/{job_id}").status_code == 404

            assert eventually(erased, until - time.monotonic()), f"still there after {within_s:.0f} s"


def operations_of(stack: OwnStack, job_id: str, services: Sequence[str] = SERVICES) -> list[Json]:
    """The rows of the operations that were made for a job."""
    found: list[Json] = []
    with stack.rows() as db:
        for service in services:
            statement = sql.SQL("SELECT * FROM {}.operation WHERE job_id = %s ORDER BY created_at").format(
                sql.Identifier(service)
            )
            found += db.execute(statement, [job_id]).fetchall()
    return found


def unended(stack: OwnStack) -> list[Json]:
    """The operations that something is still to be done for, of all services."""
    found: list[Json] = []
    with stack.rows() as db:
        for service in SERVICES:
            statement = sql.SQL(
                "SELECT kind, state, job_id, idempotency_key, attempts, progress, not_before - now() AS due_in, lease_until - now() AS leased"
                " FROM {}.operation WHERE state IN ('queued', 'running')"
            ).format(sql.Identifier(service))
            found += db.execute(statement).fetchall()
    return found


def under_way(stack: OwnStack, job_id: str, service: str, within_s: float) -> Json:
    """The job's operation at a service, as soon as a child is in the midst of it."""
    until = time.monotonic() + within_s
    statement = sql.SQL(
        "SELECT * FROM {}.operation WHERE job_id = %s AND kind = %s AND state = 'running' AND progress > %s LIMIT 1"
    ).format(sql.Identifier(service))
    kind, progress = MIDST[service]
    with stack.rows() as db:
        while (row := db.execute(statement, [job_id, kind, progress]).fetchone()) is None:
            assert time.monotonic() < until, f"{service} has not begun after {within_s:.0f} s"
            time.sleep(0.05)
    return row


# What a service does longest, and how far it is when it is in its midst: beyond that, speech is being recognised; a translation is as
# soon as it has begun.
MIDST = {"asr": ("transcriptions", 0.09), "translate": ("translations", -1.0)}


def stored(stack: OwnStack) -> set[str]:
    """Every file in the object store, as the end of its object's uri."""
    return {str(path.relative_to(stack.home.store)) for path in stack.home.store.rglob("*") if path.is_file()}


def named(stack: OwnStack) -> set[str]:
    """Every object that some row keeps alive."""
    found: set[str] = set()
    with stack.rows() as db:
        for table in (("gateway", "job"), *((service, "operation") for service in SERVICES)):
            statement = sql.SQL("SELECT unnest(objects) AS uri FROM {}").format(sql.Identifier(*table))
            found |= {str(row["uri"]).removeprefix("setu://") for row in db.execute(statement)}
    return found
