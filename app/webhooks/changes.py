"""The changes of tickets, in an order that stays: what a program has read, it has read whole."""

from typing import Annotated

from pydantic import Field

from app.access.caller import AskedAgain, Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.sending.read_your_writes import until
from domain.model import Incoming, Recorded
from domain.ticket.complaint import Code
from domain.webhooks.changes import TicketChange
from store.webhooks import changes
from store.webhooks.changes import Position
from store.webhooks.numbering import number_changes
from store.webhooks.seeing import Viewer, change_of, seen
from store.webhooks.subscriptions import cipher_of

NOW = "now"
"""The word for the cursor after the last change."""

LONGEST_WAIT = 25
_BATCH, _BATCHES = 500, 4
"""The changes that are looked at for one answer, of which perhaps none is the caller's."""

_PAUSE = 0.1


class ChangesQuery(Incoming):
    """The changes asked for: after a cursor, of one city, of some kinds."""

    after: Annotated[str, Field(max_length=500)] | None = Field(
        None,
        description="A `cursor` from here; `now`: nothing but the cursor of this moment; none: the "
        "changes since the oldest that is kept.",
    )
    limit: int = Field(100, ge=1, le=_BATCH)
    wait: int = Field(
        0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for a change where there is none."
    )
    city: Code | None = None
    kind: list[Code] = Field([], max_length=50, description="Only events of these kinds.")


class ChangePage(Recorded):
    """Changes, the first one first. Go on after `cursor`, also where there are none."""

    items: list[TicketChange]
    cursor: str
    more: bool = Field(description="Whether to ask again at once.")


def viewer_of(caller: Caller, city: str | None = None) -> Viewer:
    """Return as whom a caller sees changes."""
    return Viewer(caller.actor.role, caller.unit, city or caller.city)


async def changes_after(
    context: AppContext, caller: Caller, query: ChangesQuery, again: AskedAgain | None = None
) -> ChangePage:
    """Return what follows a cursor, of the tickets that this caller may see.

    `again`: asked before anything is told to one who waited.

    Raises:
        Problem: unauthenticated, forbidden, scope_missing: since the wait began
        Problem: not_your_city
        BadCursor, CursorTooOld, CursorForeign, UnknownCity, StoreUnavailable
    """
    await permit(context, caller, "list_changes")
    viewer = viewer_of(caller, city_of(caller, query.city))
    cipher = cipher_of(context.vault.ring)
    if query.city is not None:
        context.packs.get(query.city)
    if query.after == NOW:
        await _number_all(context)
        feed = await changes.feed_of(context.store)
        end = await changes.end_of(context.store)
        return ChangePage(items=[], cursor=feed.cursor(cipher, end), more=False)
    position = await _position(context, query.after)

    waited = False

    async def look() -> ChangePage | None:
        nonlocal position, viewer, waited
        page, reached = await _read(context, viewer, query, position)
        if page.items and waited and again is not None:
            by_now = await again()
            await permit(context, by_now, "list_changes")
            was, viewer = viewer, viewer_of(by_now, city_of(by_now, query.city))
            if viewer != was:
                page, reached = await _read(context, viewer, query, position)
        position, waited = reached, True
        return page if page.items or page.more or context.closing.is_set() else None

    found = await until(look, query.wait, _PAUSE)
    if found is not None:
        return found
    feed = await changes.feed_of(context.store)
    return ChangePage(items=[], cursor=feed.cursor(cipher, position), more=False)


async def _position(context: AppContext, after: str | None) -> Position:
    if after is None:
        return await changes.beginning_of(context.store)
    return await changes.position_of(context.store, cipher_of(context.vault.ring), after)


async def _read(
    context: AppContext, viewer: Viewer, query: ChangesQuery, position: Position
) -> tuple[ChangePage, Position]:
    """Return what the caller may see of the next changes, and the position after what was read."""
    await number_changes(context.store, context.now())
    feed, cipher = await changes.feed_of(context.store), cipher_of(context.vault.ring)
    found: list[TicketChange] = []
    more = False
    for _ in range(_BATCHES):
        rows = await changes.after(context.store, position.seq, _BATCH)
        if not rows:
            more = False
            break
        asked = [row for row in rows if not query.kind or row.kind in query.kind]
        theirs = await seen(context.store, context.packs, viewer, asked)
        room = query.limit - len(found)
        taken = theirs[:room]
        found += [change_of(feed, cipher, row) for row in taken]
        last = rows[-1] if len(theirs) <= room else taken[-1]
        position = Position(last.seq, last.id)
        more = len(theirs) > room or len(rows) == _BATCH
        if not more or len(found) == query.limit:
            break
    return ChangePage(items=found, cursor=feed.cursor(cipher, position), more=more), position


async def _number_all(context: AppContext) -> None:
    while await number_changes(context.store, context.now()):
        pass
