"""Whatever is sent to a service, it answers as its OpenAPI document says, and never with a server error."""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import setu_asr.migrate
import setu_enhancer.migrate
import setu_gateway.migrate
import setu_optimizer.migrate
import setu_translate.migrate
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.settings import DatabaseSettings
from testbed.jobs import EndedJobs, end_jobs
from testbed.serving import served

# `make fuzz` has many more, and others each time.
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
LIMIT_S = 500 if EXAMPLES is None else 0
CONFIG = Path(__file__).with_name("schemathesis.toml")

# Most requests are about jobs that there are: an invented id is answered with 404 and shows nothing of what a job looks like.
KNOWN_JOBS = """
[[operations]]
include-path-regex = "^/(?:jobs|v1/glossaries)/"
[operations.parameters]
"path.id" = { dictionary = "jobs", probability = 0.9 }
"path.language" = { dictionary = "languages", probability = 0.9 }
"path.file_format" = { dictionary = "formats", probability = 0.9 }
"query.wait" = { dictionary = "waits", probability = 1.0 }

[dictionaries]
jobs.values = JOBS
languages.values = ["fr", "en"]
formats.values = ["srt", "vtt", "ass", "json"]
waits.values = [0]
"""
OF_THE_ENHANCER = "^/v1/(?:enhancements|quality-scores|operations|glossaries)"
OF_THE_OPTIMIZER = "^/v1/(?:predictions|context|suggestions)|^/jobs/[^/]+/(?:plan|corrections)"
APART = f"{OF_THE_ENHANCER}|{OF_THE_OPTIMIZER}"
ANSWERS_ABOUT_JOBS = {
    ("GET", "", 200, "application/json"),
    ("DELETE", "", 202, "application/json"),
    ("POST", "/retry", 202, "application/json"),
    ("POST", "/retry", 409, "application/problem+json"),
    ("GET", "/events", 200, "text/event-stream"),
    ("GET", "/subtitles", 200, "application/x-subrip"),
    ("GET", "/subtitles", 200, "text/vtt"),
    ("GET", "/subtitles", 200, "application/json"),
    ("GET", "/subtitles", 409, "application/problem+json"),
    ("GET", "/enhancements", 200, "application/json"),
    ("GET", "/media", 202, "application/json"),
    ("GET", "/media", 409, "application/problem+json"),
}


ANSWERS_ABOUT_LEARNING = {
    ("GET", "/plan", 200, "application/json"),
    ("GET", "/plan", 404, "application/problem+json"),
    ("POST", "/corrections", 422, "application/problem+json"),
}


# The command, which looks for garbage among all that it imports again and again: a tenth of the processor's time.
SELDOM_SEARCHED = """
import gc, runpy
gc.set_threshold(100_000, 50, 100)
runpy.run_module("schemathesis.cli", run_name="__main__", alter_sys=True)
"""
MIGRATIONS = {
    "asr": setu_asr.migrate.VERSIONS,
    "translate": setu_translate.migrate.VERSIONS,
    "enhancer": setu_enhancer.migrate.VERSIONS,
    "optimizer": setu_optimizer.migrate.VERSIONS,
    "gateway": setu_gateway.migrate.VERSIONS,
}


@pytest.fixture
def database_settings(cloned_database):
    """A database with every service's schema in it: a process that migrates takes as much as one that serves."""

    def migrated(settings: DatabaseSettings) -> None:
        for service, versions in MIGRATIONS.items():
            migrate(settings, service, versions)
        migrate_ledger(settings)

    return cloned_database("all_services", migrated)


@pytest.fixture
def make_jobs(database_settings, redis_settings, store_settings):
    """Make jobs that have ended, once there is a schema for them."""
    return lambda: asyncio.run(end_jobs(database_settings, redis_settings, store_settings))


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("service", ["asr", "translate", "enhancer", "optimizer"])
def test_a_service_keeps_to_its_document_whatever_is_sent(service, service_environment, service_token, tmp_path):
    with served(f"setu_{service}.main", service_environment, tmp_path, migrated=True) as url:
        fuzz_all(url, service_token.get_secret_value(), tmp_path, CONFIG)
    assert "request.crashed" not in (tmp_path / f"setu_{service}.main.log").read_text()


@pytest.mark.timeout(LIMIT_S)
def test_a_service_without_operations_keeps_to_its_document(service_environment, service_token, tmp_path):
    with served("setu_metrics.main", service_environment, tmp_path, migrated=True) as url:
        fuzz(url, service_token.get_secret_value(), tmp_path, CONFIG, "--exclude-path-regex=/events$")
    assert "request.crashed" not in (tmp_path / "setu_metrics.main.log").read_text()


