"""A ticket, account, file or assignment of others is answered like one that does not exist.

A walk over every route and every field that names a thing, as staff of another city, as an officer
of an unrelated unit and as one of the accused unit: in addresses, bodies, queries and forms. The
answer is that of a thing that does not exist, it tells nothing of it, and nothing changes.
"""

import base64
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload, Payloads

from api.http.app import create_app
from api.pages.shared.addresses import every_address
from api.rest import councils, grid, supervision
from domain.actors import Role
from domain.commands.registry import COMMANDS
from domain.policy.permissions import STAFF
from runtime.codec import TicketCodec
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import accounts, sessions, tokens
from store.webhooks import subscriptions
from store.webhooks.changes import BEGINNING
from store.webhooks.seeing import Viewer
from store.webhooks.subscriptions import NewWebhook, cipher_of
from tests.api.running_api import REPLY, Api, Filed, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING, connect_to, end_leftovers, platform
from tests.support.media import a_photo
from tests.support.people import SignedIn, signed_in
from tests.support.walking import (
    Address,
    Named,
    action_fields,
    addresses,
    fields_of,
    forms,
    names_read,
    page_modules,
    parameters,
    plain,
    record,
    tells,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

TITLE, TEXT = "紫藤巷东口", "紫藤巷东口的事，琥珀园的人都说了，你们到底管不管？"
NAME, PHONE, MASKED = "欧阳紫薇", "13800137351", "138****7351"
WORDS = ("紫藤巷", "琥珀园", NAME, PHONE, MASKED)

HERE, ELSEWHERE = "tongzhou", "heping"
ACCUSED = "market"
"""A unit of Tongzhou: unrelated to one ticket, accused in the other. Heping has one, too."""

NAMES: dict[str, Named] = {
    **dict.fromkeys(("number", "into", "was", "same", "a", "b", "c", "d", "parent"), Named.TICKET),
    "jiesu_ticket": Named.TICKET,
    "text": Named.TICKET,  # the search: a number typed leads to its ticket
    "q": Named.TICKET,
    "n": Named.ASSIGNMENT,
    "assignment": Named.ASSIGNMENT,
    "pick": Named.LINE,
    "one": Named.LINE,  # in the address of one's own page a session, see `ADDRESSED`
    **dict.fromkeys(("file", "files", "evidence", "records", "kept", "photo"), Named.FILE),
    "account": Named.ACCOUNT,
    "token": Named.TOKEN,
    "session": Named.SESSION,
    "webhook": Named.WEBHOOK,
    "phone": Named.PHONE,
    "earlier": Named.SEARCH,
    "do": Named.BUTTON,
}
"""The parameters that name a thing of somebody's, and which."""

NO_NAMES = {
    # texts of people, and what they fill in
    "address", "answer", "cons", "contact", "crs", "decision", "display", "email", "lat", "lon",
    "minutes", "name", "nobody", "note", "on", "options", "place", "pros", "question", "reason",
    "reply", "residents", "rows", "sheet", "task", "title", "votes", "website", "words", "photos",
    "order", "look", "wait", "url",
    # choices and yes or no
    "agreed", "anonymous", "approve", "begin", "contacted", "grade", "ground", "holds", "kind",
    "kinds", "locally", "longer",
    "outcome", "public", "purpose", "rating", "reached", "resolved", "resume", "scopes", "what",
    "step", "role", "channel", "action", "chore", "release",
    # the city's words: units, areas, categories, rules
    "accused", "area", "category", "city", "city_id", "feature", "features", "indicator",
    "pack", "prize", "tier", "topic", "unit", "units",
    # filters and pages of lists
    "after", "before", "call_back_due", "cursor", "done", "due_before", "ended_since",
    "ended_until", "exactly", "filed_since", "filed_until", "lang", "least", "limit", "only",
    "open", "open_at", "overdue", "queue", "queue_late", "site", "sort", "square", "stage", "state",
    "tickets", "wall", "which", "within",
    # times and versions
    "as_of", "by", "days", "month", "since", "starts_at", "until", "version", "year",
    # secrets, and what proves that a request is meant
    "code", "ends", "idempotency_key", "proof", "send", "subscription",
    "new", "old", "password", "signature", "stamp", "totp",
    "carried", "wallet", "wallet_code", "join_to",
    # what a citizen chose, which staff never names: see `test_rewards.py`
    "redemption",
    # of councils: numbers on a ticket, what is filled in, and the code of an invitation
    "council", "subject", "statements_until", "vote_opens_at", "vote_closes_at", "count", "replace",
    "label", "option", "invitation", "tasks", "due", *(f"{part}_{n}" for n in range(1, 6)
      for part in ("title", "pros", "cons", "task", "unit", "due")),
    # of grid workers: what they write; whose entry, check or request it is: see `test_grid.py`
    "cell", "full_time", "request", "sign_up", "entry", "entries", "fed", "check", "seen",
    "private", "moment", "id", "login", "worker",
    # of patrols: rounds and draws, which are no tickets (see `test_patrols.py`), and their fields
    "round", "draw", "sample", "stamps", "sent_at", "point", "points", "accuracy", "at", "size",
    "remarks",
    # of supervision lists and contractors' sheets: posts, what is filled in, and rows, whose tests
    # are in `test_supervision.py`
    "leader", "settled", "late", "attempt", "compare", "line", "granted", "row",
    # of appointments: their number, which a code opens, and what is filled in or chosen
    "appointment", "service", "day", "visit", "ticket", "access_code",
    # of mediations: numbers on a ticket, what people say, and the code of a signature
    "mediation", "party", "parties", "says",
    *(f"point_{n}" for n in range(1, 6)),
    *(f"{part}_{n}" for n in range(1, 5) for part in ("side", "says")),
    # of promises, hearings and report cards: numbers on a ticket or in a city, what is filled in
    # hand-overs of other cities, which `test_handover.py` tries
    "neighbour", "handover",
    "promise", "promise_due", "moved_to", "hearing", "shown", "chosen", "quarter",
    # of incidents: their own city's (see `test_incidents.py`), and what is filled in
    "incident", "proposal", "scope", "statement", "lead", "places", "began_at", "over",
    "areas", "categories", "metres",
    # of batches of slips, whose owner alone sees them (see `test_staff_slips.py`), and of exports
    "batch", "from", "format", "personal", "reports",
    # of messages: what is chosen to be told, and previews (see `tests/messaging`)
    "sms", "language", "template", "message", "link",
    # of agents: drafts, and requests for a person, on a ticket (see `test_machine_acts.py`)
    "agent", "draft",
    # of letters between cities and of sources of events: who signs them, and when
    "timestamp", "origin",
    # of devices: their readings and places
    "value", "outline",
    # how it is sent
    "accept_encoding", "device", "path", "prefer", "span", "to",
}  # fmt: skip
"""The parameters that name nothing of anybody's."""

ADDRESSED = ("number", "n", "file", "account", "token", "session", "one", "webhook")
"""The parameters of addresses that name something."""

UNKNOWN: dict[str, str] = {
    "number": "2603021234560", "n": "1", "file": f"f{0:032x}", "account": "0" * 12,
    "token": "0" * 12, "session": "0" * 16, "one": "0" * 16,
    "webhook": "wh_" + "0" * 16,
}  # fmt: skip

WHAT_ELSE = {
    "version": "1", "city": ELSEWHERE, "city_id": ELSEWHERE, "action": "disable", "what": "urge",
    "neighbour": "x", "handover": "0" * 32,
    "chore": "spool", "path": "x", "code": "x", "council": "1", "task": "1",
    "sign_up": "none", "promise": "1", "hearing": "tongzhou-1", "question": "0",
    "round": "x", "draw": "x", "sample": "x",
    "row": "0" * 32, "batch": "0" * 32,
    "month": "2026-01", "line": "1", "topic": "tongzhou-1",
    "incident": "0" * 16, "request": "1", "draft": "1", "request_id": "x",
    "link": "x",
    "appointment": "x", "service": "x", "mediation": "1", "party": "1", "point": "1",
}  # fmt: skip

BODIES: dict[str, Any] = {command.tag(): command.spec.example for command in COMMANDS} | {
    "complete_assignment": REPLY,
    "unmask_person": {"purpose": "回访"},
    "manage_accounts": {"role": "desk", "city": ELSEWHERE},
    "prepare_council": councils.EXAMPLE,
    "invite_to_council": {"count": 2},
    "follow_up_council": councils.FOLLOWING,
    "ask_grid_check": grid.CHECK,
    "put_on_list": supervision.PUTTING,
}


@dataclass
class Stranger:
    """A member of staff, a ticket of their own, and what they must not learn of."""

    who: SignedIn
    role: Role
    own: Filed
    others: list[Filed]

    @property
    def tried(self) -> list[Filed]:
        """The first two of them, of which one has no unit or is a report about one's own."""
        return self.others[:2]

    def may(self, address: Address) -> bool:
        return self.role in address.right.roles


@dataclass
class World:
    """Two cities. The things are Tongzhou's, and `strangers` may not learn of them."""

    api: Api
    things: dict[str, str]
    proven: str
    tickets: list[Filed]
    strangers: list[Stranger]

    @property
    def secrets(self) -> list[str]:
        return [*WORDS, *(one.number for one in self.tickets)]

    async def send(
        self, address: str, method: str, stranger: Stranger, content: Any = None, **query: str
    ) -> httpx.Response:
        """Send a request; to a page as a browser does, with the form's token."""
        headers = stranger.who.headers
        fields: dict[str, Any] = {"params": query} if query else {}
        if address.startswith("/staff"):
            headers = stranger.who.cookie | {"Accept": "text/html", "Accept-Language": "zh"}
            if method == "POST":
                fields["data"] = {"csrf": stranger.who.csrf, "key": "walk"} | (content or {})
        elif method in ("POST", "PUT"):
            fields["json"] = content or {}
        answer = await self.api.http.request(method, address, headers=headers, **fields)
        assert answer.status_code < 500, (method, address, answer.text)
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    engine_address: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Build the world once: nobody changes it."""
    home = tmp_path_factory.mktemp("walk")
    shutil.copy(sqlite_template, home / "jiesu.db")
    store, client = Store.open(f"sqlite:///{home / 'jiesu.db'}"), await connect_to(engine_address)
    plenty = {"limit_commands": "100000/minute", "limit_sign_in": "1000/minute"}
    try:
        async with (
            platform(client, store) as running,
            serve_api(home, store, client, running.packs, **plenty) as api,
        ):
            yield await _built(api)
    finally:
        await end_leftovers(client)
        await store.close()


async def _built(api: Api) -> World:
    names = {"title": TITLE, "text": TEXT, "contact": {"name": NAME, "phone": PHONE}}
    photo = (await api.http.post("/api/v1/files", content=a_photo())).json()
    shared = await api.file(**names, files=[photo["reference"]])
    called = {"units": [{"unit": "planning", "task": TEXT}], "ground": "beyond_street"}
    assert (await shared.by_unit("whistle", called | {"reason": TEXT})).status_code == 200
    report = await _sent(api, "water", kind="report", accused=ACCUSED, **names)
    filed, unclear = await api.file(**names), await api.unclear(**names)
    await filed.until_stage("handle")
    assert (await filed.by_unit("extend", {"by": "3d", "reason": TEXT})).status_code == 200
    answered = await api.file(**names)
    assert (await answered.complete()).status_code == 200
    await answered.until_stage("rate")
    things = {"number": shared.number, "n": "1", "file": photo["id"], **await _people(api)}
    tickets = [shared, unclear, report, filed, answered]
    strangers = [one async for one in _strangers(api, tickets)]
    return World(api, things, photo["reference"], tickets, strangers)


async def _sent(api: Api, unit: str, **values: Any) -> Filed:
    """File a ticket and send it to a unit, by hand."""
    choice: dict[str, Any] = {
        name: values.pop(name) for name in ("kind", "accused") if name in values
    }
    ticket = await api.unclear(**values)
    choice |= {"category": values.get("category", "0301"), "unit": unit}
    answer = await ticket.by(Role.DISPATCHER, "triage", choice)
    assert answer.status_code == 200, answer.text
    await ticket.until_stage("handle")
    return ticket


async def _people(api: Api) -> dict[str, str]:
    """Return an account, a token, a session and a webhook of Tongzhou's."""
    clerk = await signed_in(api, Role.DESK, city=HERE)
    account = await accounts.by_name(api.store, clerk.name)
    assert account is not None
    token, _ = await tokens.issue(api.store, Role.DESK, None, "program", city=HERE)
    now, idle = api.context.now(), api.context.idle
    (session,) = await sessions.listing(api.store, account.id, now, idle)
    (webhook, _) = await _webhook(api)
    return {
        "account": account.id,
        "token": token,
        "session": session.id,
        "one": session.id,
        "webhook": webhook,
    }


async def _webhook(api: Api) -> tuple[str, str]:
    new = NewWebhook(
        name="program",
        url="https://hooks.example/in",
        viewer=Viewer(Role.SUPERVISOR, None, HERE),
        kinds=(),
        owner="test",
        after=BEGINNING,
    )
    made = await subscriptions.add(api.store, cipher_of(RING), new, api.context.now())
    assert made is not None
    return made


async def _strangers(api: Api, tickets: list[Filed]) -> AsyncIterator[Stranger]:
    theirs = await _sent(api, ACCUSED, city=ELSEWHERE, text="这边也问一句，管不管？")
    mine = await _sent(api, ACCUSED, text="另外问一句，管不管？")
    called = {"units": [{"unit": "planning", "task": "核实。"}], "ground": "beyond_street"}
    answer = await mine.by_unit("whistle", called | {"reason": "涉及规划。"}, ACCUSED)
    assert answer.status_code == 200, answer.text
    for role in sorted(STAFF):
        unit = ACCUSED if role is Role.OFFICER else None
        who = await signed_in(api, role, unit, ELSEWHERE)
        yield Stranger(who, role, theirs, tickets)
    shared, _, report, *_ = tickets
    for city in (HERE, None):
        officer = await signed_in(api, Role.OFFICER, ACCUSED, city)
        yield Stranger(officer, Role.OFFICER, mine, [shared, report])


@asynccontextmanager
async def unchanged(world: World, what: Any) -> AsyncIterator[None]:
    """Check that nothing in the record changes meanwhile."""
    before = await record(world.api.store)
    yield
    after = await record(world.api.store)
    assert [name for name in before if before[name] != after[name]] == [], what


def unsaid(content: Any) -> list[str]:
    """Return the words of Tongzhou's tickets that a request did not say itself."""
    return [word for word in WORDS if word not in str(content)]


# --- which parameters there are -------------------------------------------------------------------


async def test_every_parameter_is_known_to_name_something_or_nothing(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, keys=RING.text()), packs=SHIPPED)  # type: ignore[arg-type]
    names = {name for address in addresses(app) for name in parameters(address.route)}
    names |= {name for module in page_modules() for name in names_read(module)}
    names |= {name for fields in action_fields().values() for name in fields}
    names |= {name for address in every_address() for name in fields_of(address)}
    assert names - NAMES.keys() - NO_NAMES == set(), "does it name a thing of somebody's?"
    assert (NAMES.keys() | NO_NAMES) - names == set(), "read nowhere"


