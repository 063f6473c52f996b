"""Tests of the addresses of lists: a list reads what its links write, and nothing else."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError
from starlette.requests import Request

from api.pages.shared import addresses
from api.pages.shared.addresses import (
    Address,
    BoardEventList,
    InboxAddress,
    PromiseList,
    SupervisionList,
    TicketSearch,
    every_address,
)
from app.errors import Problem
from store.reporting.board_events import BoardEvents
from store.tickets.inbox import Which
from store.tickets.promises import PromisePart
from store.tickets.states import State

PAGES = Path(addresses.__file__).parents[1]
MOMENT = datetime(2026, 3, 2, 1, 0, 0, 5, tzinfo=UTC)
FILLED = (
    TicketSearch(city="c", text="a & b?=%", state=State.SOON, queue_late=True, filed_since=MOMENT),
    BoardEventList(what=BoardEvents.RED, since=MOMENT, until=MOMENT),
    InboxAddress(unit="water", which=Which.LATE, q="路 灯"),
    SupervisionList(city="c", leader="a b", late="yes"),
    PromiseList(city="c", which=PromisePart.LATE),
)


def _request(url: str) -> Request:
    query = urlsplit(url).query.encode()
    return Request({"type": "http", "method": "GET", "query_string": query, "headers": []})


def test_no_address_of_a_list_is_put_together_by_hand() -> None:
    """Each is built by its class: a text would go on meaning what the list no longer reads."""
    lists = [one.path for one in every_address() if one.path]
    assert len(lists) >= 6
    by_hand = re.compile(rf"(?:{'|'.join(map(re.escape, lists))})(?:\.csv)?\?(?!do=)")
    written = [
        f"{path}: {found[0]}"
        for path in sorted(PAGES.rglob("*"))
        if path.suffix in (".py", ".html", ".js")
        for found in by_hand.finditer(path.read_text(encoding="utf-8"))
    ]
    assert written == []


@pytest.mark.parametrize("address", FILLED, ids=lambda one: type(one).__name__)
def test_what_an_address_writes_it_reads(address: Address) -> None:
    assert type(address).read(_request(address.url)) == address
    following = f"{address.following}cursor=abc"
    assert type(address).read(_request(following)) == address.model_copy(update={"cursor": "abc"})
    assert address.sheet.startswith(f"{address.path}.csv?")


@pytest.mark.parametrize("kind", list(every_address()), ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    "query", ["overdue=true", "city=a&city=b", "=1", "state%20=open", "City=a"]
)
def test_what_an_address_does_not_know_is_refused(kind: type[Address], query: str) -> None:
    needed = "what=red&" if kind is BoardEventList else ""
    with pytest.raises(Problem) as refused:
        kind.read(_request(f"/?{needed}{query}"))
    assert refused.value.code == "unknown_parameter"


@pytest.mark.parametrize("values", [{"state": "late"}, {"filed_since": "yesterday"}, {"kind": "x"}])
def test_a_wrong_value_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TicketSearch().but(**values)


def test_a_field_that_a_form_left_empty_is_no_filter() -> None:
    read = TicketSearch.read(_request("/staff/tickets?text=&state=&stage=+&unit=water"))
    assert read == TicketSearch(unit="water")
