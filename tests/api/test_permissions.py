"""Tests that the API enforces the permission table: every route, every role, over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from api.http import route_permissions
from api.rest import (
    agents,
    appointments,
    councils,
    grid,
    handover,
    hearings,
    mediations,
    promises,
    report_cards,
    supervision,
)
from domain.actors import OF_UNITS, Role
from domain.commands.relations import SEEING, Relation
from domain.policy.permissions import ACCOUNTS, COMMANDS, RIGHTS, STAFF, Right
from store.identity import accounts, tokens
from tests.api.running_api import REPLY, Api, Filed, problem
from tests.support.patrols import a_draw
from tests.support.people import new_account, signed_in

OFFICERS = {
    Relation.LEAD: "water",
    Relation.SHARE: "planning",
    Relation.ABOVE: "gov",
    Relation.NONE: "market",
    Relation.ACCUSED: "market",
}
OF_A_SESSION = {
    "sign_out",
    "sign_out_everywhere",
    "list_own_sessions",
    "end_own_session",
    "change_password",
}
OF_CITIZENS = {
    "rate_ticket", "list_own_tickets", "get_reward", "join_wallet", "choose_prize", "send_events",
    "leave_incident",
}  # fmt: skip
"""Permissions that an access code, a pass or a source's own secret gives, and nothing else."""

OF_WHOEVER_MAY = {"file_complaint", "upload_file"}
"""Permissions of everybody; a caller who shows a token still needs a permitted role."""

BY_ACTS = {
    "access_code", "use_agent_door", "export_reports", "export_personal_data",
    "send_test_message", "choose_messages",
}  # fmt: skip
"""Permissions that acts ask for themselves, whatever the route: see `test_access_codes.py`,
`test_exports.py`, `tests/messaging`."""

NO_GATEWAY = (404, "not_found")
"""The answer to receipts where no gateway is set; what is signed is tried in `tests/messaging`."""

IN_THE_STANDARDS_FORM = {"read_open311", "send_open311"}
"""Permissions of routes with errors of their own: see `tests/api/open311`."""

NONSENSE = {"nonsense": True}
"""A body for which a permitted caller gets a 422, and nothing is done."""

BODIES: dict[str, Any] = {command.tag(): command.spec.example for command in COMMANDS} | {
    "complete_assignment": REPLY,
    "unmask_person": {"purpose": "回访"},
    "contest_machine": agents.CONTEST,
    "ask_for_person": agents.PERSON,
    "decide_person_request": agents.DECISION,
    "propose_reply": agents.DRAFT,
    "use_draft": agents.USING,
    "prepare_council": councils.EXAMPLE,
    "invite_to_council": {"count": 2},
    "follow_up_council": councils.FOLLOWING,
    "open_council": {},
    "finish_council_task": {},
    "close_council": {},
    "ask_grid_check": grid.CHECK,
    "put_on_list": supervision.PUTTING,
    "rectify_row": {"text": "已整改。"},
    "revisit_row": {"holds": True, "note": "已整改。"},
    "close_assessment": {},
    "object_to_assessment": {"line": 1, "text": "不属我司。"},
    "decide_objection": {"granted": True, "reason": "属实。"},
    "settle_kind_of_row": {"text": "请各单位排查。"},
    "make_promise": promises.EXAMPLE | {"due": f"{datetime.now(UTC).date() + timedelta(days=30)}"},
    "prepare_hearing": hearings.EXAMPLE,
    "invite_to_hearing": {"count": 2},
    "answer_at_hearing": hearings.ANSWERING,
    "promise_at_hearing": hearings.PROMISING,
    "publish_hearing": {},
    "decide_question": {"shown": True},
    "choose_case": report_cards.EXAMPLE,
    "keep_promise": promises.KEEPING,
    "break_promise": promises.BREAKING,
    "excuse_promise": {"reason": "灯杆厂停产。"},
    "keep_mediation": mediations.DRAFT,
    "offer_handover": handover.OFFERING,
    "decide_handover": {},
    "tell_other_city": handover.NOTE,
    "record_visit": {"visit": "arrived"},
    "move_by_staff": appointments.MOVING,
}


@dataclass
class Tickets:
    """A ticket that water leads and planning shares, and a report about the market authority."""

    shared: Filed
    report: Filed
    managed: dict[str, str]

    def seen_from(self, near: Relation | None) -> Filed:
        return self.report if near is Relation.ACCUSED else self.shared


@pytest.fixture
async def tickets(api: Api) -> Tickets:
    shared = await api.file(contact={"phone": "13800001234"})
    called = {
        "ground": "beyond_street",
        "reason": "涉及规划。",
        "units": [{"unit": "planning", "task": "核实。"}],
    }
    assert (await shared.by_unit("whistle", called)).status_code == 200
    report = Filed(api, (await api.unclear()).receipt)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await report.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await report.until_stage("handle")
    return Tickets(shared, report, await _managed(api) | await _patrolled(api))