# --- in addresses -----------------------------------------------------------------------------


def _addressed(world: World) -> Iterator[Address]:
    for address in addresses(world.api.app):
        if any(f"{{{name}}}" in address.path for name in ADDRESSED):
            yield address


def _at(
    world: World, address: Address, stranger: Stranger, named: str
) -> Awaitable[httpx.Response]:
    content = {"purpose": "回访"} if address.page else BODIES.get(address.right.key)
    query = {"ends": str(2**33), "signature": "x"} if "{file}" in address.path else {}
    return world.send(named, address.method, stranger, content, **query)


PARTS = 3
"""Into how many tests the two longest walks are cut: whoever runs them side by side waits less."""


@pytest.mark.parametrize("part", range(PARTS))
async def test_an_address_that_names_anothers_thing_is_answered_like_none(
    world: World, part: int
) -> None:
    walked, addressed = set(), [*_addressed(world)][part::PARTS]
    for address, stranger, ticket in _tries(world, addressed):
        things = world.things | {"number": ticket.number}
        here, nowhere = (address.path.format(**WHAT_ELSE | names) for names in (things, UNKNOWN))
        ask = partial(_at, world, address, stranger)
        case = (address.method, here, stranger.role)
        texts = [*things.values(), *UNKNOWN.values()]
        answer = await _alike(world, case, ask, here, nowhere, texts)
        refused = 401 if (address.method, address.path) in BY_SIGNATURE else 404
        assert answer.status_code == refused, (*case, answer.text)
        walked.add((address.method, address.path))
    asked = {(one.method, one.path) for one in addressed}
    assert asked - walked == ONLY_BY_CODE & asked


