"""Ways into a network that URLs of strangers have been used for: none is gone, and nothing is connected to on the way."""

import pytest

from setu_common.errors import SetuError
from setu_common.http import Guard, NameUnresolvable, OutsideClient, OutsideLimits, OutsidePolicy, UrlRefused
from setu_common.testing.outside import RecordingConnector, RecordingResolver

PUBLIC = "93.184.216.34"
LIMITS = OutsideLimits(connect_s=1, idle_s=1, total_s=5)

NAMES = {
    "public.example": [PUBLIC],
    "inner.example": ["10.0.0.5"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mixed-families.example": [PUBLIC, "::1"],
    "loopback6.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "metadata.example": ["169.254.169.254"],
    "zone.example": ["fe80::1%eth0"],
    "zone-public.example": ["2606:2800:220:1::1%eth0"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "nonsense.example": ["not-an-address"],
    "localhost": ["127.0.0.1"],
    "sub.localhost": [PUBLIC],
    "redis": ["172.18.0.3"],
    "postgres": [PUBLIC],
    "printer.local": [PUBLIC],
    "metadata.google.internal": [PUBLIC],
    "xn--bcher-kva.example": [PUBLIC],
}

LITERALS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0X7F.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.000.000.001/",
    "http://127.0.0.1./",
    "http://127.0.0.0x1/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://192.0.0.192/opc/v2/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://203.0.113.5/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://256.256.256.256/",
]
LITERALS6 = [
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[2606:4700::5efe:127.0.0.1]/",
    "http://[2606:4700::200:5efe:10.0.0.1]/",
]
TRICKS = [
    "http://user:secret@public.example/",
    "http://public.example@127.0.0.1/",
    "http://public.example:80@127.0.0.1/",
    "http://public.example\\@127.0.0.1/",
    "http://127.0.0.1\\.public.example/",
    "http:\\\\127.0.0.1\\",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    "http:///127.0.0.1/",
    "http://public.example%2f@127.0.0.1/",
    "http://127.0.0.1%00.public.example/",
    "http://%31%32%37.0.0.1/",
    "http://public.example%23.inner.example/",
    "http://[::1]public.example/",
    "http://[public.example]/",
    "http://::1/",
    "http://public.example:/",
    "http://public.example:80:80/",
    "http://public.example:-80/",
    "http://public.example:8o/",
    "http://public.example:0/",
    "http://public.example:99999/",
    "http://public.example:22/",
    "http://public.example:6379/",
    "https://public.example:5432/",
    "http://.public.example/",
    "http://public..example/",
    "http://public.example./",
    "http://-public.example/",
    "http://pub lic.example/",
    "http://public.example/ HTTP/1.1\r\nX-Injected: yes",
    "http://public.example\r\nHost: inner.example/",
    "ht\ttp://public.example/",
    "http://public\u200b.example/",
    " http://public.example/",
    "http://",
    "//public.example/",
    "public.example",
    "",
    "file:///etc/passwd",
    "gopher://public.example:80/_GET",
    "ftp://public.example/",
    "dict://public.example:80/",
    "data:audio/wav;base64,UklGRg==",
    "concat:http://public.example/|file:///etc/passwd",
    "https+unix://socket/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 130 + "example/",
    "http://public.example/" + "a" * 2000,
]
RESOLVED = [
    "http://inner.example/",
    "http://mixed.example/",
    "http://mixed-families.example/",
    "http://loopback6.example/",
    "http://mapped.example/",
    "http://nat64.example/",
    "http://metadata.example/latest/meta-data/",
    "http://zone.example/",
    "http://zone-public.example/",
    "http://127.0.0.1.nip.example/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://sub.localhost/",
    "http://redis/",
    "http://postgres/",
    "http://printer.local/",
    "http://metadata.google.internal/computeMetadata/v1/",
]


def world(play=None, names=NAMES, policy=OutsidePolicy()) -> tuple[OutsideClient, RecordingConnector]:  # noqa: B008  (frozen)
    connector = RecordingConnector(play)
    return OutsideClient(Guard(policy, RecordingResolver(names), resolve_s=0.5), connector), connector


async def fetch(client: OutsideClient, url: str, limits: OutsideLimits = LIMITS) -> bytes:
    async with client, client.get(url, limits) as answer:
        return b"".join([chunk async for chunk in answer.body()])


def hello(_request: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: audio/wav\r\n\r\nhello"


def redirecting(*locations: str):
    """Each request is sent on to the next location; after the last one there is something."""
    left = list(locations)

    def play(request: bytes) -> bytes:
        if not left:
            return hello(request)
        location = left.pop(0)
        return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()

    return play


@pytest.mark.parametrize("url", [*LITERALS, *LITERALS6, *TRICKS, *RESOLVED])
async def test_a_way_inside_is_refused_and_nothing_is_connected_to(url):
    client, connector = world(hello)
    with pytest.raises(UrlRefused) as checked:
        await client.guard.check(url)
    with pytest.raises(UrlRefused):
        await fetch(client, url)
    assert connector.connected == []
    told = checked.value.detail + str(checked.value.context)
    assert not any(inner in told for inner in ("127.0", "10.0", "172.", "169.254", "::1", "fe80"))


RELATIVE = ("//public.example/", "public.example", "")  # as references they lead back to where they came from
CAN_BE_SENT = [url for url in [*LITERALS, *LITERALS6, *TRICKS, *RESOLVED] if url.strip() == url and "\r" not in url]


@pytest.mark.parametrize("url", [url for url in CAN_BE_SENT if url not in RELATIVE])
async def test_a_redirection_to_a_way_inside_is_refused(url):
    client, connector = world(redirecting(url))
    with pytest.raises(UrlRefused):
        await fetch(client, "http://public.example/start")
    assert connector.connected == [(PUBLIC, 80)]


async def test_a_name_that_is_bound_anew_between_check_and_call_is_refused():
    client, connector = world(hello, {"public.example": [[PUBLIC], ["127.0.0.1"]]})
    await client.guard.check("http://public.example/")
    with pytest.raises(UrlRefused):
        await fetch(client, "http://public.example/")
    assert connector.connected == []


async def test_a_name_is_looked_up_once_for_a_connection_and_that_answer_is_connected_to():
    client, connector = world(hello, {"public.example": [[PUBLIC], ["127.0.0.1"]]})
    assert await fetch(client, "http://public.example/") == b"hello"
    assert connector.connected == [(PUBLIC, 80)]


async def test_a_name_that_is_bound_anew_for_a_redirection_is_refused():
    client, connector = world(redirecting("/again"), {"public.example": [[PUBLIC], ["192.168.0.1"]]})
    with pytest.raises(UrlRefused):
        await fetch(client, "http://public.example/")
    assert connector.connected == [(PUBLIC, 80)]


async def test_redirections_end():
    client, connector = world(redirecting(*["/round"] * 20))
    with pytest.raises(UrlRefused, match="more than 5 times"):
        await fetch(client, "http://public.example/")
    assert len(connector.connected) == 6


async def test_a_redirection_never_leaves_https():
    client, connector = world(redirecting("http://public.example/plain"))
    with pytest.raises(UrlRefused, match="https to http"):
        await fetch(client, "https://public.example/")
    assert connector.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize("host", ["nowhere.example", "nonsense.example"])
async def test_a_name_without_an_address_is_told_as_such(host):
    client, connector = world()
    with pytest.raises(NameUnresolvable):
        await client.guard.check(f"http://{host}/")
    assert connector.connected == []


async def test_a_resolver_that_hangs_or_fails_is_not_waited_for():
    import asyncio

    class Hanging:
        async def resolve(self, host: str, port: int) -> list[str]:
            await asyncio.sleep(60)
            return []

    class Failing:
        async def resolve(self, host: str, port: int) -> list[str]:
            raise OSError("no such host")

    for resolver in (Hanging(), Failing()):
        with pytest.raises(NameUnresolvable):
            await Guard(OutsidePolicy(), resolver, resolve_s=0.05).check("http://public.example/")


@pytest.mark.parametrize(
    ("url", "address", "port", "host"),
    [
        ("http://public.example/a?b=c#d", PUBLIC, 80, "public.example"),
        ("HTTP://PUBLIC.example:8080/", PUBLIC, 8080, "public.example:8080"),
        ("https://public.example/", PUBLIC, 443, "public.example"),
        ("https://bücher.example/ü", PUBLIC, 443, "xn--bcher-kva.example"),
        ("http://8.8.8.8/", "8.8.8.8", 80, "8.8.8.8"),
        ("http://[2606:2800:220:1::1]:8080/", "2606:2800:220:1::1", 8080, "[2606:2800:220:1::1]:8080"),
        ("http://[64:ff9b::8.8.8.8]/", "64:ff9b::808:808", 80, "[64:ff9b::808:808]"),
        ("http://[2002:808:808::1]/", "2002:808:808::1", 80, "[2002:808:808::1]"),
    ],
)
async def test_public_addresses_are_called_by_address_and_told_their_name(url, address, port, host):
    client, connector = world(hello)
    assert await fetch(client, url) == b"hello"
    assert connector.connected == [(address, port)]
    assert f"Host: {host}\r\n".encode() in connector.sent[0]
    if url.lower().startswith("https"):
        assert connector.server_names == [host]


async def test_what_is_sent_out_holds_nothing_of_ours():
    client, connector = world(hello)
    await fetch(client, "http://public.example/a?b=ü")
    lines = connector.sent[0].decode().split("\r\n")
    assert lines[0] == "GET /a?b=%C3%BC HTTP/1.1"
    assert {line.partition(":")[0].lower() for line in lines[1:] if line} == {"host", "user-agent", "accept", "accept-encoding"}
    assert "Accept-Encoding: identity" in lines


async def test_redirections_that_stay_outside_are_followed():
    client, connector = world(redirecting("/next", "//public.example:8443/other", "https://bücher.example/last"))
    async with client, client.get("http://public.example/", LIMITS) as answer:
        assert str(answer.url) == "https://xn--bcher-kva.example/last"
    assert [port for _, port in connector.connected] == [80, 80, 8443, 443]


async def test_an_address_that_does_not_answer_gives_way_to_the_next():
    client, connector = world(None, {"public.example": ["8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9"]})
    with pytest.raises(SetuError, match="does not answer"):
        await fetch(client, "http://public.example/")
    assert [address for address, _ in connector.connected] == ["8.8.8.8", "8.8.4.4", "1.1.1.1"]


@pytest.mark.parametrize(
    ("allowed", "url", "goes"),
    [
        ("media.corp", "http://media.corp/", True),
        ("nas", "http://nas/", True),
        ("media.corp", "http://other.corp/", False),
        ("media.corp", "http://10.1.2.3/", False),
        ("10.1.0.0/16", "http://10.1.2.3/", True),
        ("10.1.0.0/16", "http://media.corp/", True),
        ("10.1.0.0/16", "http://10.2.0.1/", False),
        ("10.1.0.0/16", "http://[::ffff:10.1.2.3]/", True),
        ("127.0.0.1", "http://127.0.0.1:8080/", True),
        ("127.0.0.1", "http://127.0.0.1:5432/", False),
        ("127.0.0.1", "http://127.1/", False),
        ("::1", "http://[::1]/", True),
        ("trap.corp", "http://trap.corp/", False),
    ],
)
async def test_operators_may_allow_hosts_and_networks_of_their_own(allowed, url, goes):
    names = {"media.corp": ["10.1.2.3"], "other.corp": ["10.2.0.1"], "trap.corp": ["169.254.169.254"], "nas": ["192.168.1.9"]}
    client, connector = world(hello, names, OutsidePolicy.of("80,443,8080", allowed))
    if goes:
        assert await fetch(client, url) == b"hello"
        assert len(connector.connected) == 1
    else:
        with pytest.raises(UrlRefused):
            await fetch(client, url)
        assert connector.connected == []


@pytest.mark.parametrize("allowed", ["10.0.0.0/99", "host:80", "10.1.2.3/8"])
def test_a_setting_that_is_no_host_or_network_is_refused(allowed):
    with pytest.raises(ValueError, match=r"."):
        OutsidePolicy.of("80", allowed)
