"""What the system trusts is read when something is first encrypted, once a process, and then it counts."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from setu_common.errors import DependencyUnavailable
from setu_common.http import (
    AuthoritiesUnreadable,
    Guard,
    HttpCaller,
    OutsideClient,
    OutsideLimits,
    OutsidePolicy,
    create_client,
)
from setu_common.http import authorities as module
from setu_common.testing import loopback
from setu_common.testing.outside import RecordingResolver

CERTIFICATES = Path(__file__).parent / "certificates"
CERTIFIED = "media.example"
LIMITS = OutsideLimits(connect_s=10, idle_s=10, total_s=10)


@pytest.fixture
def trusted(monkeypatch) -> Iterator[list[bool]]:
    """A system that trusts the authority of the tests; tells of each time that it was asked, and whether the environment had a say."""
    asked: list[bool] = []

    def read(*, trust_env: bool) -> ssl.SSLContext:
        asked.append(trust_env)
        context = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
        context.check_hostname = False  # the certificate is for a name, and the host here is an address
        return context

    monkeypatch.setattr(module, "create_ssl_context", read)
    module._read.cache_clear()
    yield asked
    module._read.cache_clear()


def a_service() -> FastAPI:
    app = FastAPI()
    app.get("/x")(lambda: {"a": 1})
    return app


@contextlib.asynccontextmanager
async def encrypted() -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "media-example.pem", CERTIFICATES / "media-example.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(url: str) -> object:
    async with create_client(url, service_token=None, timeout_s=10) as client:
        return (await HttpCaller(client).call("GET", f"{url}/x")).json()


async def test_calls_without_encryption_read_no_authorities(trusted):
    async with loopback(a_service()) as url:
        assert await asked(url) == {"a": 1}
    async with OutsideClient(Guard(OutsidePolicy(), RecordingResolver({}))):
        pass
    assert trusted == []


async def test_encrypted_calls_of_all_clients_read_them_once_and_not_those_that_the_environment_names(trusted):
    async with encrypted() as url:
        assert [await asked(url), await asked(url)] == [{}, {}]
    assert trusted == [False]


async def test_a_client_calls_with_encryption_and_without(trusted):
    async with encrypted() as safe, loopback(a_service()) as bare, create_client(bare, service_token=None) as client:
        answers = [(await client.get(f"{base}/x")).json() for base in (bare, safe, bare)]
    assert answers == [{"a": 1}, {}, {"a": 1}]
    assert trusted == [False]


async def test_a_certificate_that_the_system_knows_nobody_of_is_refused():
    async with encrypted() as url:
        with pytest.raises(DependencyUnavailable):
            await asked(url)


async def test_calls_to_the_outside_read_them_once_and_the_environment_may_name_others(trusted):
    async with encrypted() as url:
        port = url.rpartition(":")[2]
        guard = Guard(OutsidePolicy.of(port, "127.0.0.1"), RecordingResolver({CERTIFIED: ["127.0.0.1"]}))
        for _ in range(2):
            async with OutsideClient(guard) as client, client.get(f"https://{CERTIFIED}:{port}/x", LIMITS) as answer:
                assert answer.ok
    assert trusted == [True]


@pytest.fixture
def unread() -> Iterator[None]:
    """A process that has read no authorities yet."""
    module._read.cache_clear()
    yield
    module._read.cache_clear()


async def fetched(url: str) -> bool:
    guard = Guard(OutsidePolicy.of(url.rpartition(":")[2], "127.0.0.1"), RecordingResolver({}))
    async with OutsideClient(guard) as client, client.get(f"{url}/x", LIMITS) as answer:
        return answer.ok


@pytest.mark.parametrize("lies_there", ["nothing", "a file without certificates", "a folder without certificates"])
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.usefixtures("unread")
async def test_a_setting_that_names_no_certificates_is_told_by_its_name_and_only_to_those_who_call_with_encryption(
    name, lies_there, tmp_path, monkeypatch
):
    place = tmp_path / "authorities"
    if "file" in lies_there:
        place.write_text("none")
    elif "folder" in lies_there:
        place.mkdir()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, str(place))
    async with encrypted() as url:
        for _ in range(2):  # each time, until somebody mends it
            with pytest.raises(AuthoritiesUnreadable, match=name) as caught:
                await fetched(url)
            assert not caught.value.retryable
    async with loopback(a_service()) as url:
        assert await fetched(url)


@pytest.mark.usefixtures("unread")
async def test_a_folder_of_certificates_counts_as_openssl_finds_them_and_a_file_counts_before_it(tmp_path, monkeypatch):
    (tmp_path / "0a1b2c3d.0").write_bytes((CERTIFICATES / "authority.pem").read_bytes())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'nothing'}:{tmp_path}")
    await module.authorities(of_environment=True)
    module._read.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing"))
    with pytest.raises(AuthoritiesUnreadable, match="SSL_CERT_FILE"):
        await module.authorities(of_environment=True)
    await module.authorities(of_environment=False)


async def test_authorities_are_read_in_a_thread_and_once_by_all_who_wait(trusted, monkeypatch):
    read: Callable[..., ssl.SSLContext] = vars(module)["create_ssl_context"]
    threads = []

    def reading(*, trust_env: bool) -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return read(trust_env=trust_env)

    monkeypatch.setattr(module, "create_ssl_context", reading)
    async with encrypted() as url:
        assert await asyncio.gather(*(asked(url) for _ in range(4))) == [{}] * 4
    assert trusted == [False]
    assert threads[0] is not threading.main_thread()
