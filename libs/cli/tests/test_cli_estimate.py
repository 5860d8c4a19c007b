"""``setu submit --estimate``: nothing is sent but how long the recording is, or its beginning where nobody here can tell."""

import json
import shutil
import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from setu_cli.commands.estimating import duration_of

SPAN = {"expected": 120.0, "low": 90.0, "high": 180.0}
COST = {"expected": 0.5, "low": 0.4, "high": 0.65}


class Gateway(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, dict]] = []
        self.cost: dict | None = COST
        self.per_minute = False
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"]))
        form = self.headers["content-type"].startswith("multipart/")
        body = {"form": sent} if form else json.loads(sent)
        self.server.asked.append((self.path, body))
        answer = {
            "duration_s": body.get("duration_s", 60),
            "duration_guessed": "duration_s" not in body,
            "per_minute": self.server.per_minute,
            "time_s": SPAN,
            "cost_usd": self.server.cost,
            "stages": [],
            "notes": ["Some of it is known from few jobs."],
        }
        content = json.dumps(answer).encode()
        self.send_response(200)
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


def a_wav(path: Path, seconds: int) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * 8000 * seconds))
    return path


def test_what_a_job_would_take_and_cost_is_told_and_nothing_is_sent(gateway, run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    talk = a_wav(tmp_path / "talk.wav", 3)
    told = run("submit", talk, "--to", "en", "--source", "fr", "--estimate", "--url", gateway.url)
    assert told.exit_code == 0, told.output
    assert gateway.asked == [
        (
            "/jobs/estimate",
            {"duration_s": 3.0, "bytes": 48044, "kind": "audio", "source_language": "fr", "target_languages": ["en"]},
        )
    ]
    for shown in ("talk.wav", "0.5000", "0.4000 to 0.6500", "known from few jobs"):
        assert shown in told.output


def test_a_cost_that_nobody_knows_is_not_shown_as_nothing(gateway, run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    gateway.cost = None
    told = run("submit", a_wav(tmp_path / "talk.wav", 1), "--estimate", "--url", gateway.url)
    assert "not known" in told.output
    assert "0.0000" not in told.output


def test_of_a_file_that_nobody_here_can_read_the_beginning_is_sent_and_the_size_is_told(gateway, run, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    film = tmp_path / "film.mkv"
    film.write_bytes(b"no header at all" + bytes(5 << 20))
    assert duration_of(film) is None
    told = run("submit", film, "--to", "en", "--source", "fr", "--estimate", "--url", gateway.url)
    assert "about" in told.output
    ((path, body),) = gateway.asked
    assert path == f"/jobs/estimate/media?bytes={16 + (5 << 20)}"
    assert b'filename="film.mkv"' in body["form"]
    assert b"no header at all" in body["form"]
    assert b'name="target_languages"\r\n\r\nen' in body["form"]
    assert len(body["form"]) < 5 << 20


def test_a_recording_elsewhere_is_looked_at_by_the_gateway(gateway, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    told = run("submit", "https://media.example.org/talk.mp4", "--to", "en", "--estimate", "--url", gateway.url)
    assert told.exit_code == 0, told.output
    assert gateway.asked == [
        ("/jobs/estimate", {"media_url": "https://media.example.org/talk.mp4", "target_languages": ["en"]})
    ]


def test_what_is_for_each_minute_is_not_shown_as_the_whole(gateway, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    gateway.per_minute = True
    told = run("submit", "https://media.example.org/talk.mp4", "--estimate", "--url", gateway.url)
    assert "each minute" in told.output