ONLY_BY_CODE = {
    ("POST", "/api/v1/tickets/{number}/rating"),
    ("GET", "/api/v1/tickets/{number}/reward"),
    ("POST", "/api/v1/tickets/{number}/leave-incident"),
    ("POST", "/api/v1/tickets/{number}/reward/wallet"),
    ("POST", "/api/v1/tickets/{number}/reward/prizes"),
    ("DELETE", "/api/v1/tickets/{number}/reward/prizes/{redemption}"),
}
"""Acts that need an access code, so that nobody of another city comes there."""

BY_SIGNATURE = {("GET", "/api/v1/neighbours/files/{handover}/{file}")}
"""Addresses that need another city's signature: without one each thing is answered alike."""


def _tries(world: World, addresses: Iterable[Address]) -> Iterator[tuple[Address, Stranger, Filed]]:
    """Yield each address with the strangers of a role that may use it, and tickets of others."""
    for address in addresses:
        for stranger in filter(lambda one: one.may(address), world.strangers):
            for ticket in stranger.tried:
                yield address, stranger, ticket


async def _alike(
    world: World,
    case: Any,
    ask: Callable[[Any], Awaitable[httpx.Response]],
    others: Any,
    none: Any,
    texts: Sequence[str] = (),
) -> httpx.Response:
    """Return the answer about another's thing: it tells nothing, as if there were no such thing."""
    async with unchanged(world, case):
        for _ in range(2):  # pages show the time, and a minute may have passed in between
            answer, nothing = await ask(others), await ask(none)
            if plain(answer, *texts) == plain(nothing, *texts):
                break
    assert plain(answer, *texts) == plain(nothing, *texts), case
    assert tells(answer, unsaid(texts)) == [], case
    return answer


