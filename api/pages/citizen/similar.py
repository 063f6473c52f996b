"""'Me too': others reported the same nearby.

Whoever says so still gets a ticket of their own, with an own answer and an own rating: the words
name the other ticket, so that the dispatcher merges the two (并单). Nobody is given another
citizen's ticket to follow, because only its access code opens it.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from api import filing
from api.door import Door
from api.intake import ComplaintIn
from api.pages.forms import Form
from domain.catalogue import Category, Unit
from domain.pack import Pack
from domain.routing import classify
from store import intake
from store.nearby import Nearby, open_nearby
from store.numbers import parse_number

NONE = "none"


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


def with_same(body: ComplaintIn, form: Form) -> ComplaintIn:
    """The complaint, with the number of the ticket that it is said to be the same as."""
    same = form.typed["same"]
    if same in ("", NONE):
        return body
    return body.model_copy(
        update={"text": f"{body.text}\n（与工单 {parse_number(same)} 反映同一问题）"}
    )
