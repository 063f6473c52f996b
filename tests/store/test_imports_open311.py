"""Tests of taking over another system over Open311, from a real server on this machine."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import select

from app.imports.maps import BadMap, codes_of
from app.imports.open311 import (
    ForeignFeed,
    TakenOver,
    base_of,
    read_open311_map,
    take_over,
)
from app.imports.open311_answers import BadFeed, parse_json, parse_xml
from app.imports.taking import Importer
from domain.actors import Role
from domain.ticket.complaint import Complaint, Filer
from runtime.outbound import AddressRefused, Outbound, Unreachable
from store.db import tables
from store.db.engine import Store
from store.imports import register
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets.intake import Registered
from tests.support.cities import SHIPPED
from tests.support.engine import RING

PACK = SHIPPED.get("tongzhou")
NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SINCE = (NOW - timedelta(days=200)).date()


def request(n: int, days: int = 10, **changes: Any) -> dict[str, Any]:
    filed = NOW - timedelta(days=days, minutes=n)
    return {
        "service_request_id": f"R{n}",
        "status": "open",
        "service_code": "lights",
        "service_name": "路灯",
        "description": f"第{n}盏路灯不亮",
        "requested_datetime": filed.isoformat(),
        "address": "新华西街",
        "lat": 39.9,
        "long": 116.6,
    } | changes


@dataclass
class OtherSystem:
    """Another city's server: what it has, and how well it keeps to the standard."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    paging: bool = True
    json: bool = True
    broken: int = 0
    jurisdiction: str = ""
    most: int = 1000
    first_page: int = 1
    after_the_last: int = 200
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/open311/v2"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        self.asked.append(path)
        parts = urlsplit(path)
        if self.broken > 0:
            self.broken -= 1
            return 503, "text/plain", b"busy"
        if parts.path.endswith(".json") and not self.json:
            return 404, "text/html", b"<html>no such page</html>"
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if said.get("jurisdiction_id", "") != self.jurisdiction:
            return 400, "application/json", b'[{"code": 400, "description": "jurisdiction_id"}]'
        begins, ends = (datetime.fromisoformat(said[one]) for one in ("start_date", "end_date"))
        found = [
            one
            for one in self.requests
            if begins <= datetime.fromisoformat(one["requested_datetime"]) < ends
            and (one["status"] == said["status"] or not self.paging)
        ]
        found.sort(key=lambda one: str(one["requested_datetime"]), reverse=True)
        if self.paging:
            size = min(int(said["page_size"]), self.most)
            page = int(said.get("page", self.first_page)) - self.first_page
            found = found[page * size : (page + 1) * size]
            if not found and page and self.after_the_last != 200:
                return self.after_the_last, "text/html", b"no such page"
        else:
            found = found[: self.most]
        if parts.path.endswith(".json"):
            return 200, "application/json", json.dumps(found).encode()
        rows = "".join(
            f"<request>{''.join(f'<{k}>{escape(str(v))}</{k}>' for k, v in one.items())}</request>"
            for one in found
        )
        page_text = f'<?xml version="1.0"?><service_requests>{rows}</service_requests>'
        return 200, "text/xml", page_text.encode()


@pytest.fixture
def system() -> Iterator[OtherSystem]:
    made = OtherSystem()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = made.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


Take = Callable[..., Any]


@pytest.fixture
def take(store: Store, system: OtherSystem, tmp_path: Path) -> Take:
    """Return a function that takes over what the other system has."""

    async def start(registered: Registered) -> bool:
        return True

    async def pause(seconds: float) -> None:
        pass

    async def taking(
        text: str = "", *, dry_run: bool = False, allow: str = "127.0.0.1/32"
    ) -> TakenOver:
        path = tmp_path / "map.toml"
        path.write_text(text, encoding="utf-8")
        mapping = read_open311_map(path, system.base, PACK)
        importer = Importer(
            store, Vault(RING), TicketKeys(store, RING), PACK, mapping.source,
            Filer(role=Role.SYSTEM), lambda: NOW, None if dry_run else start,
        )  # fmt: skip
        feed = ForeignFeed(Outbound(allow), system.base, pause=pause)
        return await take_over(importer, feed, mapping, codes_of(mapping, PACK), SINCE)

    return taking


async def complaints(store: Store) -> list[Complaint]:
    rows = await store.rows(select(tables.intake.c.complaint))
    return [Complaint.model_validate_json(row.complaint) for row in rows]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("paging", [True, False])
async def test_open_requests_are_taken_over_once(
    store: Store, system: OtherSystem, take: Take, as_json: bool, paging: bool
) -> None:
    system.json, system.paging = as_json, paging
    system.requests = [request(n) for n in range(150)] + [request(n, 150) for n in range(150, 170)]
    system.requests.append(request(999, status="closed"))
    done = await take('[services]\nlights = "0204"')
    assert (done.counts.taken, done.counts.refused) == (170, 0)
    found = await complaints(store)
    assert {one.category for one in found} == {"0204"}
    assert sorted(one.text for one in found) == sorted(f"第{n}盏路灯不亮" for n in range(170))
    assert all(one.filed_at < NOW - timedelta(days=9) for one in found)
    taken = await register.of_ticket(store, found[0].number)
    assert taken is not None
    assert taken.link == f"{system.base}/requests/{taken.own}.json"
    again = await take('[services]\nlights = "0204"')
    # A server that knows no status lists what is closed as well, which is history.
    assert (again.counts.taken, again.counts.known) == (0, 170 if paging else 171)
    assert len(await complaints(store)) == 170


