"""GET /jobs/{id}/media: the recording as it was submitted, whole or in parts, harmless to whoever looks at it."""

from uuid import uuid4

import pytest

from setu_common.contracts import JobView
from setu_gateway.delivery.ranges import Part, part_of
from setu_gateway.delivery.refusals import RangeUnsatisfiable

ETAG = '"abc"'
CONTENT = bytes(range(250))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-", 0, 100),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("Bytes= 10-19 ", 10, 20),
        ("bytes=99-", 99, 100),
        ("bytes=50-100000", 50, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-100000", 0, 100),
    ],
)
def test_one_range_gives_that_part(asked, start, stop):
    assert part_of(asked, None, ETAG, 100) == Part(start, stop, 100)


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=a-b",
        "bytes=0-1,5-6",
        "lines=0-1",
        "bytes=--1",
        "bytes=1.5-2",
        "bytes=٠-١",
        "bytes=" + "9" * 40 + "-",
    ],
)
def test_what_is_no_single_range_is_answered_with_all_of_it(asked):
    assert part_of(asked, None, ETAG, 100) is None


@pytest.mark.parametrize(
    ("asked", "size_bytes"), [("bytes=100-", 100), ("bytes=100-200", 100), ("bytes=-0", 100), ("bytes=0-", 0)]
)
def test_a_part_that_there_is_none_of_is_refused(asked, size_bytes):
    with pytest.raises(RangeUnsatisfiable):
        part_of(asked, None, ETAG, size_bytes)


@pytest.mark.parametrize(
    ("if_range", "taken"),
    [(ETAG, True), (f" {ETAG} ", True), ('"other"', False), (f"W/{ETAG}", False), ("Sat, 31 Jan 2026 10:00:00 GMT", False)],
)
def test_a_part_is_given_only_of_the_file_that_the_caller_knows(if_range, taken):
    assert (part_of("bytes=1-2", if_range, ETAG, 100) is not None) is taken
    assert part_of("bytes=200-", '"other"', ETAG, 100) is None


def submitted(api, name: str = "Übung 1.mp4", media_type: str = "video/mp4") -> str:
    response = api.post("/jobs", files={"media": (name, CONTENT, media_type)})
    return f"/jobs/{JobView.model_validate_json(response.content).id}/media"


def test_a_recording_is_played_whole_or_in_parts(api):
    path = submitted(api)
    whole = api.get(path)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, CONTENT, "video/mp4")
    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", "250")
    part = api.get(path, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, CONTENT[100:])
    assert (part.headers["content-range"], part.headers["content-length"]) == ("bytes 100-249/250", "150")
    other = api.get(path, headers={"Range": "bytes=100-", "If-Range": '"another file"'})
    assert (other.status_code, other.content) == (200, CONTENT)
    beyond = api.get(path, headers={"Range": "bytes=250-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */250")
    assert (beyond.json()["code"], beyond.headers["content-type"]) == ("range-unsatisfiable", "application/problem+json")
    known = api.get(path, headers={"If-None-Match": f'"x", W/{whole.headers["etag"]}'})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("audio/x-wav", "audio/x-wav"),
        ("video/mp4; codecs=avc1", "video/mp4"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/javascript", "application/octet-stream"),
    ],
)
def test_no_browser_takes_a_recording_for_a_page(api, told, sent):
    answer = api.get(submitted(api, "<script>alert(1)</script>.html", told))
    assert answer.headers["content-type"] == sent
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('inline; filename="media"')
    assert "<" not in disposition


def test_a_recording_that_is_not_there_says_why(api):
    assert api.get(f"/jobs/{uuid4()}/media").json()["code"] == "job-not-found"
    waiting = api.post("/jobs", json={"media_url": "https://93.184.216.34/talk.mp4"}).json()["id"]
    refused = api.get(f"/jobs/{waiting}/media")
    assert (refused.status_code, refused.json()["code"]) == (409, "recording-not-fetched")
    path = submitted(api)
    assert api.delete(path.removesuffix("/media"), params={"purge": "true"}).status_code == 202
    assert api.get(path).json()["code"] == "job-being-erased"


def test_an_estimate_of_a_recording_is_not_taken_for_a_jobs_recording(api):
    refused = api.get("/jobs/estimate/media")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
