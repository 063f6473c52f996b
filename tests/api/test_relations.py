"""Tests of the table of relations, over HTTP: what each carries from ticket to ticket.

Each scene gives every row of its relation, as states before and after; each cell is looked at.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.actors import Role
from domain.ticket.relations import CARRIED, Carries, Direction, Matter, TicketRelation
from store.db.engine import Store
from store.tickets import intake
from tests.api.running_api import GOOD, REPLY, Api, Filed, serve_api
from tests.api.test_files import listed, upload
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.media import a_photo

EMERGENCY, RUBBISH = "0202", "0302"
BAD = {"contacted": True, "resolved": False, "grade": 1}

State = dict[Matter, Any]


@pytest.fixture
async def town(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that merges, inspects, excludes, and watches closed tickets; reworks none."""
    packs = city_with(
        tmp_path / "cities",
        features={"merge": True, "settle_all": True, "exclude": True},
        limits={"revisit": "1d", "aftercare": "30d"},
        aftercare={"revisits": ["7d"]},
        reasons={"exclude": [{"code": "mistaken_rating", "zh": "误评", "en": "By mistake"}]},
    )
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


# --- what is seen of a ticket --------------------------------------------------------------------


async def _until_kind(ticket: Filed, kind: str, times: int = 1) -> None:
    async with asyncio.timeout(60):
        while (await ticket.kinds()).count(kind) < times:
            await asyncio.sleep(0.02)


async def _events(ticket: Filed) -> list[dict[str, Any]]:
    answer = await ticket.api.http.get(
        f"{ticket.path}/events", headers=await ticket.api.token(Role.AUDITOR)
    )
    events: list[dict[str, Any]] = [event["fact"] for event in answer.json()]
    return events


async def _said(ticket: Filed) -> set[str]:
    """Return what citizens said, as staff of the ticket read it."""
    heard = ("facts_added", "complainant_added", "complainant_joined")
    texts = [fact["text"] for fact in await _events(ticket) if fact["kind"] in heard]
    own = (await ticket.seen_by_staff())["complaint"]["text"]
    return {line for text in [own, *texts] for line in text.split("\n")}


def _due(state: Mapping[str, Any]) -> datetime | None:
    promises = [clock for clock in state["clocks"] if clock["name"] == "promise"]
    return datetime.fromisoformat(promises[-1]["due_at"]) if promises else None


def _unit(state: Mapping[str, Any]) -> str | None:
    leads = [one["unit"] for one in state["assignments"] if one["share"] == "lead"]
    return leads[-1] if leads else None


async def _state(ticket: Filed) -> State:
    """Return every matter of the ticket, as the centre sees it."""
    state = await ticket.seen_by_staff()
    files = await listed(ticket, await ticket.api.token(Role.SUPERVISOR))
    return {
        Matter.KIND: state["kind"],
        Matter.ACCUSED: state["accused"],
        Matter.CATEGORY: state["category"],
        Matter.TIER: state["tier"],
        Matter.PROMISE: _due(state),
        Matter.UNIT: _unit(state),
        Matter.FACTS: await _said(ticket),
        Matter.FILES: {one["id"] for one in files},
        Matter.URGING: state["urges_before"] + len(state["urged_at"]),
        Matter.RATING: state["rating"],
        Matter.EXCLUSION: state["excluded"],
    }


@dataclass(frozen=True)
class Seen:
    """One row: the giving ticket, and the receiving one `before` and `after`.

    `since`: the receiving ticket before the relation that has ended. `by`: how far the giver moved
    its promise. `fresh`: the receiving ticket was filed by the relation.
    """

    giver: State
    before: State
    after: State
    since: State | None = None
    by: timedelta = timedelta()
    fresh: bool = False


def _check(cell: Carries, matter: Matter, seen: Seen) -> None:
    given, before, after = seen.giver[matter], seen.before[matter], seen.after[matter]
    match cell:
        case Carries.NOTHING if seen.fresh:
            assert not after or after != given or matter in (Matter.KIND, Matter.UNIT)
            if matter in (Matter.FACTS, Matter.FILES):
                assert not after & given
        case Carries.NOTHING:
            assert after == before
        case Carries.PASSED if matter in (Matter.FACTS, Matter.FILES):
            assert given
            assert given <= after
        case Carries.PASSED if matter is Matter.URGING and not seen.fresh and given != after:
            assert after == before + given > before
        case Carries.PASSED:
            assert after == given
        case Carries.LENT:
            assert after == (before or given)
        case Carries.MOVED:
            assert seen.by
            assert after == before + seen.by
        case Carries.RESTORED:
            assert seen.since is not None
            assert after == seen.since[matter]