async def _patrolled(api: Api) -> dict[str, str]:
    """Record a round of a patrol, and a draw from it."""
    made, draw = await a_draw(api.store)
    return {"round": made, "draw": draw}


async def _managed(api: Api) -> dict[str, str]:
    """Create an account and a token that administrators may change."""
    account = await accounts.by_name(api.store, await new_account(api))
    token, _ = await tokens.issue(api.store, Role.DESK, None, "managed")
    assert account is not None
    return {"account": account.id, "token": token}


def routes(api: Api) -> Iterator[tuple[str, str, Right]]:
    """Yield method, path and table row of every route of the API; pages have tests of their own."""
    for route in route_permissions.routes_of(api.app):
        key = route_permissions.key_of(route)
        assert key is not None
        if isinstance(route, APIRoute) and (route.include_in_schema or key == "metrics"):
            for method in sorted(route.methods or ()):
                yield method, route.path, RIGHTS[key]


BODIES_OF_PATHS: dict[str, Any] = {
    "proposal": mediations.PROPOSAL,
    "paper": {"file": f"f{0:032x}"},
    "fail": {"reason": "分歧较大。"},
    "kept": {},
    "discard": {},
}
"""The bodies of routes that share their right with others, by the last part of their path."""


def _filled(path: str, tickets: Tickets, near: Relation | None = None) -> str:
    n = 2 if near is Relation.SHARE else 1
    number = tickets.seen_from(near).number
    fields = {"n": n, "version": 1, "city": "tongzhou", "file": f"f{0:032x}", "chore": "spool"}
    fields |= {"session": "0" * 16, "redemption": "none", "code": "@", "council": 1, "task": 1}
    fields["sign_up"] = "none"
    fields |= {"row": "0", "month": "2026-01", "line": 1}
    fields["promise"] = 1
    fields |= {"neighbour": "@", "handover": "0" * 32}
    fields["topic"] = fields["sample"] = "@"
    fields |= {"request": 1, "draft": 1}
    fields |= {"incident": "@", "webhook": "none", "link": "none"}
    fields |= {"appointment": "none", "service": "none", "mediation": 1, "party": 1, "point": 1}
    fields |= {
        "hearing": "tongzhou-1" if "{number}" in path else "@",
        "question": "0",
    }
    return path.format(number=number, **fields, **tickets.managed)


async def _ask(
    api: Api, method: str, path: str, headers: dict[str, str], body: Any
) -> tuple[int, str]:
    answer = await api.http.request(
        method, path, headers=headers, json=body if method in ("POST", "PUT") else None
    )
    assert answer.status_code < 500, (method, path, answer.text)
    refused = answer.headers.get("content-type") == "application/problem+json"
    return problem(answer) if refused else (answer.status_code, "")


async def test_every_role_is_let_in_where_the_table_says_so_and_nowhere_else(
    api: Api, tickets: Tickets
) -> None:
    seen = set()
    for method, path, right in routes(api):
        seen.add(right.key)
        for role in sorted(STAFF - {Role.OFFICER}):
            filled = _filled(path, tickets)
            pair = await _ask(api, method, filled, await api.token(role), NONSENSE)
            if right.key in OF_A_SESSION:
                assert pair[0] in (403, 422), (right.key, role, pair)
            elif right.key in OF_CITIZENS:
                assert pair == (401, "unauthenticated"), (right.key, role, pair)
            elif right.key == "send_letter":  # everybody may, and nothing counts but the signature
                assert pair == (401, "letter_refused"), (right.key, role, pair)
            elif right.key == "take_receipt":
                assert pair == NO_GATEWAY, (right.key, role, pair)
            elif role in right.roles or (right.everybody and right.key not in OF_WHOEVER_MAY):
                assert pair[0] not in (401, 403, 404), (right.key, role, pair)
            else:
                assert pair == (403, "forbidden"), (right.key, role, pair)
    pages = {key for key in RIGHTS if key.startswith("page_")}
    elsewhere = {"static", "openapi", "codec_preflight"} | BY_ACTS | IN_THE_STANDARDS_FORM
    assert seen == RIGHTS.keys() - pages - elsewhere


async def test_a_grid_worker_is_let_in_only_where_the_table_names_them(
    api: Api, tickets: Tickets
) -> None:
    who = await api.token(Role.GRID_WORKER, "water", city="tongzhou")
    for method, path, right in routes(api):
        if right.everybody or Role.GRID_WORKER in right.roles or right.key in OF_CITIZENS:
            continue
        pair = await _ask(api, method, _filled(path, tickets), who, NONSENSE)
        assert pair[0] == 404 or pair == (403, "forbidden"), (right.key, pair)