# --- in bodies and headers ------------------------------------------------------------------------

REFUSED = {
    "files": "unknown_file",
    "evidence": "unknown_file",
    "into": "merge_target_unknown",
}
"""The code for each field of a body whose thing does not exist."""


def _bodies(world: World) -> Iterator[tuple[Address, str]]:
    """Yield the routes of the API that a body tells a name, and the name of the field."""
    below = {*ADDRESSED, "text", "phone", "jiesu_ticket"}
    for address in addresses(world.api.app):
        if not address.page:
            for name in sorted(parameters(address.route) & NAMES.keys() - below):
                # The unit that leads may release the share of another.
                if (address.right.key, name) != ("release", "assignment"):
                    yield address, name


def _values(world: World, name: str, ticket: Filed) -> list[tuple[Any, Any]]:
    """Return things of others to name, each with one that does not exist."""
    if NAMES[name] is Named.FILE:
        proof = world.api.context.uploads.signer.proof(UNKNOWN["file"])
        proven = ([world.proven], [f"{UNKNOWN['file']}.{proof}"])
        return [([world.things["file"]], [UNKNOWN["file"]]), proven]
    if NAMES[name] is Named.TICKET:
        return [(ticket.number, UNKNOWN["number"])]
    return [(2, 99)]


def _send_named(
    world: World, key: str, here: str, stranger: Stranger, name: str, named: Any
) -> Awaitable[httpx.Response]:
    body = BODIES.get(key, {"text": "另外的事", "city": ELSEWHERE})
    return world.send(here, "POST", stranger, body | {name: named})


