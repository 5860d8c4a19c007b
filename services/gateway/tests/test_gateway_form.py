"""The multipart form, however its bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.errors import SetuError
from setu_gateway.errors import (
    FieldTooLarge,
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    RepeatedField,
    TooManyFields,
    UnknownField,
    UnsupportedMediaType,
    UploadTooLarge,
)
from setu_gateway.intake.form import FormLimits, MediaForm, boundary_of
from setu_gateway.intake.requests import FIELDS

BOUNDARY = b"x7ZQ"
LIMITS = FormLimits(media_bytes=10_000, fields=8)


def part(name: str, value: bytes, *headers: str, filename: str | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"' + (
        f'; filename="{filename}"' if filename is not None else ""
    )
    head = "\r\n".join([disposition, *headers]).encode()
    return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def media(value: bytes, *headers: str, filename: str = "talk.mp4") -> bytes:
    return part("media", value, *headers, filename=filename)


END = b"--" + BOUNDARY + b"--\r\n"


def read(body: bytes, cuts: tuple[int, ...] = (), limits: FormLimits = LIMITS) -> tuple[MediaForm, bytes]:
    form = MediaForm(BOUNDARY, FIELDS, limits)
    taken = b""
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        taken += b"".join(form.feed(body[start:end]))
    form.close()
    return form, taken


@given(
    st.binary(min_size=1, max_size=300)
    | st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--x7ZQ", b"\r\n--x7", b"a"]), min_size=1).map(b"".join),
    st.lists(st.integers(0, 2000), max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_the_file_comes_out_as_it_went_in_wherever_the_body_is_cut(content, cuts):
    if b"\r\n--" + BOUNDARY in b"\r\n" + content:
        return
    body = part("target_languages", b"en") + media(content, "Content-Type: video/mp4") + part("source_language", b"fr") + END
    form, taken = read(body, tuple(cuts))
    assert taken == content
    assert form.fields == {"target_languages": ["en"], "source_language": ["fr"]}
    assert (form.media_name, form.media_type, form.media_bytes) == ("talk.mp4", "video/mp4", len(content))


def test_a_chunk_that_is_all_file_is_handed_on_without_a_copy():
    form = MediaForm(BOUNDARY, FIELDS, LIMITS)
    form.feed(media(b"")[:-2])
    chunk = b"a" * 1000
    assert form.feed(chunk)[0] is chunk


def test_repeated_targets_keep_their_order():
    form, _ = read(part("target_languages", b"hi") + part("target_languages", b"en") + media(b"x") + END)
    assert form.fields == {"target_languages": ["hi", "en"]}


def test_a_media_type_that_is_none_is_no_type():
    form, _ = read(media(b"x", "Content-Type: <script>alert(1)</script>") + END)
    assert form.media_type == "application/octet-stream"


def test_parameters_of_a_media_type_are_left_out():
    form, _ = read(media(b"x", "Content-Type: Audio/OGG; codecs=opus") + END)
    assert form.media_type == "audio/ogg"


WRONG: list[tuple[str, bytes, type[SetuError], str]] = [
    ("no file", part("source_language", b"fr") + END, MediaMissing, "curl"),
    ("no part at all", END, MediaMissing, "curl"),
    ("an empty file", media(b"") + END, MediaEmpty, "no bytes"),
    ("media as text", part("media", b"talk.mp4") + END, MediaMissing, "with the @"),
    ("two files", media(b"a") + media(b"b") + END, RepeatedField, "one file"),
    ("an unknown field", part("targets", b"en") + media(b"a") + END, UnknownField, "'target_languages'"),
    ("a field twice", part("source_language", b"fr") * 2 + media(b"a") + END, RepeatedField, "once"),
    ("a field too long", part("source_language", b"f" * 1025) + media(b"a") + END, FieldTooLarge, "1024"),
    ("too many fields", part("target_languages", b"en") * 9 + media(b"a") + END, TooManyFields, "8"),
    ("a file too large", media(b"a" * 10_001) + END, UploadTooLarge, "10000"),
    ("no closing boundary", media(b"a"), MalformedUpload, "closing boundary"),
    ("nothing", b"", MalformedUpload, "closing boundary"),
    ("no multipart body", b'{"media": 1}', MalformedUpload, "boundary"),
    ("another boundary", b"--other\r\n", MalformedUpload, "boundary"),
    ("a part without a name", b"--x7ZQ\r\nContent-Disposition: form-data\r\n\r\na\r\n" + END, MalformedUpload, "name="),
    ("a part without headers", b"--x7ZQ\r\n\r\na\r\n" + END, MalformedUpload, "name="),
    ("a header too long", part("media", b"a", "X-Long: " + "a" * 5000, filename="a") + END, MalformedUpload, "header size"),
    (
        "too many headers",
        part("media", b"a", *(f"X-{n}: 1" for n in range(9)), filename="a") + END,
        MalformedUpload,
        "header count",
    ),
    ("base64", media(b"YQ==", "Content-Transfer-Encoding: base64") + END, MalformedUpload, "RFC 7578"),
    ("text that is no UTF-8", part("source_language", b"\xff") + media(b"a") + END, MalformedUpload, "UTF-8"),
]


@pytest.mark.parametrize(("body", "error", "says"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_each_wrong_form_has_a_problem_of_its_own(body, error, says):
    for cuts in ((), tuple(range(0, len(body), 7))):
        with pytest.raises(error, match=says):
            read(body, cuts)


def test_what_is_beside_the_file_is_bounded_too():
    with pytest.raises(FieldTooLarge):
        read(media(b"a") + END + b"e" * 5000, limits=FormLimits(media_bytes=10, envelope_bytes=2000))


def test_an_unknown_field_is_shown_without_its_control_characters():
    with pytest.raises(UnknownField) as caught:
        read(part("ta\x07rgets\x1b[31m", b"en") + END)
    assert "targets[31m" in caught.value.detail
    assert "\x1b" not in caught.value.detail


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "multipart/mixed; boundary=a", "text/plain; boundary=a"]
)
def test_what_is_no_form_is_refused(content_type):
    with pytest.raises(UnsupportedMediaType):
        boundary_of(content_type)


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; charset=utf-8"]
)
def test_a_form_without_a_boundary_is_malformed(content_type):
    with pytest.raises(MalformedUpload):
        boundary_of(content_type)


def test_a_boundary_too_long_is_malformed():
    with pytest.raises(MalformedUpload):
        MediaForm(b"x" * 5000, FIELDS, LIMITS)


def test_a_quoted_boundary_is_read():
    assert boundary_of('multipart/form-data; boundary="x7 ZQ"') == b"x7 ZQ"