@pytest.mark.parametrize(
    "habits",
    [
        {"most": 20},
        {"first_page": 0},
        {"after_the_last": 404},
        {"paging": False, "most": 40},
        {"json": False, "after_the_last": 400},
    ],
    ids=str,
)
async def test_nothing_is_left_out_whatever_the_other_system_does_with_pages(
    store: Store, system: OtherSystem, take: Take, habits: dict[str, Any]
) -> None:
    """Smaller pages, pages from zero, none and a list that is cut off, errors after the last."""
    for name, value in habits.items():
        setattr(system, name, value)
    system.requests = [request(n, 1 + n % 30) for n in range(130)] + [request(500, 150)]
    assert (await take(dry_run=True)).counts.taken == 131
    assert len(system.asked) < 60


async def test_a_list_without_pages_and_dates_is_not_asked_for_ever(
    store: Store, system: OtherSystem, take: Take
) -> None:
    system.paging = False
    system.requests = [request(n, 10) for n in range(5)]
    assert (await take(dry_run=True)).counts.taken == 5
    assert len(system.asked) < 60


async def test_a_poisoned_request_stops_no_other(
    store: Store, system: OtherSystem, take: Take
) -> None:
    system.requests = [
        request(1),
        request(2, description=""),
        request(3, description="长" * 5000),
        request(4, lat="north"),
        request(5, service_request_id=None),
        request(6, description={"nested": [1]}, service_name=None),
        request(7),
    ]
    done = await take()
    # What only has a service says that.
    assert (done.counts.taken, done.counts.refused) == (3, 4)
    assert {fault.row for fault in done.faults} == {3, 4, 5, 6}


async def test_a_server_that_is_busy_is_asked_again(
    store: Store, system: OtherSystem, take: Take
) -> None:
    system.requests, system.broken = [request(1)], 2
    assert (await take()).counts.taken == 1
    system.broken = 100
    with pytest.raises(BadFeed, match="503"):
        await take()
    system.broken = 0
    assert (await take()).counts.known == 1


async def test_a_dry_run_takes_nothing(store: Store, system: OtherSystem, take: Take) -> None:
    system.requests = [request(1)]
    assert (await take(dry_run=True)).counts.taken == 1
    assert await complaints(store) == []


async def test_a_private_address_is_refused_unless_the_operator_names_it(
    system: OtherSystem, take: Take
) -> None:
    with pytest.raises(AddressRefused):
        await take(allow="")
    assert system.asked == []


async def test_a_server_of_several_cities_is_told_to_be_asked_for_one(
    system: OtherSystem, take: Take
) -> None:
    system.jurisdiction = "city.example"
    with pytest.raises(BadFeed, match=r"answers with 400: .*--jurisdiction"):
        await take()


async def test_nobody_there_is_said(system: OtherSystem, take: Take) -> None:
    system.port = 1
    with pytest.raises(Unreachable):
        await take()


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<service_requests><request><description>&b;</description></request></service_requests>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<service_requests><request><description>&a;</description></request></service_requests>"""


@pytest.mark.parametrize(
    "body",
    [
        BOMB, OUTSIDE, b"", b"<service_requests>", b"<errors><error/></errors>", b"\xff\xfe<",
        b"<a>" * 100_000, b'<?xml version="1.0" encoding="no-such"?><service_requests/>',
    ],
)  # fmt: skip
def test_xml_that_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(BadFeed):
        parse_xml(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'"x"', b"{}", b"[" * 100_000, b"\xff", b'{"a": [], "b": []}']
)
def test_json_that_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(BadFeed):
        parse_json(body)


def test_lists_are_found_in_the_wrappings_that_servers_use() -> None:
    assert parse_json(b'{"service_requests": [{"service_request_id": 7, "lat": 1.5}]}') == [
        {"service_request_id": "7", "lat": "1.5"}
    ]
    request_xml = b"<request><lat> 1 </lat></request>"
    named = b'<service_requests xmlns="urn:x">' + request_xml + b"</service_requests>"
    assert parse_xml(named) == [{"lat": "1"}]
    assert parse_json(b"[null, 1]") == [{}, {}]


@pytest.mark.parametrize("ending", ["", "/", "/requests.json?x=1", "/requests.xml", "/services"])
def test_an_address_is_taken_however_it_is_given(ending: str) -> None:
    assert base_of(f"https://a.example/open311/v2{ending}") == "https://a.example/open311/v2"


def test_a_mapping_names_what_the_city_has(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    for text in ('[services]\nlights = "9999"', "sources = 1", "[["):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadMap):
            read_open311_map(path, "https://a.example", PACK)
