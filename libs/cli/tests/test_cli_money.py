"""``setu cost`` and ``setu budget`` against a gateway that answers what a test wants."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

JOB = uuid4()
SUMS = {
    "calls": 3, "failed": 0, "cached": 0, "unresolved": 1, "unpriced": 2, "usd": "1.25", "unresolved_usd": "0.25",
    "wasted_usd": "0.50", "input_tokens": 12000, "output_tokens": 345,
}  # fmt: skip
BUDGET = {
    "limit_usd": "25", "committed_usd": "20.5", "left_usd": "4.5", "used": 0.82, "updated_at": "2026-11-25T12:00:00Z",
}  # fmt: skip
STAGE = {
    "stage": "translations",
    "target": "en",
    "service": "translate",
    "provider": "openai",
    "model": "gpt-5-mini",
    "share": 1.0,
}


class Gateway(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str, object]] = []
        self.pages: dict[str, str] = {}  # by cursor, the next one
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Gateway

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        path, _, query = self.path.partition("?")
        answers: dict[str, object] = {
            f"/jobs/{JOB}/cost": {**SUMS, "job_id": str(JOB), "stages": [{**SUMS, **STAGE}], "budget": BUDGET},
            "/v1/costs": {"by": "model", "total": SUMS, "lines": [{**SUMS, "key": "openai/gpt-5-mini", "share": 1.0}]},
            "/v1/budgets": {"budgets": [BUDGET], "next_cursor": self.server.pages.get(query.partition("cursor=")[2])},
            "/v1/budgets/month": BUDGET,
            f"/v1/budgets/jobs/{JOB}": {**BUDGET, "job_id": str(JOB)},
        }
        content = b"key,usd\nx,1.25\n" if "format=csv" in query else json.dumps(answers[path]).encode()
        self.send_response(204 if self.command == "DELETE" else 200)
        self.send_header("content-length", "0" if self.command == "DELETE" else str(len(content)))
        self.end_headers()
        if self.command != "DELETE":
            self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815  (the names that http.server calls)

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


def test_a_jobs_cost_is_shown_with_what_must_be_known_of_it(gateway, run):
    shown = run("cost", JOB, "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    for told in (
        "translations → en",
        "openai/gpt-5-mini",
        "12,000",
        "1.2500",
        "0.2500 USD of it",
        "0.5000 USD of it",
        "20.5000",
    ):
        assert told in shown.output
    assert "2 calls cost nobody knows" in shown.output


def test_costs_are_asked_for_by_one_thing_and_time(gateway, run):
    shown = run("cost", "--by", "model", "--since", "2026-11-01", "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert "openai/gpt-5-mini" in shown.output
    (method, path, _) = gateway.asked[0]
    assert method == "GET"
    assert {"by=model", "since=2026-11-01"} <= set(path.partition("?")[2].split("&"))


def test_costs_as_csv_are_printed_as_they_are(gateway, run):
    shown = run("cost", "--by", "job", "--csv", "--url", gateway.url)
    assert shown.stdout == "key,usd\nx,1.25\n"


def test_budgets_are_shown_set_and_removed(gateway, run):
    assert "82%" in run("budget", "--url", gateway.url).output
    assert run("budget", "25.50", "--url", gateway.url).exit_code == 0
    assert str(JOB) in run("budget", "1", "--job", JOB, "--url", gateway.url).output
    assert run("budget", "--remove", "--url", gateway.url).exit_code == 0
    assert gateway.asked[1:] == [
        ("PUT", "/v1/budgets/month", {"limit_usd": "25.50"}),
        ("PUT", f"/v1/budgets/jobs/{JOB}", {"limit_usd": "1"}),
        ("DELETE", "/v1/budgets/month", None),
    ]


def test_a_budget_tells_a_url_or_nobody(gateway, run):
    shown = run("budget", "25", "--alert-url", "https://hooks.example/x", "--url", gateway.url)
    assert (shown.exit_code, "nobody" in shown.output) == (0, True), shown.output
    run("budget", "25", "--alert-url", "", "--url", gateway.url)
    assert [body for _, _, body in gateway.asked] == [
        {"limit_usd": "25", "alert_url": "https://hooks.example/x"},
        {"limit_usd": "25", "alert_url": None},
    ]
    assert run("budget", "--alert-url", "https://hooks.example/x", "--url", gateway.url).exit_code == 2


def test_budgets_are_shown_to_the_last_page(gateway, run):
    gateway.pages = {"": "page 2", "page%202": "page 3", "page+2": "page 3"}
    shown = run("budget", "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("82%") == 3


@pytest.mark.parametrize("amount", ["much", "-1", "nan", "1e-30x"])
def test_what_is_no_amount_is_refused(gateway, run, amount):
    refused = run("budget", "--url", gateway.url, "--", amount)
    assert refused.exit_code == 2
    assert gateway.asked == []