async def test_who_shows_nothing_is_let_in_only_where_everybody_is(
    api: Api, tickets: Tickets
) -> None:
    for method, path, right in routes(api):
        pair = await _ask(api, method, _filled(path, tickets), {}, NONSENSE)
        if right.key == "take_receipt":
            assert pair == NO_GATEWAY, (right.key, pair)
        elif right.everybody:
            assert pair[0] not in (403, 404), (right.key, pair)
            assert pair[1] != "unauthenticated" or right.key in OF_CITIZENS
        else:
            assert pair == (401, "unauthenticated"), (right.key, pair)


async def test_an_access_code_opens_what_the_table_gives_to_citizens(
    api: Api, tickets: Tickets
) -> None:
    for method, path, right in routes(api):
        if right.everybody:
            continue
        filled = _filled(path, tickets)
        pair = await _ask(api, method, filled, tickets.shared.citizen, NONSENSE)
        if right.citizens:
            assert pair[0] in (200, 422), (right.key, pair)
        else:
            assert pair == (401, "unauthenticated"), (right.key, pair)


@pytest.mark.parametrize("near", list(Relation))
async def test_an_officer_is_let_in_as_near_as_the_table_says(
    api: Api, tickets: Tickets, near: Relation
) -> None:
    ticket, headers = tickets.seen_from(near), await api.officer(OFFICERS[near])
    for method, path, right in routes(api):
        if right.everybody or right.key in OF_A_SESSION or "{number}" not in path:
            continue
        allowed = right.allows(Role.OFFICER, near)
        named = BODIES_OF_PATHS.get(path.rpartition("/")[2], BODIES.get(right.key))
        body = NONSENSE if allowed else named
        pair = await _ask(api, method, _filled(path, tickets, near), headers, body)
        if allowed:
            assert pair[0] in (200, 422), (right.key, near, pair)
        elif right.key in OF_CITIZENS:
            assert pair == (401, "unauthenticated")
        elif near in SEEING:
            assert pair[0] in (403, 409), (right.key, near, pair)
        else:
            missing = "assignment" if "{n}" in path else "ticket"
            assert pair == (404, f"{missing}_not_found"), (right.key, near, pair)
    kinds = await ticket.kinds()
    assert kinds[-1] in ("whistled", "assigned"), "somebody was refused, and yet it happened"


@pytest.mark.parametrize("what", ["", "/events", "/sign", "/return", "/urge", "/reassign"])
async def test_a_ticket_that_is_not_yours_is_word_for_word_like_none(
    api: Api, tickets: Tickets, what: str
) -> None:
    strangers = [await api.officer("market")]
    strangers.append(await api.token(Role.OFFICER, "water", city="heping"))
    strangers.append(await api.token(Role.DISPATCHER, city="heping"))
    for headers in strangers:
        answers = []
        for number in (tickets.shared.number, "2603021234560"):
            path = f"/api/v1/tickets/{number}{what}"
            if what in ("", "/events"):
                answers.append(await api.http.get(path, headers=headers))
            else:
                body = BODIES[what.strip("/")]
                answers.append(await api.http.post(path, headers=headers, json=body))
        mine, nobodys = answers
        assert mine.status_code == 404, (what, mine.text)
        assert mine.content == nobodys.content
        assert dict(mine.headers) == dict(nobodys.headers)


@pytest.mark.parametrize("role", sorted(ACCOUNTS))
async def test_every_role_has_a_session_of_its_own(api: Api, role: Role) -> None:
    who = await signed_in(api, role, "water" if role in OF_UNITS else None)
    mine = await api.http.get("/api/v1/session", headers=who.cookie)
    assert mine.json()["role"] == role
    gone = await api.http.delete("/api/v1/session", headers=who.headers)
    assert gone.status_code == 204
    after = await api.http.get("/api/v1/session", headers=who.cookie)
    assert problem(after) == (401, "unauthenticated")


async def test_a_session_does_what_a_token_does_and_a_token_needs_no_csrf_token(
    api: Api, tickets: Tickets
) -> None:
    officer = await signed_in(api, Role.OFFICER, "water")
    assert (await api.http.get("/api/v1/tickets", headers=officer.cookie)).status_code == 200
    assert (await tickets.shared.act("sign", officer.headers)).status_code == 200
    elsewhere = await api.officer("planning") | {"Origin": "http://elsewhere.test"}
    assert (await tickets.shared.act("sign", elsewhere)).status_code == 200


def test_a_route_that_names_no_row_is_not_served() -> None:
    app, router = FastAPI(docs_url=None, redoc_url=None), APIRouter()

    @router.get("/open-to-all")
    async def forgotten() -> None: ...

    app.include_router(router)
    with pytest.raises(route_permissions.RouteWithoutPermission, match="open-to-all"):
        route_permissions.check_routes(app)
