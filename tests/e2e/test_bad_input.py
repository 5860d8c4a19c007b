"""Whatever is sent that can't be done: the answer, or the job, says what is wrong and what to do, and nothing is left behind."""

import itertools
import json
import re
import socket
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import pytest
from psycopg import sql

from ownstack.badmedia import half, m4a, silence, video_without_audio
from ownstack.jobs import Caller, Json, named, operations_of, stored, under_way
from ownstack.shared import IDLE_S, LIMIT_BYTES
from ownstack.stack import OwnStack
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(180, func_only=True)]

STACK = "ordinary"
SENT_BYTES = 6 << 20  # more than is written to the store at once
JOB_S = 90.0
STAGES = ("profile", "plan", "transcribe", "render", "translate", "enhance", "render")
BOUNDARY = "a-boundary-of-a-test"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
TABLES = (
    ("gateway", "job"),
    ("gateway", "stage"),
    ("gateway", "operation"),
    ("asr", "operation"),
    ("translate", "operation"),
    ("enhancer", "operation"),
    ("optimizer", "operation"),
)


def part(name: str, content: bytes, filename: bytes | None = None) -> bytes:
    """A part of a form, its names as they are given."""
    file = b"" if filename is None else b'; filename="' + filename + b'"'
    disposition = b'Content-Disposition: form-data; name="' + name.encode() + b'"' + file
    return b"--" + BOUNDARY.encode() + b"\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
MEDIA = part("media", silence(0.5), b"talk.wav")


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END


@dataclass(frozen=True)
class Left:
    """What a stack holds."""

    files: frozenset[str]
    rows: tuple[int, ...]


def left(stack: OwnStack) -> Left:
    with stack.rows() as db:
        counts = tuple(
            len(db.execute(sql.SQL("SELECT 1 AS one FROM {}").format(sql.Identifier(*table))).fetchall()) for table in TABLES
        )
    return Left(frozenset(stored(stack)), counts)


@pytest.fixture(autouse=True)
def nothing_half_written_or_nameless(stack: OwnStack) -> Iterator[None]:
    """After each test the store holds what rows name, whole, and nothing else."""
    yield
    assert eventually(lambda: stored(stack) == named(stack), 10), (stored(stack) - named(stack), named(stack) - stored(stack))


def post(caller: Caller, body: bytes | Iterator[bytes], content_type: str | None = FORM, **headers: str) -> httpx2.Response:
    """Send a body as it is; an iterator is sent in chunks, without a length."""
    sent = {**headers, **({"Content-Type": content_type} if content_type else {})}
    return caller.http.post("/jobs", content=body, headers=sent)


@dataclass(frozen=True)
class Refusal:
    """What a caller is told: a status, a code, and somewhere in the detail what to do."""

    status: int
    code: str
    advice: str


def assert_refused(answer: httpx2.Response, refusal: Refusal) -> Json:
    problem: Json = answer.json()
    assert Refusal(answer.status_code, problem["code"], refusal.advice) == refusal, problem
    assert problem["status"] == refusal.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert refusal.advice in problem["detail"]
    return problem


# Refused at the door

