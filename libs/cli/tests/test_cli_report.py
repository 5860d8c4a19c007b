"""``setu report`` against a gateway that answers what a test wants."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

JOB = uuid4()
PNG = b"\x89PNG\r\n\x1a\n and so on"
SUMS = {
    "calls": 1200, "failed": 0, "cached": 0, "unresolved": 1, "unpriced": 2, "usd": "1.25", "unresolved_usd": "0.25",
    "wasted_usd": "0.50", "input_tokens": 12000, "output_tokens": 345,
}  # fmt: skip
STAGE = {
    "stage": "translations",
    "target": "en",
    "service": "translate",
    "provider": "openai",
    "model": "gpt-5-mini",
    "share": 1.0,
}
HELD_UP = {
    "stage": "transcriptions", "cause": "share", "wall_s": 41.2, "share": 0.62, "detail": "transcriptions took 41.2 s, 62% of it all."
}  # fmt: skip
REPORT = {
    "performance": {
        "job_id": str(JOB), "duration_s": 66.0, "work_s": 66.0, "queue_wait_s": 1.0, "cpu_s": 50.0, "stages": [],
        "bottlenecks": [HELD_UP],
    },
    "cost": {**SUMS, "job_id": str(JOB), "stages": [{**SUMS, **STAGE}]},
}  # fmt: skip
TIME = {"since": "2026-11-20", "until": "2026-11-26"}
COSTS = {**TIME, "by": "model", "total": SUMS, "lines": [{**SUMS, "key": "openai/gpt-5-mini", "share": 1.0}], "days": []}
QUALITY = {
    **TIME, "days": [],
    "targets": [{"target": "hi", "translations": 3, "lines": 1200, "edited": 300, "edited_share": 0.25, "scored": 3,
                 "score_before": 61.25, "score_after": 70.75}],
}  # fmt: skip


class Gateway(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, object] = {
            f"/jobs/{JOB}/report": REPORT,
            "/v1/reports/cost-trends": COSTS,
            "/v1/reports/quality": QUALITY,
        }
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.asked.append((url.path, query))
        missing = {"type": "about:blank", "title": "There is no such job", "status": 404, "code": "job-not-found", "detail": "None.",
                   "retryable": False}  # fmt: skip
        found = self.server.answers.get(url.path)
        if found is None:
            content = json.dumps(missing).encode()
        else:
            content = {"png": PNG, "txt": b"It was slow.\n"}.get(query["format"], json.dumps(found).encode())
        self.send_response(404 if found is None else 200)
        self.send_header("content-type", "application/problem+json" if found is None else "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_held_a_job_up_is_said_and_kept_in_three_files(gateway, run, tmp_path):
    out = tmp_path / "new" / "reports"
    shown = run("report", "performance", "--job", JOB, "--out", out, "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert "transcriptions took 41.2 s" in shown.output
    assert f"setu jobs {JOB} --follow" in shown.output  # since it has no outcome yet
    assert shown.stdout.splitlines() == [
        str(out / name) for name in ("performance_report.json", "performance_chart.png", "bottleneck_analysis.txt")
    ]
    assert json.loads((out / "performance_report.json").read_text())["performance"]["work_s"] == 66
    assert (out / "performance_chart.png").read_bytes() == PNG
    assert (out / "bottleneck_analysis.txt").read_bytes() == b"It was slow.\n"
    assert sorted(path.name for path in out.iterdir()) == sorted(path.rsplit("/", 1)[1] for path in shown.stdout.splitlines())


def test_a_jobs_cost_is_shown_and_kept_only_where_a_folder_is_named(gateway, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run("report", "cost", "--job", JOB, "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert "translations → en" in shown.output
    assert "1.2500" in shown.output
    assert list(tmp_path.iterdir()) == []
    run("report", "cost", "--job", JOB, "--out", tmp_path, "--url", gateway.url)
    assert json.loads((tmp_path / "cost_report.json").read_text())["stages"][0]["model"] == "gpt-5-mini"


def test_cost_trends_are_asked_for_as_the_user_says_shown_and_kept(gateway, run, tmp_path):
    shown = run("report", "cost-trends", "--days", 7, "--by", "model", "--out", tmp_path, "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert all(
        told in shown.output
        for told in ("openai/gpt-5-mini", "1,200", "0.5000", "2026-11-20 to 2026-11-26", "2 calls cost nobody")
    )
    assert (tmp_path / "cost_trends.png").read_bytes() == PNG
    assert json.loads((tmp_path / "cost_trends.json").read_text())["by"] == "model"
    asked = {"days": "7", "by": "model"}
    assert gateway.asked == [("/v1/reports/cost-trends", {**asked, "format": each}) for each in ("json", "png")]


def test_quality_is_shown_and_kept(gateway, run, tmp_path):
    shown = run("report", "quality", "--out", tmp_path, "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert all(told in shown.output for told in ("hi", "25%", "61.2", "70.8"))
    assert (tmp_path / "quality_trends.png").read_bytes() == PNG
    assert gateway.asked[0] == ("/v1/reports/quality", {"days": "30", "format": "json"})


def test_where_nothing_was_spent_or_translated_that_is_said(gateway, run, tmp_path):
    nothing = dict.fromkeys(SUMS, "0")
    gateway.answers["/v1/reports/cost-trends"] = {**COSTS, "total": nothing, "lines": []}
    gateway.answers["/v1/reports/quality"] = {**QUALITY, "targets": []}
    assert "No call was made" in run("report", "cost-trends", "--out", tmp_path, "--url", gateway.url).output
    assert "No translation was finished" in run("report", "quality", "--out", tmp_path, "--url", gateway.url).output


def test_of_a_job_that_is_not_there_the_command_is_named_that_lists_them(gateway, run, tmp_path):
    for command in ("performance", "cost"):
        refused = run("report", command, "--job", uuid4(), "--out", tmp_path, "--url", gateway.url)
        assert refused.exit_code == 1
        assert f"setu jobs --url {gateway.url}" in refused.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cant_be_written_to_is_named_with_the_way_out(gateway, run, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    refused = run("report", "quality", "--out", taken / "below", "--url", gateway.url)
    assert refused.exit_code == 1
    assert "name another folder with --out" in refused.output


@pytest.mark.parametrize("days", [0, 401, "many"])
def test_days_that_are_none_are_refused_before_anyone_is_asked(gateway, run, days):
    assert run("report", "cost-trends", "--days", days, "--url", gateway.url).exit_code == 2
    assert gateway.asked == []
