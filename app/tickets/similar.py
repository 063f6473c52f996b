"""'Me too': complaints about the same matter as an open ticket nearby.

The citizen still gets a ticket of their own, with its own answer and rating. The two are merged
(并单): at once, if the other citizen agreed to publication; else by the dispatcher, who finds the
other number in the ticket's text. A merged citizen reads the answer meant for the other one, so
saying "mine is the same" must not be a way to get it. Another citizen's ticket is never shown in
full: only its access code opens it.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.filing import filing
from app.filing.incidents import belongs
from app.filing.intake import ComplaintIn
from app.filing.suggestions import guess
from app.sending.call_errors import NotRunning
from domain.actors import SYSTEM
from domain.commands.intake.merge import Merge
from domain.incident.judging import Verdict
from domain.messages import Act
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.refusals import Refused
from domain.ticket.complaint import of_wrongdoing
from store.tickets import intake
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.repeats import Where

logger = structlog.stdlib.get_logger("jiesu.api")

_MERGE_REASON = "市民本人确认与该工单反映同一问题"


class Similar(NamedTuple):
    """An open ticket, with its category and its unit in the pack."""

    ticket: Nearby
    category: Category
    unit: Unit | None


async def similar(context: AppContext, pack: Pack, body: ComplaintIn, key: str) -> list[Similar]:
    """Return open tickets about the same matter; none for a repeated filing that has its ticket."""
    await permit(context, None, "file_complaint")
    if await intake.by_key(context.store, key) is not None:
        return []
    values = body.model_dump(exclude={"city", "contact"})
    complaint = filing.unnumbered(pack, datetime.now(UTC), **values)
    found = await belongs(context, pack, complaint)
    if found is not None and found[1].verdict is Verdict.SURE:
        return []  # nobody has to look for the ticket of an incident that they are told of
    suggestion = guess(context, pack, complaint)
    if suggestion.category is None or not suggestion.confident:
        return []
    where = Where(suggestion.area, suggestion.site, suggestion.site_part)
    nearby_tickets = await open_nearby(
        context.store, complaint, suggestion.category, where, pack.severity
    )
    category = pack.category(suggestion.category)
    return [
        Similar(
            one, category, pack.unit(one.unit) if one.unit and pack.has_unit(one.unit) else None
        )
        for one in nearby_tickets
    ]


async def join(
    context: AppContext, pack: Pack, body: ComplaintIn, number: str, same: Similar
) -> bool:
    """Merge the new ticket into the other one at once if that is safe; return whether it was.

    If it fails (the other has its answer by now, the engine is unavailable), the dispatcher
    merges it: the ticket's text names the other one.
    """
    await permit(context, None, "file_complaint")
    safe = same.ticket.public and not of_wrongdoing(body.kind) and pack.features.merge
    if not safe:
        return False
    command = Merge(into=same.ticket.number, reason=_MERGE_REASON)
    act = Act(actor=SYSTEM, command=command)
    try:
        await context.engine.act(number, act, f"same/{number}")
    except (Problem, Refused, NotRunning) as error:
        logger.info("left to the dispatcher", code=getattr(error, "code", "not_running"))
        return False
    return True