REFUSED = {
    "empty file": (form(part("media", b"", b"talk.wav")), Refusal(422, "media-empty", "check the path that you send from")),
    "no media": (form(part("target_languages", b"en")), Refusal(422, "media-missing", "curl -F media=@talk.mp4")),
    "no fields at all": (END, Refusal(422, "media-missing", "curl -F media=@talk.mp4")),
    "media as text": (form(part("media", b"Videos/talk.mp4")), Refusal(422, "media-missing", "with the @")),
    "media twice": (form(MEDIA, MEDIA), Refusal(422, "repeated-field", "one request for each file")),
    "source language twice": (
        form(part("source_language", b"fr"), part("source_language", b"en"), MEDIA),
        Refusal(422, "repeated-field", "source_language"),
    ),
    "unknown field": (form(part("target_langauges", b"en"), MEDIA), Refusal(422, "unknown-field", "target_languages")),
    "unknown field behind the file": (form(MEDIA, part("budget", b"1")), Refusal(422, "unknown-field", "target_languages")),
    "unknown language": (
        form(part("target_languages", b"klingon"), MEDIA),
        Refusal(422, "unknown-language", "two or three letters"),
    ),
    "unknown language behind the file": (
        form(MEDIA, part("source_language", b"xx")),
        Refusal(422, "unknown-language", "'hi', 'en'"),
    ),
    "language that is no text": (
        form(part("target_languages", b"\xff\x00"), MEDIA),
        Refusal(400, "malformed-upload", "as UTF-8 text"),
    ),
    "too many fields": (
        form(*[part("target_languages", b"en")] * 65, MEDIA),
        Refusal(422, "too-many-fields", "no more than 64"),
    ),
    "field that is a novel": (
        form(part("target_languages", b"e" * 5000), MEDIA),
        Refusal(413, "field-too-large", "target_languages"),
    ),
    "over the limit by one byte": (
        form(part("media", bytes(LIMIT_BYTES + 1), b"talk.wav")),
        Refusal(413, "upload-too-large", "SETU_GATEWAY_MAX_UPLOAD_BYTES"),
    ),
    "twice the limit": (
        form(part("media", bytes(2 * LIMIT_BYTES), b"talk.wav")),
        Refusal(413, "upload-too-large", "audio alone"),
    ),
    "form that ends in mid-file": (MEDIA[:5000], Refusal(400, "malformed-upload", "send it again in full")),
    "form without its closing boundary": (MEDIA, Refusal(400, "malformed-upload", "send it again in full")),
    "body that is no form": (b"\x00\x01 media please", Refusal(400, "malformed-upload", "is no multipart body")),
    "part without a name": (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
        Refusal(400, "malformed-upload", "name="),
    ),
}


@pytest.mark.parametrize(("body", "refusal"), REFUSED.values(), ids=REFUSED.keys())
def test_a_form_that_cannot_be_taken_is_refused_by_name_and_leaves_nothing(stack, caller, body, refusal):
    before = left(stack)
    assert_refused(post(caller, body), refusal)
    assert left(stack) == before


@pytest.mark.parametrize(
    ("content_type", "refusal"),
    [
        (None, Refusal(415, "unsupported-media-type", "multipart/form-data")),
        ("application/json", Refusal(400, "malformed-upload", "let a library write it")),
        ("application/x-www-form-urlencoded", Refusal(415, "unsupported-media-type", "curl -F")),
        ("multipart/mixed; boundary=x", Refusal(415, "unsupported-media-type", "curl -F")),
        ("multipart/form-data", Refusal(400, "malformed-upload", "names no boundary")),
        (f"multipart/form-data; boundary={'x' * 300}", Refusal(400, "malformed-upload", "boundary")),
    ],
)
def test_a_body_of_another_type_is_refused(stack, caller, content_type, refusal):
    before = left(stack)
    assert_refused(post(caller, form(MEDIA), content_type), refusal)
    assert left(stack) == before


def test_a_recording_over_the_limit_is_refused_without_a_declared_length_too(stack, caller):
    before = left(stack)
    endless = itertools.chain([part("media", b"", b"talk.wav")[:-2]], itertools.repeat(bytes(1 << 16), 10_000))
    with suppress(httpx2.WriteError):  # it may hang up while the rest is still being sent
        assert_refused(post(caller, endless), Refusal(413, "upload-too-large", str(LIMIT_BYTES)))
    assert left(stack) == before


@pytest.mark.parametrize("key", ["two words", "", "k" * 256, "naïve"])
def test_an_idempotency_key_that_is_none_is_refused(stack, caller, key):
    before = left(stack)
    answer = post(caller, form(MEDIA), **{"Idempotency-Key": key.encode("latin-1")})
    problem = assert_refused(answer, Refusal(422, "invalid-request", "errors"))
    assert [error["field"] for error in problem["errors"]] == ["header.Idempotency-Key"]
    assert left(stack) == before


def test_the_same_idempotency_key_with_another_body_is_refused_and_the_first_job_stays(stack, caller):
    key = {"Idempotency-Key": "the-same"}
    first = post(caller, form(MEDIA), **key).json()
    caller.ended(first["id"], JOB_S)
    before = left(stack)
    for other in (form(part("target_languages", b"en"), MEDIA), form(part("media", silence(0.6), b"talk.wav"))):
        problem = assert_refused(post(caller, other, **key), Refusal(409, "idempotency-conflict", "another key"))
        assert problem["context"]["job_id"] == first["id"]
    assert post(caller, form(MEDIA), **key).json()["id"] == first["id"]
    assert left(stack) == before


