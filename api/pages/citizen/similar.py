"""'Me too': others reported the same nearby.

Whoever says so follows by a number of their own, with an own answer and an own rating. The two are
merged (并单): at once, where the other citizen let question and answer be published; else by the
dispatcher, whom the words of the ticket name the other one. For whoever is merged reads the answer
that was meant for somebody else, and to say "mine is the same" must not be a way to it. Nobody is
given another citizen's ticket itself: only its access code opens it.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from api import filing
from api.door import Door
from api.intake import ComplaintIn
from api.pages.forms import Form
from api.problems import Problem
from api.sending import NotRunning
from domain.actors import SYSTEM
from domain.commands.intake import Merge
from domain.commands.messages import Act
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.pack.routing import classify
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from store.tickets import intake
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.numbers import parse_number

logger = structlog.stdlib.get_logger("jiesu.api")

NONE = "none"
_SAID = "市民本人确认与该工单反映同一问题"


class Similar(NamedTuple):
    """An open ticket, with what the pack calls its subject and its unit."""

    ticket: Nearby
    category: Category
    unit: Unit | None


async def similar(door: Door, pack: Pack, body: ComplaintIn, key: str) -> list[Similar]:
    """Open tickets about the same; none for a form that was sent before, which has its ticket."""
    if await intake.by_key(door.store, key) is not None:
        return []
    said = body.model_dump(exclude={"city", "contact"})
    draft = filing.draft(pack, datetime.now(UTC), **said)
    guess = classify(pack, draft)
    if guess.category is None or not guess.confident:
        return []
    found = await open_nearby(door.store, draft, guess.category, guess.area, pack.severity)
    category = pack.category(guess.category)
    return [
        Similar(
            one, category, pack.unit(one.unit) if one.unit and pack.has_unit(one.unit) else None
        )
        for one in found
    ]


def named(found: list[Similar], form: Form) -> Similar | None:
    """The one that the citizen says is the same, if it was among those that were shown."""
    return next((one for one in found if one.ticket.number == form.typed["same"]), None)


async def join(door: Door, pack: Pack, body: ComplaintIn, number: str, same: Similar) -> bool:
    """Have the new ticket handled with the other one at once, where that is safe.

    Whatever stands against it (the other has its answer by now, the engine is away) leaves it to
    the dispatcher: the ticket itself says which one is meant.
    """
    safe = same.ticket.public and body.kind is not Kind.REPORT and pack.features.merge
    if not safe:
        return False
    command = Merge(into=same.ticket.number, reason=_SAID)
    act = Act(actor=SYSTEM, command=command)
    try:
        await door.engine.act(number, act, f"same/{number}")
    except (Problem, Refused, NotRunning) as error:
        logger.info("left to the dispatcher", code=getattr(error, "code", "not_running"))
        return False
    return True


def with_same(body: ComplaintIn, form: Form) -> ComplaintIn:
    """The complaint, with the number of the ticket that it is said to be the same as."""
    same = form.typed["same"]
    if same in ("", NONE):
        return body
    return body.model_copy(
        update={"text": f"{body.text}\n（与工单 {parse_number(same)} 反映同一问题）"}
    )