def _check_row(relation: TicketRelation, direction: Direction, seen: Seen) -> None:
    wrong = {}
    for matter, cell in CARRIED[relation, direction].items():
        try:
            _check(cell.carries, matter, seen)
        except AssertionError as error:
            wrong[matter] = error
    assert not wrong, (relation, direction)


def test_every_relation_says_of_every_matter_what_it_carries() -> None:
    assert set(CARRIED) == {(one, way) for one in TicketRelation for way in Direction}
    for row in CARRIED.values():
        assert set(row) == set(Matter)
        assert all(cell.why.endswith(".") for cell in row.values())


# --- the scenes ----------------------------------------------------------------------------------


async def _add(ticket: Filed, text: str) -> str:
    """Add a fact with a photo as the citizen; return the photo's id."""
    photo = await upload(ticket.api, a_photo())
    answer = await ticket.act(
        "facts", ticket.citizen, {"text": text, "files": [photo["reference"]]}
    )
    assert answer.status_code == 200, answer.text
    return str(photo["id"])


async def _merge(child: Filed, parent: Filed) -> None:
    joined = (await parent.kinds()).count("complainant_joined")
    body = {"into": parent.number, "reason": "同一处。"}
    answer = await child.by(Role.DISPATCHER, "merge", body)
    assert answer.status_code == 200, answer.text
    await _until_kind(parent, "complainant_joined", joined + 1)


async def _emergency(api: Api, text: str = "井盖没了，有人掉下去了。") -> Filed:
    """File an emergency with a photo and a later addition, urged once."""
    photo = await upload(api, a_photo())
    ticket = await api.file(category=EMERGENCY, text=text, files=[photo["reference"]])
    await ticket.until_stage("handle")
    await _add(ticket, "就在校门口。")
    assert (await ticket.act("urge", ticket.citizen, {"text": "快"})).status_code == 200
    return ticket


async def test_what_a_merged_ticket_carries_both_ways(town: Api) -> None:
    parent = await town.file()
    await parent.until_stage("handle")
    child = await _emergency(town)
    unclear = await town.unclear(text="你们到底管不管？")
    before, own, none = await _state(parent), await _state(child), await _state(unclear)
    for one in (child, unclear):
        await _merge(one, parent)
    assert await _state(parent) | _heard(before) == before, "only what was said is new"
    await _add(child, "漏电了，有危险！")
    assert (await child.act("urge", child.citizen, {})).status_code == 200
    await _until_kind(parent, "complainant_urged")
    giver = await _state(child) | {Matter.URGING: 1}  # those of before the merge were answered to
    _check_row(TicketRelation.MERGED, Direction.OUT, Seen(giver, before, await _state(parent)))
    seen = {one["id"] for one in await listed(parent, await town.officer())}
    assert giver[Matter.FILES] <= seen, "the unit opens the photos"

    was, lent = await _state(child), await _state(unclear)
    assert (was[Matter.CATEGORY], was[Matter.TIER]) == (EMERGENCY, "emergency")
    assert (await parent.by_unit("extend", {"by": "3d", "reason": "等配件。"})).status_code == 200
    yes = {"approve": True, "reason": "同意。"}
    assert (await parent.by(Role.DISPATCHER, "decide", yes)).status_code == 200
    shown = await upload(town, a_photo(), await town.officer(), purpose="evidence")
    body = REPLY | {"evidence": [shown["id"]]}
    assert (await parent.complete(body=body)).status_code == 200
    for one in (child, unclear):
        await one.until_stage("rate")
    assert (await parent.rate()).status_code in (200, 202)
    await _until_kind(parent, "rated")
    giver = await _state(parent) | {Matter.FILES: {shown["id"]}}
    for one, first in ((child, was), (unclear, none | {Matter.PROMISE: lent[Matter.PROMISE]})):
        given = Seen(giver, first, await _state(one), by=timedelta(days=3))
        _check_row(TicketRelation.MERGED, Direction.BACK, given)
        assert shown["id"] in {file["id"] for file in await listed(one, one.citizen)}
    assert own[Matter.UNIT] != "water", "another unit had it"


