"""The list behind every number of every page has as many rows as the number says.

Numbers are found in the pages themselves: a link whose text holds a number leads to the rows that
were counted. A new page is added to `PAGES`; a new number of these pages is found by itself.
"""

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from domain.actors import Role
from tests.api.running_api import Api, serve_store_alone
from tests.store.population import AREA
from tests.support.filled_city import CITY, MONTH, UNITS, fill
from tests.support.numbers import cells, rows_behind
from tests.support.overdue import LATE_PROMISES, LATE_ROWS, LATE_TASKS
from tests.support.people import SignedIn, signed_in

HERE = f"city={CITY}"
OFFICER = Role.OFFICER
PAGES: dict[str, tuple[Role, int]] = {
    # who reads it, and how many numbers it has at least
    f"/staff/board?{HERE}": (Role.SUPERVISOR, 25),
    "/staff/board?city=jinan": (Role.SUPERVISOR, 12),
    "/staff/board?city=heping": (Role.AUDITOR, 12),
    f"/staff/places?month={MONTH}&{HERE}": (Role.SUPERVISOR, 10),
    f"/staff/places?{HERE}": (Role.DISPATCHER, 4),
    f"/staff/places?month={MONTH}&area={AREA}&{HERE}": (Role.AUDITOR, 6),
    f"/staff/spots?month={MONTH}&{HERE}": (Role.SUPERVISOR, 4),
    f"/staff/spots?month={MONTH}&category=0301&{HERE}": (Role.SUPERVISOR, 2),
    f"/staff/league?month={MONTH}&{HERE}": (Role.SUPERVISOR, 10),
    f"/staff/inbox?unit=water&{HERE}": (Role.DISPATCHER, 9),
    f"/staff/inbox?unit=water&q=路灯&{HERE}": (Role.DISPATCHER, 9),
    f"/staff/inbox?unit=water&q=nowhere&{HERE}": (Role.DISPATCHER, 9),
    f"/staff/inbox?{HERE}": (OFFICER, 9),
    f"/staff/triage?{HERE}": (Role.DISPATCHER, 3),
    f"/staff/decisions?{HERE}": (Role.SUPERVISOR, 3),
    f"/staff/call-backs?{HERE}": (Role.DESK, 0),
}