async def test_a_body_that_names_anothers_thing_is_answered_like_none(world: World) -> None:
    walked = set()
    for bodies, name in _bodies(world):
        for address, stranger, ticket in _tries(world, [bodies]):
            for value, none in _values(world, name, ticket):
                here = address.path.format(**WHAT_ELSE | {"number": stranger.own.number, "n": "1"})
                ask = partial(_send_named, world, address.right.key, here, stranger, name)
                case = (here, stranger.role, name, value)
                if name == "assignment":
                    async with unchanged(world, case):
                        assert (await ask(value)).status_code >= 400, case
                else:
                    answer = await _alike(world, case, ask, value, none)
                    assert answer.status_code >= 400, case
                    walked.add((name, answer.json()["code"]))
    assert set(REFUSED.items()) <= walked, "refused for another reason"


async def test_a_phone_finds_nothing_of_another_city(world: World) -> None:
    for stranger in world.strangers:
        for phone in (PHONE, f"+86 {PHONE}"):
            async with unchanged(world, stranger.role):
                answer = await world.send(
                    "/api/v1/people/search", "POST", stranger, {"phone": phone}
                )
            if stranger.role in (Role.OFFICER, Role.AUDITOR):
                assert answer.status_code == 403
            else:
                assert answer.json() == {"numbers": []}, stranger.role