def _heard(state: State) -> State:
    return {matter: state[matter] for matter in (Matter.FACTS, Matter.FILES)}


async def _until_category(ticket: Filed, category: str) -> None:
    async with asyncio.timeout(60):
        while (await ticket.seen_by_staff())["category"] != category:
            await asyncio.sleep(0.02)


async def test_a_correction_holds_for_those_that_borrow_and_for_nobody_else(town: Api) -> None:
    parent = await town.file()
    await parent.until_stage("handle")
    child, unclear = await _emergency(town), await town.unclear()
    for one in (child, unclear):
        await _merge(one, parent)
    own, before = await _state(child), await _state(unclear)
    corrected = {"category": RUBBISH, "reason": "实为垃圾问题。"}
    assert (await parent.by(Role.DESK, "reclassify", corrected)).status_code == 200
    await _until_category(unclear, RUBBISH)
    given, after = await _state(parent), await _state(unclear)
    changed = {Matter.CATEGORY: given[Matter.CATEGORY], Matter.TIER: given[Matter.TIER]}
    assert after == before | changed, "the promise to its citizen was not made by that category"
    entry = (await unclear.seen())["timeline"][-1]
    assert (entry["what"], entry["answer_by"]) == ("已更正诉求的分类", None)
    assert entry["category"] == (await parent.seen())["category"]
    assert await _state(child) == own, "what was decided of it stays"
    assert "reclassified_with_parent" not in await child.kinds()
    # What is unmerged is triaged: the corrected category was lent, too.
    assert (await unclear.by(Role.DISPATCHER, "unmerge", {"reason": "另一处。"})).status_code == 200
    await unclear.until_stage("triage")
    state = await unclear.seen_by_staff()
    assert (state["category"], state["tier"]) == (None, None)


async def test_what_is_corrected_on_a_merged_ticket_is_its_own_from_then_on(town: Api) -> None:
    parent = await town.file()
    await parent.until_stage("handle")
    unclear = await town.unclear()
    await _merge(unclear, parent)
    before = await _state(parent)
    corrected = {"category": EMERGENCY, "reason": "井盖没了。"}
    assert (await unclear.by(Role.DESK, "reclassify", corrected)).status_code == 200
    assert await _state(parent) == before, "the other ticket keeps its own"
    corrected = {"category": RUBBISH, "reason": "实为垃圾问题。"}
    assert (await parent.by(Role.DESK, "reclassify", corrected)).status_code == 200
    assert (await unclear.by(Role.DISPATCHER, "unmerge", {"reason": "另一处。"})).status_code == 200
    await unclear.until_stage("handle")
    state = await unclear.seen_by_staff()
    assert (state["category"], state["tier"]) == (EMERGENCY, "emergency")
    assert "unmerged_unclassified" not in await unclear.kinds()


async def test_what_an_unmerged_ticket_takes_back(town: Api) -> None:
    parent = await town.file()
    await parent.until_stage("handle")
    child, unclear = await _emergency(town), await town.unclear()
    since = await _state(child)
    for one in (child, unclear):
        await _merge(one, parent)
    merged, other = await _state(child), await _state(parent)
    for one in (child, unclear):
        answer = await one.by(Role.DISPATCHER, "unmerge", {"reason": "另一处。"})
        assert answer.status_code == 200, answer.text
    await child.until_stage("handle")
    after = await _state(child)
    back = Seen(await _state(parent), merged, after, since=since)
    _check_row(TicketRelation.UNMERGED, Direction.BACK, back)
    await _until_kind(parent, "complainant_left", 2)
    out = Seen(after, other, await _state(parent))
    _check_row(TicketRelation.UNMERGED, Direction.OUT, out)
    # The other one has nothing of its own: it is classified now, and an emergency is one at once.
    await unclear.until_stage("triage")
    state = await unclear.seen_by_staff()
    assert (state["category"], state["tier"]) == (None, None)
    answer = await unclear.by(Role.DISPATCHER, "triage", {"category": EMERGENCY})
    assert answer.status_code == 200, answer.text
    await unclear.until_stage("handle")
    state = await unclear.seen_by_staff()
    due, began = _due(state), datetime.fromisoformat(state["assignments"][-1]["opened_at"])
    assert due is not None
    assert due - began <= timedelta(hours=2)
    promises = [c for c in state["clocks"] if c["name"] == "promise" and not c["stopped_at"]]
    assert len(promises) == 1


