"""Tests of complaints of other systems as tickets: the citizen's promise is that of the filing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.imports.hotline import import_file
from app.imports.maps import read_map
from app.imports.taking import Importer
from domain.actors import Role
from domain.deadlines.registry import ClockName
from domain.pack.planning import plan_clock
from domain.ticket.complaint import Filer
from store.imports import register
from store.tickets.intake import Registered
from tests.api.running_api import Api, Filed
from tests.support.cities import SHIPPED
from tests.support.people import signed_in
from tests.support.staff_pages import AtDesk

PACK = SHIPPED.get("tongzhou")
MAP = """
source = "old-hotline"
link = "https://old.example/t/{number}"
[columns]
number = "no"
text = "text"
filed_at = "filed"
category = "category"
unit = "unit"
"""


async def take(api: Api, folder: Path, *lines: str) -> list[Filed]:
    """Import the rows, and return their tickets by the numbers of the other system."""
    (folder / "map.toml").write_text(MAP, encoding="utf-8")
    (folder / "old.csv").write_text("\n".join(["no,text,filed,category,unit", *lines]), "utf-8")
    mapping, codes = read_map(folder / "map.toml", PACK)
    context = api.context

    async def start(registered: Registered) -> bool:
        return await context.engine.file(registered.complaint, new=registered.new) is not None

    importer = Importer(
        context.store, context.vault, context.keys, PACK, mapping.source,
        Filer(role=Role.SYSTEM), lambda: datetime.now(UTC), start,
    )  # fmt: skip
    done = await import_file(importer, folder / "old.csv", mapping, codes, None)
    assert done.faults == []
    filed = []
    for line in lines:
        own = line.partition(",")[0]
        taken = await register.get(context.store, "tongzhou", "old-hotline", own)
        assert taken is not None
        assert taken.number is not None
        code = context.vault.access_code(taken.number)
        filed.append(Filed(api, {"number": taken.number, "access_code": code}))
    return filed


async def test_the_promise_runs_from_the_filing_and_the_units_time_from_now(
    api: Api, tmp_path: Path
) -> None:
    began = datetime.now(UTC)
    long_ago = (began - timedelta(days=60)).replace(microsecond=0, second=0)
    local = long_ago.astimezone(PACK.calendar.tz)
    (ticket,) = await take(api, tmp_path, f"1,河水又黑又臭,{local:%Y-%m-%d %H:%M},0301,")
    seen = await ticket.until_stage("handle")
    promise = plan_clock(PACK, ClockName.PROMISE, "complex", long_ago)
    assert promise is not None
    assert datetime.fromisoformat(seen["due_at"]) == promise.due_at < began
    state = await ticket.seen_by_staff()
    assert datetime.fromisoformat(state["complaint"]["filed_at"]) == long_ago
    own = [clock for clock in state["clocks"] if clock["name"] != "promise"]
    assert own
    assert all(datetime.fromisoformat(clock["started_at"]) >= began for clock in own)


async def test_what_a_person_has_to_classify_is_not_late_on_its_first_day(
    api: Api, tmp_path: Path
) -> None:
    began = datetime.now(UTC)
    (ticket,) = await take(api, tmp_path, "2,你们到底管不管,2020-02-03,,")
    state = await ticket.seen_by_staff()
    assert state["stage"] == "triage"
    assert all(datetime.fromisoformat(clock["due_at"]) > began for clock in state["clocks"])


async def test_a_unit_that_the_other_system_had_given_it_to_has_it_here(
    api: Api, tmp_path: Path
) -> None:
    (ticket,) = await take(api, tmp_path, "3,路灯不亮,2026-01-05,0204,water")
    await ticket.until_stage("handle")
    state = await ticket.seen_by_staff()
    assert [share["unit"] for share in state["assignments"]] == ["water"]
    assert state["complaint"]["filed_by"]["role"] == "system"


async def test_staff_find_the_way_to_the_original(api: Api, tmp_path: Path) -> None:
    (ticket,) = await take(api, tmp_path, "A-4,路灯不亮,2026-01-05,0204,")
    await ticket.until_stage("handle")
    desk = AtDesk(api, await signed_in(api, Role.DISPATCHER))
    page = await desk.ticket(ticket)
    assert 'href="https://old.example/t/A-4"' in page.text
    other = await api.file()
    await other.until_stage("handle")
    assert "old.example" not in (await desk.ticket(other)).text