async def test_the_codec_opens_and_seals_nothing_of_another_city(world: World) -> None:
    context = world.api.context
    for stranger in world.strangers:
        for ticket in stranger.tried:
            payloads = [Payload(metadata={"encoding": b"json/plain"}, data=TEXT.encode())]
            sealed = await TicketCodec(context.keys, ticket.number).encode(payloads)
            async with unchanged(world, stranger.role):
                opened = await world.send("/codec/decode", "POST", stranger, _payloads(sealed))
                headers = stranger.who.headers | {"Jiesu-Ticket": ticket.number}
                closed = await world.api.http.post(
                    "/codec/encode", json=_payloads(payloads), headers=headers
                )
            assert {opened.status_code, closed.status_code} <= {403, 404}, stranger.role
            assert base64.b64encode(TEXT.encode()).decode() not in opened.text
            if stranger.role in (Role.AUDITOR, Role.ADMIN):
                assert closed.json()["code"] == opened.json()["code"] == "ticket_not_found"


def _payloads(some: list[Payload]) -> Any:
    return MessageToDict(Payloads(payloads=some))


# --- in queries and forms of pages ----------------------------------------------------------------

TICKET_PAGE = "api.pages.ticket.ticket"


def _page_fields(world: World) -> Iterator[tuple[Address, str]]:
    """Yield the routes of staff pages, each with the names that its module reads."""
    of_actions = action_fields()
    for address in addresses(world.api.app):
        module = address.route.endpoint.__module__
        if not address.path.startswith("/staff/") or module.startswith("api.pages.citizen"):
            continue
        fields = of_actions.get(address.path.rpartition("/")[2], set())
        if module != TICKET_PAGE:
            fields = names_read(module)
        # Of shares a page offers only one's own, and reads no other; a text is searched in lists.
        own_words = {"assignment"} | ({"text"} if address.path != "/staff/tickets" else set())
        if address.path.endswith("/leave-contact"):
            own_words.add("phone")  # it is written down, and finds nobody
        for name in sorted(fields & NAMES.keys() - own_words):
            if f"{{{name}}}" not in address.path:
                yield address, name


def _typed(world: World, name: str, ticket: Filed) -> list[tuple[str, str]]:
    """Return what a field may carry: of others, and of nobody."""
    number, nobody = ticket.number, UNKNOWN["number"]
    match NAMES[name]:
        case Named.TICKET:
            return [(number, nobody)]
        case Named.LINE:
            return [(f"{number}-1", f"{nobody}-1")]
        case Named.FILE:
            return [(world.things["file"], UNKNOWN["file"])]
        case Named.PHONE:
            return [(PHONE, "13900000000")]
        case Named.SEARCH:
            sign = world.api.context.signer("earlier").dumps
            return [(str(sign(["somebody", [number]])), str(sign(["somebody", [nobody]])))]
        case Named.BUTTON:
            return [
                (f"same:{what}:{number}", f"same:{what}:{nobody}") for what in ("facts", "urge")
            ]
    raise AssertionError(name)