class Reader:
    """Somebody who is signed in, and reads pages."""

    def __init__(self, api: Api, who: SignedIn) -> None:
        self._api = api
        # The city worked in before: links have to name the one that was counted.
        cookie = f"{who.cookie['Cookie']}; city=heping"
        self._headers = {"Accept": "text/html", "Accept-Language": "en", "Cookie": cookie}

    async def get(self, path: str) -> httpx.Response:
        return await self._api.http.get(path, headers=self._headers)

    async def read(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.text


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """Fill a city once, and open the application with a store alone: nothing is done here."""
    home = tmp_path_factory.mktemp("filled")
    async with serve_store_alone(sqlite_template, home) as opened:
        await fill(opened.store, opened.context.now())
        yield opened


async def _reader(api: Api, role: Role) -> Reader:
    return Reader(api, await signed_in(api, role, UNITS[0] if role is OFFICER else None))


async def test_behind_every_number_are_as_many_rows(api: Api) -> None:
    wrong, seen = list[str](), set[tuple[str, ...]]()
    for path, (role, least) in PAGES.items():
        reader = await _reader(api, role)
        numbers = [link for link in cells(await reader.read(path)).links if link.counts]
        assert len(numbers) >= least, path
        for link in {link.url: link for link in numbers}.values():
            rows = await rows_behind(link.url, reader.read)
            seen.add((link.path, *sorted(link.query)))
            if rows != link.number:
                wrong.append(f"{path}: {link.text.strip()} {link.behind} {link.url}: {rows} rows")
    assert not wrong, "\n".join(wrong)
    lists = {path for path, *_ in seen}
    assert lists >= {"/staff/tickets", "/staff/board/events", "/staff/inbox",
                     "/staff/places/tickets", "/staff/league/tickets", "/staff/supervision",
                     "/staff/council-tasks", "/staff/promises"}  # fmt: skip


async def test_every_number_of_the_board_leads_to_its_tickets(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    page = await reader.read(f"/staff/board?{HERE}")
    assert cells(page).bare == []
    tiles = re.findall(r'<div class="tile[^"]*"><dt>.*?</div>', page, re.S)
    assert len(tiles) == 8
    assert all("<a " in tile for tile in tiles)


async def test_what_is_past_its_day_is_on_the_board_of_a_city_that_has_it(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    late = dict[str, dict[str, int]]()
    for city in (CITY, "jinan", "heping"):
        page = await reader.read(f"/staff/board?city={city}")
        lists = ("/staff/supervision", "/staff/council-tasks", "/staff/promises")
        links = [one for one in cells(page).links if one.counts and one.path in lists]
        late[city] = {one.path: one.number for one in links}
        assert ('id="b-overdue"' in page) == bool(links)
        sheet = await reader.get(f"/staff/board.csv?what=overdue&city={city}")
        assert len(sheet.text.splitlines()) == 1 + len(links)
    assert late == {
        CITY: {},
        "jinan": {"/staff/supervision": LATE_ROWS, "/staff/council-tasks": LATE_TASKS},
        "heping": {"/staff/promises": LATE_PROMISES},
    }
    read = await api.http.get("/api/v1/cities/jinan/board", headers=await api.token(Role.AUDITOR))
    counted = [(one["kind"], one["late"]) for one in read.json()["overdue"]]
    assert counted == [("list", LATE_ROWS), ("council", LATE_TASKS)]
    # The whole list has more: what is not late, or settled, is left out by the link alone.
    assert await rows_behind("/staff/supervision?city=jinan", reader.read) == LATE_ROWS + 2


async def test_late_is_the_same_on_board_list_and_places(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    board = {link.url: link for link in cells(await reader.read(f"/staff/board?{HERE}")).links}
    late = next(link for link in board.values() if link.query.get("state") == "overdue")
    by_stage = [
        link for link in board.values() if {"state", "stage"} <= link.query.keys()
        and link.query["state"] == "overdue"
    ]  # fmt: skip
    assert late.number == sum(link.number for link in by_stage if link.counts) > 0
    places = cells(await reader.read(f"/staff/places?{HERE}")).links
    assert late.number == next(one for one in places if one.query.get("what") == "late").number
    # What a citizen has not done yet is not late, and nothing in the list says so.
    listed = await reader.read(f"/staff/tickets?stage=rate&state=open&{HERE}")
    assert 'href="/staff/tickets/' in listed
    assert "clock-late" not in listed


async def test_points_are_those_of_their_events(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    page = await reader.read(f"/staff/league/points?month={MONTH}&{HERE}")
    links = [link for link in cells(page).links if link.path == "/staff/league/points/events"]
    assert links
    for link in links:
        events = await reader.read(link.url)
        left_out = [float(one) for one in
                    re.findall(r'<td class="num">(-?[\d.]+) <small>', events)]  # fmt: skip
        each = [float(one) for one in re.findall(r'<td class="num">(-?[\d.]+)', events)]
        assert round(sum(each) - sum(left_out), 2) == float(link.text), link.url


async def test_the_map_counts_what_its_squares_lead_to(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    answer = await reader.get(f"/staff/spots.json?month={MONTH}&{HERE}")
    assert answer.json()
    for square in answer.json():
        assert await rows_behind(square["url"], reader.read) == square["tickets"]


async def test_a_sheet_of_spots_has_every_row(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    for what in ("street", "category", "map", "topics"):
        sheet = await reader.get(f"/staff/spots.csv?what={what}&month={MONTH}&{HERE}")
        assert sheet.status_code == 200
        assert len(sheet.text.splitlines()) > 1, what


async def test_a_sheet_has_every_row(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    page = cells(await reader.read(f"/staff/board?{HERE}"))
    soon = next(link for link in page.links if link.query.get("state") == "soon")
    sheet = await reader.get(f"/staff/board.csv?what=soon&{HERE}")
    _, *rows = csv.reader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert len(rows) == soon.number > 20


@pytest.mark.parametrize(
    "path", ["/staff/tickets", *sorted({path.split("?")[0] for path in PAGES})]
)
async def test_what_a_page_does_not_know_is_refused(api: Api, path: str) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    if path == "/staff/call-backs":
        reader = await _reader(api, Role.DESK)
    for parameter in ("overdue=true", "statee=open", "%20=1", "State=open"):
        answer = await reader.get(f"{path}?{parameter}&{HERE}")
        assert answer.status_code == 422, (path, parameter)
        assert 'href="/staff/tickets/2' not in answer.text


async def test_a_list_says_by_what_else_it_is_narrowed(api: Api) -> None:
    reader = await _reader(api, Role.SUPERVISOR)
    page = await reader.read(f"/staff/tickets?channel=hotline&queue_late=true&{HERE}")
    assert '<input type="hidden" name="channel" value="hotline">' in page
    without = cells(page).links
    assert any(one.query == {"queue_late": "true", "city": CITY} for one in without)
    double = await reader.get(f"/staff/tickets?stage=rate&stage=handle&{HERE}")
    assert double.status_code == 422


async def test_a_unit_learns_no_channel_of_a_report(api: Api) -> None:
    officer = await _reader(api, OFFICER)
    found = await officer.read(f"/staff/tickets?kind=report&{HERE}")
    assert re.search(r'href="/staff/tickets/\d{13}"', found)
    narrowed = await officer.read(f"/staff/tickets?kind=report&channel=web&{HERE}")
    assert not re.search(r'href="/staff/tickets/\d{13}"', narrowed)
    supervisor = await _reader(api, Role.SUPERVISOR)
    known = await supervisor.read(f"/staff/tickets?kind=report&channel=web&{HERE}")
    assert re.search(r'href="/staff/tickets/\d{13}"', known)