async def test_what_a_follow_up_takes_from_the_ended_ticket(town: Api) -> None:
    ended = await town.unclear()
    body = {"category": RUBBISH, "kind": "suggestion", "area": "110112003"}
    assert (await ended.by(Role.DISPATCHER, "triage", body)).status_code == 200
    await ended.until_stage("handle")
    unit = str(_unit(await ended.seen_by_staff()))
    await _add(ended, "每天都有。")
    assert (await ended.act("urge", ended.citizen, {})).status_code == 200
    assert (await ended.complete(unit=unit)).status_code == 200
    await ended.until_stage("rate")
    assert (await ended.act("withdraw", ended.citizen, {})).status_code == 200
    await ended.until_stage("ended")
    before = await _state(ended)
    answer = await ended.act("recur", ended.citizen, {"text": "又有垃圾了。"})
    assert answer.status_code == 201, answer.text
    follower = Filed(town, answer.json())
    await follower.until_stage("handle")
    after = await _state(follower)
    given = Seen(before, dict.fromkeys(Matter), after, fresh=True)
    _check_row(TicketRelation.FOLLOWS, Direction.BACK, given)
    assert (await follower.seen_by_staff())["area"] == "110112003"
    _check_row(TicketRelation.FOLLOWS, Direction.OUT, Seen(after, before, await _state(ended)))


async def test_what_an_inspection_takes_from_what_was_found(town: Api) -> None:
    found = await town.file(category=RUBBISH, place={"area": "110112003"})
    await found.until_stage("handle")
    unit = str(_unit(await found.seen_by_staff()))
    await _add(found, "每天都有。")
    before = await _state(found)
    body = {"text": "请排查。", "units": ["environment"]}
    answer = await found.by_unit("settle-all", body, unit=unit)
    assert answer.status_code == 200, answer.text
    [number] = (await found.seen_by_staff())["inspections"]
    registered = await intake.get(town.store, number)
    assert registered is not None
    await town.context.engine.file(registered.complaint, new=True)
    code = town.context.vault.access_code(number)
    inspection = Filed(town, {"number": number, "access_code": code})
    await inspection.until_stage("handle")
    after = await _state(inspection)
    given = Seen(before, dict.fromkeys(Matter), after, fresh=True)
    _check_row(TicketRelation.INSPECTS, Direction.BACK, given)
    assert after[Matter.UNIT] == "environment"
    _check_row(TicketRelation.INSPECTS, Direction.OUT, Seen(after, before, await _state(found)))


async def test_what_the_next_round_takes_from_the_one_before(town: Api) -> None:
    ticket = await town.file()
    await ticket.until_stage("handle")
    await _add(ticket, "每天都有。")
    assert (await ticket.act("urge", ticket.citizen, {})).status_code == 200
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert (await ticket.rate(GOOD)).status_code in (200, 202)
    await ticket.until_stage("aftercare")
    body = {"ground": "mistaken_rating", "reason": "误按。", "evidence": ["call/1"]}
    assert (await ticket.by_unit("exclude", body)).status_code == 200
    yes = {"approve": True, "reason": "属实。"}
    assert (await ticket.by(Role.SUPERVISOR, "decide", yes)).status_code == 200
    before = await _state(ticket)
    assert before[Matter.EXCLUSION]
    assert before[Matter.RATING]
    answer = await ticket.act("recur", ticket.citizen, {"text": "又臭了。"})
    assert answer.status_code == 200, answer.text
    await ticket.until_stage("handle")
    after = await _state(ticket)
    assert after[Matter.PROMISE] > before[Matter.PROMISE], "a day is promised again"
    blank = before | {Matter.RATING: None, Matter.EXCLUSION: False, Matter.PROMISE: None}
    again = after | {Matter.PROMISE: None}
    _check_row(TicketRelation.REOPENS, Direction.BACK, Seen(before, blank, again))
    events = [fact["kind"] for fact in await _events(ticket)]
    assert {"rated", "exclusion_granted", "replied"} <= set(events), "the earlier round stays told"
    shown = await ticket.seen()
    assert (shown["reply"], shown["rating"]) == (None, None)
    said = [one["text"] for one in shown["timeline"] if one["kind"] == "replied"]
    assert said == [REPLY["reply"]], "what was answered stays in the story"