ALSO: dict[str, dict[str, str]] = {
    "/staff/triage/triage": {"category": "0301"},
    "/staff/triage/reassign": {"unit": ACCUSED, "reason": "另外的事"},
    "/staff/triage/conclude": {"outcome": "answered", "text": "另外的事"},
    "/staff/decisions/decide": {"approve": "true", "reason": "同意"},
    "/staff/decisions/arbitrate": {"unit": ACCUSED, "text": "另外的事"},
    "/staff/call-backs/call-back": {"reached": "no"},
    "/staff/call-backs/phone": {},
    "/staff/merge/unmerge": {"reason": "另外的事"},
}
"""The rest of a form in which only the number is wrong: the answer is 404."""

SEARCH = {"purpose": "来电查询", "do": "caller"}


@pytest.mark.parametrize("part", range(PARTS))
async def test_a_field_of_a_page_that_names_anothers_thing_is_answered_like_none(
    world: World, part: int
) -> None:
    refused, walked = set(), [*_page_fields(world)][part::PARTS]
    for fields, name in walked:
        for address, stranger, ticket in _tries(world, [fields]):
            for value, none in _typed(world, name, ticket):
                own = {"number": stranger.own.number, "account": world.things["account"]}
                here = address.path.format(**UNKNOWN | WHAT_ELSE | own)
                ask = partial(_typed_in, world, address.method, here, stranger, name)
                case = (address.method, here, stranger.role, name, value)
                values = [value, none, ticket.number, UNKNOWN["number"]]
                answer = await _alike(world, case, ask, value, none, values)
                if answer.status_code == 404:
                    refused.add((here, name))
    named = {(address.path, name) for address, name in walked}
    judged = {(path, "number") for path in ALSO} & named
    assert judged <= refused, "it did not come to the number"


async def test_every_form_with_more_than_a_number_is_one_of_a_page(world: World) -> None:
    named = {(address.path, name) for address, name in _page_fields(world)}
    assert {(path, "number") for path in ALSO} <= named


def _typed_in(
    world: World, method: str, here: str, stranger: Stranger, name: str, named: str
) -> Awaitable[httpx.Response]:
    values = ALSO.get(here, SEARCH) | {name: named}
    if method == "GET":
        return world.send(here, method, stranger, **values)
    return world.send(here, method, stranger, values)


OWN_PAGES: dict[Role, tuple[str, ...]] = {
    Role.DESK: ("/staff/triage", "/staff/call-backs"),
    Role.DISPATCHER: ("/staff/triage", "/staff/decisions", "/staff/merge"),
    Role.SUPERVISOR: ("/staff/decisions", "/staff/triage"),
    Role.OFFICER: ("/staff/inbox",),
    Role.ADMIN: ("/staff/admin/people", "/staff/admin/tokens"),
}
"""The pages of Tongzhou's own staff whose forms carry numbers, besides those of tickets."""


async def _drawn(world: World) -> AsyncIterator[tuple[Role, str, dict[str, list[str]]]]:
    """Yield what the buttons of Tongzhou's own pages send: role, address and content."""
    for role in OWN_PAGES:
        unit = "water" if role is Role.OFFICER else None
        who = Stranger(await signed_in(world.api, role, unit, HERE), role, world.tickets[0], [])
        async for path, page in _own_pages(world, who):
            for form in forms(page):
                for action, values in form.presses():
                    yield role, action or path, values


async def _own_pages(world: World, who: Stranger) -> AsyncIterator[tuple[str, httpx.Response]]:
    """Yield the pages of a member of Tongzhou's staff, with every form that they offer open."""
    tickets = [f"/staff/tickets/{ticket.number}" for ticket in world.tickets]
    if who.role is Role.ADMIN:
        yield "", await world.send(f"/staff/admin/people/{world.things['account']}", "GET", who)
    if who.role is Role.DESK:
        fields = SEARCH | {"phone": PHONE, "text": "另外的事"}
        yield "/staff/call", await world.send("/staff/call", "POST", who, fields)
    for path in (*OWN_PAGES[who.role], *tickets):
        page = await world.send(path, "GET", who)
        yield path, page
        for address in re.findall(r'href="([^"]*\?do=[a-z-]+)#action"', page.text):
            yield path, await world.send(address, "GET", who)