@pytest.mark.timeout(LIMIT_S)
def test_the_gateway_keeps_to_its_document_whatever_is_sent_about_jobs_that_there_are(
    service_environment, service_token, make_jobs, tmp_path
):
    with gateway_and(("metrics",), service_environment, tmp_path) as url:
        jobs = make_jobs()
        config = about_jobs(jobs, tmp_path)
        # What failed can be run again, and subtitles and media fetched, only before they are erased.
        fuzz_all(
            url, service_token.get_secret_value(), tmp_path, config, before_the_rest="/retry$|/subtitles/|/media", apart=APART
        )
    assert "request.crashed" not in (tmp_path / "setu_gateway.main.log").read_text()
    assert answers_about(jobs, tmp_path) >= ANSWERS_ABOUT_JOBS, "it was not asked about the jobs that there are"


@pytest.mark.timeout(LIMIT_S)
def test_the_gateway_keeps_to_its_document_whatever_is_asked_of_the_enhancer(
    service_environment, service_token, make_jobs, tmp_path
):
    with gateway_and(("enhancer",), service_environment, tmp_path) as url:
        config = about_jobs(make_jobs(), tmp_path)
        fuzz(url, service_token.get_secret_value(), tmp_path, config, f"--include-path-regex={OF_THE_ENHANCER}")
    assert "request.crashed" not in (tmp_path / "setu_gateway.main.log").read_text()


@pytest.mark.timeout(LIMIT_S)
def test_the_gateway_keeps_to_its_document_whatever_is_asked_of_the_optimizer_or_taught(
    service_environment, service_token, make_jobs, tmp_path
):
    with gateway_and(("optimizer",), service_environment, tmp_path) as url:
        jobs = make_jobs()
        config = about_jobs(jobs, tmp_path)
        only = f"--include-path-regex={OF_THE_OPTIMIZER}"
        fuzz(url, service_token.get_secret_value(), tmp_path, config, only, "--report-har-path=learning.har")
    assert "request.crashed" not in (tmp_path / "setu_gateway.main.log").read_text()
    assert answers_about(jobs, tmp_path) >= ANSWERS_ABOUT_LEARNING, "it was not asked about the jobs that there are"


@contextmanager
def gateway_and(services: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """A gateway with some services behind it; gives its URL. No worker edits or scores lines, so nobody waits for that."""
    told = {"SETU_GATEWAY_ENHANCE_WAIT_S": "0"}
    with ExitStack() as running:
        for name in services:
            (folder / name).mkdir()
            behind = running.enter_context(served(f"setu_{name}.main", environment, folder / name, migrated=True))
            told[f"SETU_GATEWAY_{name.upper()}_URL"] = behind
        yield running.enter_context(served("setu_gateway.main", {**environment, **told}, folder, migrated=True))


def about_jobs(jobs: EndedJobs, folder: Path) -> Path:
    """Where it stands that there are these jobs."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.read_text() + KNOWN_JOBS.replace("JOBS", json.dumps([str(jobs.succeeded), str(jobs.failed)])))
    return config


def fuzz_all(
    url: str, token: str, folder: Path, config: Path, *, before_the_rest: str | None = None, apart: str = "^$"
) -> None:
    # Streams of events end with what they tell of. They are asked for first, while there is nothing under way.
    fuzz(
        url, token, folder, config, "--include-path-regex=/events$", "--phases=coverage,fuzzing", "--report-har-path=events.har"
    )
    if before_the_rest is not None:
        fuzz(url, token, folder, config, f"--include-path-regex={before_the_rest}", "--report-har-path=before.har")
    fuzz(url, token, folder, config, f"--exclude-path-regex=/events$|{apart}", "--report-har-path=rest.har")


def fuzz(url: str, token: str, folder: Path, config: Path, *options: str) -> None:
    """Run the fuzz from its command line, as people do."""
    if EXAMPLES is not None:
        told = config.read_text().replace("deterministic = true", "deterministic = false")
        config = folder / "other-examples.toml"
        config.write_text(told)
        options = (*options, f"--max-examples={EXAMPLES}", f"--seed={secrets.randbits(32)}")
    command = [sys.executable, "-c", SELDOM_SEARCHED, "--config-file", str(config), "run", f"{url}/openapi.json"]
    fuzzed = subprocess.run(
        [*command, f"--header=Authorization: Bearer {token}", "--no-color", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240 if EXAMPLES is None else None,
    )
    assert fuzzed.returncode == 0, f"{fuzzed.stdout}\n{fuzzed.stderr}"
    assert re.search(r"\d\d+ generated", fuzzed.stdout), f"it tried next to nothing:\n{fuzzed.stdout}"


def answers_about(jobs: EndedJobs, folder: Path) -> set[tuple[str, str, int, str]]:
    """Return what was answered about the jobs that there are: method, route, status and media type."""
    found = set()
    for record in folder.glob("*.har"):
        for entry in json.loads(record.read_text())["log"]["entries"]:
            path, answer = urlsplit(entry["request"]["url"]).path, entry["response"]
            if match := re.fullmatch(rf"/jobs/(?:{jobs.succeeded}|{jobs.failed})(/[a-z]+)?(?:[/.].*)?", path):
                media_type = answer["content"]["mimeType"].partition(";")[0]
                found.add((entry["request"]["method"], match[1] or "", answer["status"], media_type))
    return found
