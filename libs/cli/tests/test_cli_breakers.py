"""``setu breakers`` against a gateway that answers what a test wants."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

LLM = {"name": "translate-llm", "state": "open", "mode": "auto", "open_for_s": 7.2, "shared": True}
ASR = {"name": "asr", "state": "closed", "mode": "closed", "calls": 12, "failed": 5, "slow": 1, "shared": True}
NEW = {"name": "tmdb", "mode": "auto", "shared": True}


class Gateway(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str, object]] = []
        self.breakers = [ASR, NEW, LLM]
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Gateway

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or "null")
        self.server.asked.append((self.command, self.path, body))
        name = self.path.rpartition("/")[2]
        found = [each for each in self.server.breakers if each["name"] == name]
        answer: dict[str, object]
        if self.command == "GET":
            status, answer = 200, {"breakers": self.server.breakers}
        elif found:
            status, answer = 200, found[0] | body
        else:
            detail = f"There is no circuit '{name}'."
            status = 404
            answer = {
                "type": "t",
                "title": "Not found",
                "status": 404,
                "code": "not-found",
                "detail": detail,
                "retryable": False,
            }
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = _answer  # noqa: N815  (the names that http.server calls)

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


def test_circuits_are_listed_with_how_they_stand_and_who_rules_over_them(gateway, run):
    shown = run("breakers", "list", "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in shown.output.splitlines() if line.strip()}
    assert lines["translate-llm"] == "open itself 7 s"
    assert lines["asr"] == "closed an operator 12 5 1"
    assert lines["tmdb"] == "unknown itself"
    assert "Redis" not in shown.output


@pytest.mark.parametrize(("command", "mode"), [("open", "open"), ("close", "closed"), ("auto", "auto")])
def test_a_circuit_is_forced_and_put_back(gateway, run, command, mode):
    shown = run("breakers", command, "translate-llm", "--url", gateway.url)
    assert shown.exit_code == 0, shown.output
    assert gateway.asked == [("PUT", "/v1/breakers/translate-llm", {"mode": mode})]
    assert ("itself" if mode == "auto" else "an operator") in shown.output


def test_a_circuit_that_there_is_not_is_said_to_be_none(gateway, run):
    shown = run("breakers", "open", "tmbd", "--url", gateway.url)
    assert shown.exit_code == 1
    assert "There is no circuit 'tmbd'" in shown.output


def test_an_order_that_nobody_else_hears_says_so(gateway, run):
    gateway.breakers = [ASR | {"shared": False}]
    assert "can't reach Redis" in run("breakers", "close", "asr", "--url", gateway.url).output


def test_where_nothing_was_called_there_is_nothing_to_list(gateway, run):
    gateway.breakers = []
    assert "no circuit yet" in run("breakers", "list", "--url", gateway.url).output


@pytest.mark.parametrize("command", ["list", "open", "close", "auto"])
def test_the_help_of_each_shows_what_calling_it_looks_like(run, command):
    assert f"setu breakers {command}" in run("breakers", command, "--help").output
