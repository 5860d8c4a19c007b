"""A recording that is fetched, and a translation that no engine can make: on a whole stack, with real models."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ownstack.jobs import Caller, Json, named, operations_of, stored
from ownstack.shared import HOST, HOST_PORT
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

STACK = "ordinary"
JOB_S = 180.0


@pytest.fixture
def host(greeting: Path) -> Iterator[str]:
    """Where the recording lies, under an address that says nothing."""
    content = greeting.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "audio/wav")
            self.send_header("Content-Disposition", 'attachment; filename="parole.wav"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(HOST.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = HOST.dup()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{HOST_PORT}/r/7?signature=x"
    server.shutdown()
    thread.join()
    server.server_close()


def submitted(caller: Caller, **fields: object) -> Json:
    answer = caller.http.post("/jobs", json={"source_language": "fr", "target_languages": ["en"], **fields})
    assert answer.status_code == 202, answer.text
    job: Json = answer.json()
    return job


def states(job: Json) -> list[tuple[str, str]]:
    return [(stage["stage"], stage["state"]) for stage in job["stages"]]


def test_a_recording_is_fetched_opened_once_and_erased_with_its_job(stack, caller, host, greeting):
    before = stored(stack)
    accepted = submitted(caller, media_url=host)
    assert (accepted["media"], accepted["media_name"]) == (None, "7")

    job = caller.ended(accepted["id"], JOB_S)

    assert (job["state"], job["degraded"], job["media_name"]) == ("succeeded", [], "parole.wav"), job
    assert job["media"]["bytes"] == greeting.stat().st_size
    names = ("fetch", "profile", "plan", "transcribe", "render", "translate", "enhance", "render")
    assert states(job) == [(name, "skipped" if name == "enhance" else "succeeded") for name in names]
    heard = {row["kind"]: row["request"]["media"]["uri"].split("/")[2] for row in operations_of(stack, job["id"], ["asr"])}
    assert heard == {"profiles": "gateway", "transcriptions": "asr"}
    caller.gone(job["id"], JOB_S)
    assert eventually(lambda: stored(stack) == before == named(stack) | before, 10)


def test_what_no_engine_can_translate_is_translated_by_the_recogniser_and_the_job_says_so(stack, caller, host):
    accepted = submitted(caller, media_url=host, overrides={"translation_engine": "indictrans2"})

    job = caller.ended(accepted["id"], JOB_S)

    assert job["state"] == "succeeded", job
    assert [(each["stage"], each["target"]) for each in job["degraded"]] == [("translate", "en")]
    assert "recogniser itself" in job["degraded"][0]["reason"]
    english = caller.subtitles(job)["en.srt"]
    assert any(word.isascii() and word.isalpha() for word in english.split()), english
    asr = {row["kind"]: row["state"] for row in operations_of(stack, job["id"], ["asr"])}
    assert asr == {"profiles": "succeeded", "transcriptions": "succeeded", "speech-translations": "succeeded"}
    assert [row["state"] for row in operations_of(stack, job["id"], ["translate"])] == ["failed"]
    caller.gone(job["id"], JOB_S)
    assert operations_of(stack, job["id"], ["asr", "translate"]) == []


def test_lines_of_other_teams_are_scored_by_rules_and_by_this_machines_model(stack, caller):
    texts = {"good": "Close the door, please.", "odd": "Please of the door making shut."}
    lines = [{"source": "Ferme la porte, s'il te plaît.", "text": text, "reference": texts["good"]} for text in texts.values()]
    asked = {"source_language": "fr", "target_language": "en", "lines": lines}
    answer = caller.http.post("/v1/quality-scores", json=asked, headers={"Prefer": "wait=60"}, timeout=70)
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text
    report = answer.json()["result"]
    good, odd = report["scores"]
    assert good["methods"] == odd["methods"] == ["signals", "logprob"], report
    assert good["fluency"] > odd["fluency"]
    assert (report["notes"], 0 < report["bleu"] < 100) == ([], True)