def _named(world: World, stranger: Stranger, path: str, values: dict[str, Any]) -> bool:
    """Return whether an address or a field of the form names a thing this stranger must not see."""
    whole = f"{path} {values}"
    things = [world.things["account"], world.things["token"]] if stranger.role is Role.ADMIN else []
    return any(one in whole for one in (*things, *(one.number for one in stranger.others)))


async def test_a_form_that_was_drawn_for_others_does_nothing(world: World) -> None:
    """The number lies in the address or in hidden fields: whoever has it sends the same form."""
    sent: set[tuple[str, int]] = set()
    async for role, action, values in _drawn(world):
        path = action.partition("?")[0]
        filled = {name: texts for name, texts in values.items() if texts != [""]}
        content: dict[str, Any] = {**ALSO.get(path, {}), **filled}
        for stranger in (one for one in world.strangers if one.role is role):
            if not _named(world, stranger, path, content):
                continue
            mine = {"csrf": stranger.who.csrf, "city": ELSEWHERE}
            case = (role, action, content)
            async with unchanged(world, case):
                answer = await world.send(path, "POST", stranger, content | mine)
            assert tells(answer, unsaid(content)) == [], case
            sent.add((re.sub(r"\d{13}|[0-9a-f]{12}", "…", path), answer.status_code))
    said_line_by_line = {("/staff/inbox/sign", 200), ("/staff/inbox/print", 200)}
    refused = {(path, status) for path, status in sent if status in (403, 404)}
    assert sent - refused == said_line_by_line
    drawn = {
        "/staff/call",
        "/staff/triage/triage",
        "/staff/decisions/decide",
        "/staff/admin/people/…",
    }
    assert {path for path, _ in refused} >= drawn
    assert len(refused) > 30, refused


# --- in lists -----------------------------------------------------------------------------------


NO_LISTS = {"/assets/{path:path}", "/staff/board/stream"}


async def test_no_list_and_no_page_tells_of_anothers_ticket(world: World) -> None:
    for address in addresses(world.api.app):
        named = any(f"{{{name}}}" in address.path for name in ADDRESSED)
        if address.method != "GET" or named or address.path in NO_LISTS:
            continue
        for stranger in filter(lambda one: one.may(address), world.strangers):
            here = address.path.format(**WHAT_ELSE)
            for query in ({}, *QUERIES.get(address.path, ())):
                answer = await world.send(here, "GET", stranger, **query)
                hidden = [one.number for one in stranger.others]
                lines = tells(answer, [*unsaid(query), *hidden])
                assert lines == [], (here, stranger.role, query)


QUERIES: dict[str, list[dict[str, str]]] = {
    "/api/v1/tickets": [{"text": TITLE}, {"city": HERE}, {"unit": "water"}, {"open": "true"}],
    "/api/v1/assignments": [{"unit": "water"}, {"unit": "water", "city": HERE}, {"unit": ACCUSED}],
    "/api/v1/queues": [{"queue": "triage"}, {"queue": "decision", "city": HERE}],
    "/api/v1/audit/verdicts": [{"city": HERE}, {"unit": "water"}],
    "/staff/tickets": [{"text": TITLE}, {"city": HERE}, {"unit": "water"}],
    "/staff/inbox": [{"unit": "water"}, {"unit": "water", "city": HERE}, {"q": TITLE}],
    "/staff/triage": [{"city": HERE}],
    "/staff/decisions": [{"city": HERE}],
    "/staff/call-backs": [{"city": HERE}],
    "/staff/audit": [{"limit": "20", "open": "any"}, {"limit": "20", "city": HERE}],
    "/staff/board": [{"city": HERE}],
    "/staff/board/events": [{"what": what, "city": HERE} for what in ("red", "orders")],
    "/staff/board.csv": [{"what": "soon"}, {"what": "soon", "city": HERE}],
    "/staff/places/tickets": [{"what": "filed"}, {"what": "filed", "city": HERE}],
    "/staff/places/tickets.csv": [{"what": "filed"}, {"what": "filed", "city": HERE}],
    "/staff/spots": [{"city": HERE}],
    "/staff/league/tickets": [{"indicator": "satisfaction"}, {"unit": "water", "city": HERE}],
    "/staff/league/points/events": [{"unit": "water"}, {"unit": "water", "city": HERE}],
}
"""Questions of lists that ask for another's."""