# Connections that don't keep their word


def connected(stack: OwnStack, length: int, *, path: str = "/jobs") -> socket.socket:
    """A request whose head has been sent."""
    where = urlsplit(stack.url)
    connection = socket.create_connection((where.hostname, where.port), timeout=IDLE_S + 10)
    head = f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def answer_on(connection: socket.socket) -> tuple[int, Json]:
    with connection, connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = dict(line.decode().rstrip().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
        return status, json.loads(stream.read(int(headers["content-length"])))


def test_a_client_that_leaves_in_mid_upload_leaves_nothing(stack, caller):
    before = left(stack)
    connection = connected(stack, LIMIT_BYTES)
    connection.sendall(part("media", bytes(SENT_BYTES), b"talk.wav")[:-2])
    assert eventually(lambda: len(stored(stack)) == len(before.files) + 1), "nothing was being written"
    connection.close()
    assert eventually(lambda: left(stack) == before)


def test_a_length_that_promises_more_than_comes_is_waited_for_and_then_refused(stack, caller):
    before = left(stack)
    body = form(MEDIA)
    connection = connected(stack, len(body) + 1000)
    connection.sendall(body)
    began = time.monotonic()
    status, problem = answer_on(connection)
    assert (status, problem["code"], problem["retryable"]) == (408, "upload-stalled", True)
    assert "send it again" in problem["detail"]
    assert time.monotonic() - began < IDLE_S + 5
    assert left(stack) == before


def test_a_length_that_promises_less_than_comes_ends_the_body_there(stack, caller):
    before = left(stack)
    body = form(MEDIA)
    connection = connected(stack, len(body) - 1000)
    connection.sendall(body)
    status, problem = answer_on(connection)
    # What comes behind the end is another request, which makes no sense: whichever is seen first is told.
    assert (status, problem["code"]) in ((400, "malformed-upload"), (400, "malformed-request"))
    assert re.search(r"send it again in full|Speak HTTP/1\.1", problem["detail"])
    assert eventually(lambda: left(stack) == before)


def test_a_length_over_the_limit_is_refused_before_anything_is_sent(stack, caller):
    before = left(stack)
    status, problem = answer_on(connected(stack, 10 * LIMIT_BYTES))
    assert (status, problem["code"]) == (413, "upload-too-large")
    assert left(stack) == before


# Accepted, and found out later


@pytest.fixture(scope="module")
def bad_media(short_speech):
    return {
        "text named .mp4": ("talk.mp4", b"Dear diary, today I was a film.\n" * 200),
        "noise": ("talk.mp3", bytes(i * i * 31 % 251 for i in range(50_000))),
        "video without audio": ("talk.mp4", video_without_audio()),
        "silence": ("talk.wav", silence()),
        "MP4 cut, its index lost": ("talk.m4a", half(m4a(short_speech, index_first=False))),
        "MP4 cut, its index there": ("talk.mp4", half(m4a(short_speech, index_first=True))),
        "WAV cut": ("talk.wav", half(short_speech.read_bytes())),
    }


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("text named .mp4", Refusal(422, "media-unreadable", "Check that it plays")),
        ("noise", Refusal(422, "media-unreadable", "convert it to MP4")),
        ("video without audio", Refusal(422, "media-without-audio", "Upload a recording with sound")),
        ("silence", Refusal(422, "no-speech", "right audio track")),
        ("MP4 cut, its index lost", Refusal(422, "media-truncated", "upload the whole file again")),
        ("MP4 cut, its index there", Refusal(422, "media-truncated", "upload the whole file again")),
        ("WAV cut", Refusal(422, "media-truncated", "upload the whole file again")),
    ],
)
def test_a_file_that_is_no_recording_fails_its_job_by_name_at_the_first_attempt(stack, caller, bad_media, what, refusal):
    before = left(stack)
    name, content = bad_media[what]
    accepted = post(caller, form(part("target_languages", b"en"), part("media", content, name.encode())))
    assert accepted.status_code == 202, accepted.text

    job = caller.ended(accepted.json()["id"], JOB_S)

    problem = job["problem"]
    assert (job["state"], problem["status"], problem["code"]) == ("failed", refusal.status, refusal.code)
    assert refusal.advice in problem["detail"]
    assert job["media_name"] == name
    # Silence can be opened: that nobody speaks in it is found out by who listens.
    opened = ["succeeded"] if refusal.code == "no-speech" else []
    states = [*opened, *opened, "failed", *("skipped" for _ in STAGES)][: len(STAGES)]  # what can be opened is planned
    assert [(stage["stage"], stage["state"]) for stage in job["stages"]] == list(zip(STAGES, states, strict=True))
    assert [row["attempts"] for row in operations_of(stack, job["id"], ["asr"])] == [*[0 for _ in opened], 1]
    assert caller.http.get(f"/jobs/{job['id']}/subtitles/en.srt").json()["code"] == "subtitles-failed"
    caller.gone(job["id"], JOB_S)
    assert eventually(lambda: forgotten(stack, job["id"], before))


