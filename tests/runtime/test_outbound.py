"""Requests to addresses that others name."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import pytest

from runtime.outbound import AddressRefused, Outbound, Resolve, Unreachable

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def ending(error: type[AddressRefused] | type[Unreachable], code: str) -> Iterator[None]:
    """Expect the error with this code, and that it says in words what is wrong."""
    try:
        yield
    except error as raised:
        assert raised.code == code
        assert " " in str(raised)
    else:
        pytest.fail(f"nothing was refused with {code}")


def names(**hosts: Sequence[str]) -> Resolve:
    """Return a resolver that knows these hosts, with "_" for "."."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        try:
            return hosts[host.replace(".", "_")]
        except KeyError:
            raise OSError("unknown") from None

    return resolve


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve one answer on loopback; yield the port, and the requests that came."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1:0:0:f5ff:fffe",
        "ff02::1",
    ],
)
async def test_a_private_address_is_refused_however_it_is_written(address: str) -> None:
    client = Outbound(resolve=names(hook_example=[address]))
    with pytest.raises(AddressRefused) as refused:
        await client.check("https://hook.example/in")
    assert refused.value.code == "private_address"
    with pytest.raises(AddressRefused):
        await client.send("POST", "https://hook.example/in")


async def test_one_private_address_among_public_ones_is_enough() -> None:
    client = Outbound(resolve=names(hook_example=["93.184.215.14", "10.0.0.1"]))
    with ending(AddressRefused, "private_address"):
        await client.check("https://hook.example/")


async def test_a_public_address_is_reached_encrypted_only() -> None:
    client = Outbound(resolve=names(hook_example=["93.184.215.14"]))
    await client.check("https://hook.example/")
    with ending(AddressRefused, "not_encrypted"):
        await client.check("http://hook.example/")


@pytest.mark.parametrize(
    "url",
    ["", "hook.example", "ftp://hook.example/", "file:///etc/passwd", "https://", "https://a@b/",
     "https://[::1", "http://hook.example:port/", "gopher://127.0.0.1/"],
)  # fmt: skip
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    with ending(AddressRefused, "bad_address"):
        await Outbound("127.0.0.0/8").check(url)


async def test_numbers_that_mean_this_machine_are_this_machine() -> None:
    for host in ("127.1", "2130706433", "0x7f.1", "localhost"):
        with pytest.raises((AddressRefused, Unreachable)):
            await Outbound().check(f"https://{host}/")


async def test_what_the_operator_names_is_reached_under_its_name() -> None:
    async with server(ANSWER) as (port, heard):
        named = Outbound("sms.example", resolve=names(sms_example=["127.0.0.1"]))
        reply = await named.send("POST", f"http://sms.example:{port}/in?a=1", content=b"x")
        assert (reply.status, reply.body, reply.whole) == (200, b"ok", True)
        reply = await Outbound("127.0.0.0/8").send("GET", f"http://127.0.0.1:{port}/")
        assert reply.status == 200
    assert heard[0].startswith(b"POST /in?a=1 HTTP/1.1\r\n")
    assert f"\r\nhost: sms.example:{port}\r\n".encode() in heard[0].lower()


async def test_the_name_is_resolved_once() -> None:
    """A name that means another address a moment later leads nowhere else."""
    asked = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with server(ANSWER) as (port, _):
        client = Outbound("127.0.0.1", resolve=rebinding)
        assert (await client.send("GET", f"http://hook.example:{port}/")).status == 200
    assert asked == ["hook.example"]


async def test_a_redirect_is_an_answer() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    async with server(moved) as (port, heard):
        reply = await Outbound("127.0.0.1").send("GET", f"http://127.0.0.1:{port}/")
    assert reply.status == 302
    assert len(heard) == 1


async def test_a_long_answer_is_cut() -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90000
    async with server(long) as (port, _):
        reply = await Outbound("127.0.0.1").send("GET", f"http://127.0.0.1:{port}/", most=100)
    assert (len(reply.body), reply.whole) == (100, False)


async def test_no_answer_has_a_code() -> None:
    client = Outbound("127.0.0.1")
    async with server(b"this is no HTTP\r\n\r\n") as (port, _):
        with ending(Unreachable, "no_http"):
            await client.send("GET", f"http://127.0.0.1:{port}/")
    with ending(Unreachable, "no_connection"):
        await client.send("GET", f"http://127.0.0.1:{port}/")
    with ending(Unreachable, "unknown_host"):
        await Outbound(resolve=names()).send("GET", "https://hook.example/")


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with server(b"") as (port, _):
        with pytest.raises(Unreachable):
            await Outbound("127.0.0.1").send("GET", f"http://127.0.0.1:{port}/")

    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with ending(Unreachable, "too_slow"):
            await Outbound("127.0.0.1").send("GET", f"http://127.0.0.1:{port}/", within=0.2)
        over.set()
