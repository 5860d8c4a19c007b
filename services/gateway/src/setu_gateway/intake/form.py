"""A multipart form, read as it comes: small fields are kept, the file's bytes are handed on and never held."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

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

MEDIA: Final = "media"
OTHER_MEDIA_TYPE: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_PLAIN_ENCODINGS: Final = frozenset({"", "binary", "8bit", "7bit"})
_NAME_SHOWN_CHARS: Final = 60


@dataclass(frozen=True)
class FieldRule:
    """What a field beside the file may be.

    Args:
        repeatable: it may come more than once.
        most_bytes: the longest value.
    """

    repeatable: bool = False
    most_bytes: int = 1024


@dataclass(frozen=True)
class FormLimits:
    """How much of what a form may bring.

    Args:
        media_bytes: the file.
        fields: the parts in all.
        header_bytes: one header line of a part.
        headers: the headers of a part.
        envelope_bytes: all that is not the file: what a body may have beyond ``media_bytes``.
    """

    media_bytes: int
    fields: int = 64
    header_bytes: int = 4096
    headers: int = 8
    envelope_bytes: int = 7 << 18


@dataclass
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)


class MediaForm:
    """Reads a form with one file.

    Feed it the body; take the file's bytes from what ``feed`` returns; ``close`` it at the end of the body.

    Args:
        boundary: of the multipart body.
        allowed: the other fields.
        limits: how much is taken.
        media_field: the name of the field that is the file.

    Attributes:
        fields: the values so far, by name, in the order in which they came.
        media_name: the file's name as the client gave it; None before it began.
        media_type: what the client says the file is.
        media_bytes: how many of the file's bytes have come.
    """

    def __init__(self, boundary: bytes, allowed: Mapping[str, FieldRule], limits: FormLimits, media_field: str = MEDIA) -> None:
        self.fields: dict[str, list[str]] = {}
        self.media_name: str | None = None
        self.media_type = OTHER_MEDIA_TYPE
        self.media_bytes = 0
        self._allowed = allowed
        self._media_field = media_field
        self._limits = limits
        self._received_bytes = 0
        self._parts = 0
        self._part = _Part()
        self._header = bytearray()
        self._header_name = ""
        self._media: list[bytes | memoryview] = []
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                callbacks={
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_count=limits.headers,
                max_header_size=limits.header_bytes,
            )
        except FormParserError as error:
            raise MalformedUpload("The boundary in Content-Type can't be used; let your HTTP library make it.") from error

    def feed(self, chunk: bytes) -> Sequence[bytes | memoryview]:
        """Read a piece of the body.

        Returns:
            The file's bytes in it, not copied: valid as long as ``chunk`` is.

        Raises:
            SetuError: what is wrong with the form; nothing more can be fed then.
        """
        self._media = []
        self._received_bytes += len(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise MalformedUpload(f"The multipart body breaks off or is no multipart body: {_told(error)}.") from error
        if self._received_bytes - self.media_bytes > self._limits.envelope_bytes:
            raise FieldTooLarge(f"The form has more than {self._limits.envelope_bytes} bytes beside the file.")
        return self._media

    def close(self) -> None:
        """Check that the form is whole.

        Raises:
            SetuError: it is not, or there is no file in it.
        """
        if not self._ended:
            raise MalformedUpload("The body ended before the form's closing boundary; send it again in full.")
        if self.media_name is None:
            raise MediaMissing(
                f"Add the recording as a file in the field '{self._media_field}': curl -F {self._media_field}=@talk.mp4 …"
                + (' One that lies at a URL is named in a JSON body: {"media_url": "https://…"}.' if self._takes_urls else "")
            )
        if self.media_bytes == 0:
            raise MediaEmpty(f"The file in '{self._media_field}' has no bytes; check the path that you send from.")

    @property
    def _takes_urls(self) -> bool:
        return self._media_field == MEDIA

    def _begin_part(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > self._limits.fields:
            raise TooManyFields(f"Send no more than {self._limits.fields} fields.", limit=self._limits.fields)

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end].decode("latin-1").lower()

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _end_header(self) -> None:
        self._part.headers[self._header_name] = bytes(self._header)
        self._header_name = ""
        self._header.clear()

    def _end_headers(self) -> None:
        headers = self._part.headers
        disposition, options = parse_options_header(headers.get("content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise MalformedUpload("A part of the form has no 'Content-Disposition: form-data; name=…' header.")
        self._part.name = options[b"name"].decode("utf-8", "replace")
        encoding = headers.get("content-transfer-encoding", b"").decode("latin-1").strip().lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise MalformedUpload("Send parts as they are; Content-Transfer-Encoding is not taken (RFC 7578, 4.7).")
        if self._part.name == self._media_field:
            self._begin_media(options.get(b"filename"), headers.get("content-type", b""))
        else:
            self._check_field(self._part.name)

    def _begin_media(self, filename: bytes | None, content_type: bytes) -> None:
        if self.media_name is not None:
            raise RepeatedField(f"Send one file in '{self._media_field}', and one request for each file.")
        if filename is None:
            raise MediaMissing(
                f"'{self._media_field}' came as text; send it as a file: curl -F {self._media_field}=@talk.mp4 …, with the @."
            )
        self.media_name = filename.decode("utf-8", "replace")
        media_type, _ = parse_options_header(content_type)
        told = media_type.decode("latin-1")
        self.media_type = told if _MEDIA_TYPE.fullmatch(told) else OTHER_MEDIA_TYPE

    def _check_field(self, name: str) -> None:
        if name not in self._allowed:
            known = ", ".join(f"'{each}'" for each in (*self._allowed, self._media_field))
            shown = "".join(char for char in name[:_NAME_SHOWN_CHARS] if char.isprintable())
            raise UnknownField(f"There is no field '{shown}'. The fields are {known}.")
        if name in self.fields and not self._allowed[name].repeatable:
            raise RepeatedField(f"Send '{name}' once.")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == self._media_field:
            self.media_bytes += end - start
            if self.media_bytes > self._limits.media_bytes:
                raise too_large(self._limits.media_bytes)
            self._media.append(data if end - start == len(data) else memoryview(data)[start:end])
            return
        self._part.value += data[start:end]
        most_bytes = self._allowed[self._part.name].most_bytes
        if len(self._part.value) > most_bytes:
            raise FieldTooLarge(f"'{self._part.name}' is longer than {most_bytes} bytes.")

    def _end_part(self) -> None:
        if self._part.name == self._media_field:
            return
        try:
            value = self._part.value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedUpload(f"Send '{self._part.name}' as UTF-8 text.") from error
        self.fields.setdefault(self._part.name, []).append(value)

    def _end(self) -> None:
        self._ended = True


def media_type_of(content_type: str | None) -> str:
    """The media type that a Content-Type header names, in small letters; empty if there is none."""
    return parse_options_header(content_type)[0].decode("latin-1").lower()


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a Content-Type header names.

    Raises:
        UnsupportedMediaType: it is no multipart form.
        MalformedUpload: it is, but says no boundary.
    """
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        raise UnsupportedMediaType(
            "Send the job as multipart/form-data: curl -F media=@talk.mp4 -F target_languages=en … "
            "Where the recording lies at a URL, send it as application/json."
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise MalformedUpload("Content-Type names no boundary; let your HTTP library set that header.")
    return boundary


def too_large(limit_bytes: int) -> SetuError:
    """The error for a recording over the limit."""
    return UploadTooLarge(
        f"Send at most {limit_bytes} bytes (SETU_GATEWAY_MAX_UPLOAD_BYTES); audio alone is enough and much smaller.",
        limit_bytes=limit_bytes,
    )


def _told(error: FormParserError) -> str:
    # The parser's messages name offsets and single characters, never stretches of the body.
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]