def forgotten(stack: OwnStack, job_id: str, before: Left) -> bool:
    """Whether no row and no file of the job is left at any service, but for the operation that has just erased it."""
    kinds = [row["kind"] for row in operations_of(stack, job_id)]
    now = left(stack)
    return now.files == before.files and now.rows[:2] == before.rows[:2] and set(kinds) <= {"advances"}


# Names are for people

NAMES = {
    "way up": (b"../../etc/passwd", "passwd"),
    "way up, escaped": (b"..%2f..%2fetc%2fpasswd", "..%2f..%2fetc%2fpasswd"),
    "absolute": (b"/etc/shadow", "shadow"),
    "backslashes": (b"..\\..\\windows\\system32\\config", "config"),
    "dots": (b"..", "recording"),
    "nothing": (b"", "recording"),
    "NUL": (b"talk.wav\x00.exe", "talk.wav.exe"),
    "very long": (b"x" * 3000, "x" * 255),
    "right to left": ("invoice\u202evaw.exe".encode(), "invoicevaw.exe"),
    "line breaks and bells": ("talk\x07\x1b[31m\u2028.wav".encode(), "talk[31m.wav"),
    "not text": (b"talk\xff\xfe.wav", "talk\ufffd\ufffd.wav"),
}


@pytest.mark.parametrize(("sent", "shown"), NAMES.values(), ids=NAMES.keys())
def test_a_name_is_shown_and_is_no_path(stack, caller, sent, shown):
    before = left(stack)
    accepted = post(caller, form(part("media", silence(0.5), sent)))
    assert accepted.status_code == 202, accepted.text
    job = accepted.json()
    assert job["media_name"] == shown
    assert not any(unicodedata.category(char).startswith("C") for char in job["media_name"])
    new = stored(stack) - before.files
    assert all(re.fullmatch(r"gateway/local/\d{4}-\d\d-\d\d/[0-9a-f]{64}-[0-9a-f]{8}", path) for path in new), new
    assert {path.name for path in stack.home.folder.iterdir()} <= {
        ".gitignore", "lock", "state.json", "state.new", "logs", "run", "store", "postgres", "valkey",
    }  # fmt: skip
    caller.gone(job["id"], JOB_S)
    assert eventually(lambda: forgotten(stack, job["id"], before))


# Erasing


def test_erasing_a_job_takes_all_of_it_from_every_service(stack, caller, short_speech):
    before = left(stack)
    job = caller.ended(caller.submitted(short_speech, "en"), JOB_S)
    assert job["state"] == "succeeded"
    owners = {path.split("/")[0] for path in stored(stack) - before.files}
    assert owners == {"gateway", "asr", "translate"}

    caller.gone(job["id"], JOB_S)

    assert eventually(lambda: forgotten(stack, job["id"], before))
    assert caller.http.get(f"/jobs/{job['id']}/subtitles/en.srt").json()["code"] == "job-not-found"


def test_erasing_a_job_under_way_ends_it_first(stack, caller, short_speech):
    before = left(stack)
    job_id = caller.submitted(short_speech, "en")
    under_way(stack, job_id, "asr", JOB_S)
    caller.gone(job_id, JOB_S)
    assert eventually(lambda: forgotten(stack, job_id, before))
