"""Tests of proxies: whose address counts, and when this machine is exempt from limits."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from api.http.networks import exempt_host_of, network_of
from api.http.proxies import Proxies
from runtime.settings import Settings
from runtime.trusted_proxies import parse_networks, unsafe
from store.db.engine import Store
from tests.api.running_api import COMPLAINT, problem, serve_api

PROXY, INNER, CLIENT = "172.30.99.1", "10.9.8.7", "203.0.113.9"
BOTH = f"{PROXY}, 10.0.0.0/8"


async def _told(trusted: str, peer: str, url: str = "", **headers: str) -> dict[str, Any]:
    """Return what the application is told of a request from `peer`."""
    app = FastAPI()
    settings = Settings(trusted_proxies=trusted, public_url=url)

    @app.get("/")
    async def tell(request: Request) -> dict[str, Any]:
        return {
            "network": network_of(request),
            "exempt": exempt_host_of(request, settings),
            "scheme": request.url.scheme,
        }

    transport = httpx.ASGITransport(Proxies(app, parse_networks(trusted)), client=(peer, 1))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://jiesu.test") as http:
        told: dict[str, Any] = (await http.get("/", headers=named)).json()
        return told


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "network"),
    [
        ("", "127.0.0.1", CLIENT, "127.0.0.1"),  # nobody is believed by itself
        (PROXY, PROXY, CLIENT, CLIENT),
        (PROXY, PROXY, f"127.0.0.1, {CLIENT}", CLIENT),  # the proxy appends
        (PROXY, PROXY, f"{PROXY}, {CLIENT}", CLIENT),
        (PROXY, CLIENT, "198.51.100.1", CLIENT),  # not from the proxy
        (BOTH, PROXY, f"{CLIENT}, {INNER}", CLIENT),
        (BOTH, PROXY, f"1.2.3.4, {CLIENT}, {INNER}, {PROXY}", CLIENT),
        (BOTH, PROXY, INNER, PROXY),  # nothing but proxies
        (PROXY, PROXY, "", PROXY),
        (PROXY, PROXY, "unknown", PROXY),
        (PROXY, PROXY, f"{CLIENT}, _hidden", PROXY),  # unreadable: not what stands before it
        (PROXY, PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, PROXY, "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        (PROXY, PROXY, f"::ffff:{CLIENT}", CLIENT),
        (PROXY, f"::ffff:{PROXY}", CLIENT, CLIENT),
        (PROXY, PROXY, "64:ff9b::cb00:7109", CLIENT),
        ("::1", "::1", CLIENT, CLIENT),
    ],
)
async def test_the_last_hop_that_is_no_proxy_counts(
    trusted: str, peer: str, forwarded: str, network: str
) -> None:
    told = await _told(trusted, peer, X_Forwarded_For=forwarded)
    assert told["network"] == network


async def test_ipv4_through_an_ipv6_socket_is_told_apart_and_a_subscriber_is_one() -> None:
    v4 = [(await _told("", f"::ffff:203.0.113.{n}"))["network"] for n in (1, 2)]
    assert v4 == ["203.0.113.1", "203.0.113.2"]
    v6 = {(await _told("", f"2001:db8:1:2::{n}"))["network"] for n in (1, 2)}
    assert len(v6) == 1


@pytest.mark.parametrize(
    ("trusted", "peer", "url", "headers", "exempt"),
    [
        ("", "127.0.0.1", "", {}, True),
        ("", "::1", "http://localhost:8000", {}, True),
        ("", "127.0.0.1", "http://127.0.0.1:8000", {}, True),
        ("", "127.0.0.1", "http://12345.example.org", {}, False),  # perhaps a silent proxy
        ("", "127.0.0.1", "", {"X_Forwarded_For": CLIENT}, False),
        ("", "127.0.0.1", "", {"X_Real_IP": CLIENT}, False),
        ("", "127.0.0.1", "", {"Via": "1.1 proxy"}, False),
        ("", "127.0.0.1", "", {"Forwarded": f"for={CLIENT}"}, False),
        ("127.0.0.1", "127.0.0.1", "", {}, False),
        ("127.0.0.1", "127.0.0.1", "", {"X_Forwarded_For": "127.0.0.1"}, False),
        (PROXY, PROXY, "", {"X_Forwarded_For": "127.0.0.1"}, False),
        (PROXY, PROXY, "", {"X_Forwarded_For": "127.0.0.9, ::1"}, False),
    ],
)
async def test_this_machine_is_exempt_only_where_nothing_stands_in_front(
    trusted: str, peer: str, url: str, headers: dict[str, str], exempt: bool
) -> None:
    told = await _told(trusted, peer, url, **headers)
    assert (told["exempt"] is not None) is exempt


async def test_the_scheme_is_believed_from_the_proxy_alone() -> None:
    assert (await _told(PROXY, PROXY, X_Forwarded_Proto="https"))["scheme"] == "https"
    assert (await _told(PROXY, CLIENT, X_Forwarded_Proto="https"))["scheme"] == "http"
    assert (await _told(PROXY, PROXY, X_Forwarded_Proto="gopher"))["scheme"] == "http"


async def test_a_forged_loopback_address_switches_no_limit_off(
    sqlite_store: Store, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "temporal_address": "127.0.0.1:1",
        "engine_timeout": 0.2,
        "limit_intake": "2/hour",
        "trusted_proxies": "127.0.0.1",
        "public_url": "https://jiesu.test",
    }
    async with serve_api(tmp_path, sqlite_store, None, **settings) as api:
        for forged, status in (("127.0.0.1", 202), ("127.0.0.1", 202), ("127.0.0.1, ::1", 202)):
            answer = await api.http.post(
                "/api/v1/complaints", json=COMPLAINT, headers={"X-Forwarded-For": forged}
            )
            assert answer.status_code == status
        forged_again = await api.http.post(
            "/api/v1/complaints", json=COMPLAINT, headers={"X-Forwarded-For": "127.0.0.1"}
        )
        assert problem(forged_again) == (429, "too_many_requests")


@pytest.mark.parametrize(
    ("url", "trusted", "word"),
    [
        ("", "", None),
        ("http://127.0.0.1:8000", "", None),
        ("http://12345.example.org", "", None),
        ("https://12345.example.org", PROXY, None),
        ("https://12345.example.org", "10.0.0.0/8, ::1", None),
        ("https://12345.example.org", "", "JIESU_TRUSTED_PROXIES"),
        ("https://localhost", "", "JIESU_TRUSTED_PROXIES"),
        ("https://12345.example.org", " , ", "JIESU_TRUSTED_PROXIES"),
        ("https://12345.example.org", "*", "FORWARDED_ALLOW_IPS"),
        ("", "*", "FORWARDED_ALLOW_IPS"),
        ("", "proxy.example.org", "FORWARDED_ALLOW_IPS"),
        ("", "0.0.0.0/0", "everybody"),
        ("", "::/0", "everybody"),
    ],
)
def test_what_is_unsafe_is_said_in_one_line(url: str, trusted: str, word: str | None) -> None:
    said = unsafe(Settings(public_url=url, trusted_proxies=trusted))
    if word is None:
        assert said is None
    else:
        assert said is not None
        assert word in said.text()
        assert "\n" not in said.text()


def test_the_name_that_other_servers_use_is_read_where_ours_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.1.1.1")
    assert Settings().trusted_proxies == "10.1.1.1"
    monkeypatch.setenv("JIESU_TRUSTED_PROXIES", "")
    assert Settings().trusted_proxies == "10.1.1.1"
    monkeypatch.setenv("JIESU_TRUSTED_PROXIES", "10.2.2.2")
    assert Settings().trusted_proxies == "10.2.2.2"
