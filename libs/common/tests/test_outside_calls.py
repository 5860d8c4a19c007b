"""Calls to the outside over a real wire: loopback, allowed by an operator's setting."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from setu_common.http import (
    Guard,
    OutsideClient,
    OutsideEncoded,
    OutsideLimits,
    OutsidePolicy,
    OutsideTooLarge,
    OutsideTooSlow,
    OutsideUnavailable,
)
from setu_common.testing import raw_loopback
from setu_common.testing.outside import RecordingResolver

CERTIFICATES = Path(__file__).parent / "certificates"
LIMITS = OutsideLimits(connect_s=10, idle_s=2, total_s=10, body_bytes=1 << 20)


def client_for(url: str, *, tls: ssl.SSLContext | None = None) -> OutsideClient:
    policy = OutsidePolicy.of(str(urlsplit(url).port), "127.0.0.1")
    names = {"media.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    return OutsideClient(Guard(policy, RecordingResolver(names)), tls=tls)


@contextlib.asynccontextmanager
async def answering(*pieces: bytes, pause_s: float = 0) -> AsyncIterator[str]:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    async with raw_loopback(behave) as url:
        yield url


async def read(url: str, limits: OutsideLimits = LIMITS, **options) -> bytes:
    async with client_for(url, **options) as client, client.get(url, limits) as answer:
        return b"".join([chunk async for chunk in answer.body()])


async def test_a_body_comes_as_it_is_sent():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: Audio/WAV; x=y\r\nContent-Length: 6\r\n\r\n"
    async with answering(head + b"abc", b"def") as url, client_for(url) as client, client.get(url, LIMITS) as answer:
        assert (answer.ok, answer.media_type, answer.length_bytes) == (True, "audio/wav", 6)
        assert b"".join([chunk async for chunk in answer.body()]) == b"abcdef"


async def test_a_body_that_says_it_is_too_large_is_not_read():
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n") as url:
        with pytest.raises(OutsideTooLarge):
            await read(url)


@pytest.mark.parametrize("length", ["-5", "9" * 400, "0x10", "1048577, 1048577"])
async def test_a_length_that_is_none_does_no_harm(length):
    async with answering(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc".encode()) as url:
        with pytest.raises((OutsideTooLarge, OutsideUnavailable)):
            await read(url)


async def test_a_body_without_a_length_is_cut_off_where_it_is_too_large():
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 40) as url:
        with pytest.raises(OutsideTooLarge):
            await read(url)


async def test_a_compressed_body_is_refused_and_not_expanded():
    bomb = gzip.compress(b"\0" * (1 << 24))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with answering(head + bomb) as url:
        with pytest.raises(OutsideEncoded):
            await read(url)


async def test_a_host_that_falls_silent_is_left():
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", pause_s=1) as url:
        with pytest.raises(OutsideTooSlow):
            await read(url, OutsideLimits(idle_s=0.1, total_s=5))


async def test_a_host_that_drips_for_ever_is_left_when_the_time_is_over():
    drops = [b"x"] * 100
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n", *drops, pause_s=0.05) as url:
        with pytest.raises(OutsideTooSlow, match=r"0\.4 s in all"):
            await read(url, OutsideLimits(idle_s=2, total_s=0.4))


async def test_headers_without_an_end_are_cut_off():
    async with answering(b"HTTP/1.1 200 OK\r\n", *[b"X-Pad: " + b"y" * 60000 + b"\r\n"] * 20) as url:
        with pytest.raises(OutsideUnavailable):
            await read(url)


@pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"-ERR unknown command\r\n", b"\x16\x03\x01\x02\x00"])
async def test_what_does_not_speak_http_is_unavailable(nonsense):
    async with answering(nonsense) as url:
        with pytest.raises(OutsideUnavailable):
            await read(url)


async def test_a_body_that_breaks_off_is_no_body():
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\nabc") as url:
        with pytest.raises(OutsideUnavailable):
            await read(url)


async def test_a_mistake_of_the_reader_is_not_taken_for_the_hosts():
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") as url:
        with pytest.raises(TimeoutError, match="the reader's own"):
            async with client_for(url) as client, client.get(url, LIMITS):
                raise TimeoutError("the reader's own")


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") as url:
        assert await read(url) == b"abc"


async def test_a_message_is_sent_and_its_answer_told_by_the_status_alone():
    seen: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.readexactly(4))
        writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1/\r\n\r\n" + b"x" * 100_000)

    async with raw_loopback(behave) as url, client_for(url) as client:
        assert await client.post(f"{url}/hook", b'{"a"', {"Content-Type": "application/json", "webhook-id": "m"}, LIMITS) == 307
    assert seen[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"webhook-id: m\r\n" in seen[0]
    assert b"Content-Length: 4\r\n" in seen[0]
    assert seen[1] == b'{"a"'


@contextlib.asynccontextmanager
async def tls_server(names: list[str]) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "media-example.pem", CERTIFICATES / "media-example.key")
    context.sni_callback = lambda _connection, name, _context: names.append(name)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(behave, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_tls_is_spoken_with_the_name_to_the_vetted_address():
    names: list[str] = []
    trusted = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
    async with tls_server(names) as port:
        assert await read(f"https://media.example:{port}/", tls=trusted) == b"secure"
    assert names == ["media.example"]


async def test_a_certificate_of_another_name_is_refused():
    trusted = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
    async with tls_server([]) as port:
        with pytest.raises(OutsideUnavailable):
            await read(f"https://other.example:{port}/", tls=trusted)


async def test_a_certificate_of_an_unknown_authority_is_refused():
    async with tls_server([]) as port:
        with pytest.raises(OutsideUnavailable):
            await read(f"https://media.example:{port}/")
