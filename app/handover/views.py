"""Hand-overs as staff, citizens and operators read them."""

from datetime import datetime

from pydantic import Field

from app.context import AppContext
from app.tickets.moments import TimelineMoment
from domain.handover.handover import Handover, HandoverSide, HandoverState, HandoverWords
from domain.handover.telling import reference
from domain.model import Instant, Recorded
from domain.ticket.complaint import Kind
from domain.ticket.stages import Outcome, Stage
from store.db.engine import Store
from store.handover import handovers, neighbours
from store.handover.handovers import RecordedHandover
from store.handover.neighbours import Neighbour
from store.secrets.encryption import Cipher

PURPOSE = "handover"


class ThereOut(Recorded):
    """The matter as it stands in the city that has it. `further`: a city that it went on to."""

    stage: Stage
    outcome: Outcome | None
    unit: str | None
    due_at: Instant | None
    rate_by: Instant | None
    ended_at: Instant | None
    updated_at: Instant
    can_rate: bool
    rated: bool
    reply: str | None
    further: str | None


class HandoverOut(Recorded):
    """A hand-over. `reason`, `answer`, `hops`: for staff only.

    `here`: the matter is with this city. `promised_until`: what the first city promised, which
    stays visible; `there.due_at`: what the other one promises.
    """

    neighbour: str
    name: str
    name_en: str
    side: HandoverSide
    id: str
    reference: str = Field(examples=["3F0A91C2"])
    state: HandoverState
    here: bool
    number: str | None
    other_number: str | None
    kind: Kind
    title: str
    text: str
    category: str
    address: str
    filed_at: Instant
    promised_until: Instant | None
    offered_at: Instant
    due_at: Instant
    decided_at: Instant | None
    taken_at: Instant | None
    ended_at: Instant | None
    contact: bool
    files_missing: int = Field(0, description="Files that could not be fetched from there.")
    hops: int | None
    reason: str | None
    answer: str | None
    there: ThereOut | None
    late: bool = Field(description="The time to answer is over.")


class HandoversOut(Recorded):
    items: list[HandoverOut]


class NeighbourOut(Recorded):
    """A city that tickets can be handed over to. `suggested`: the place is theirs."""

    code: str
    name: str
    name_en: str
    suggested: bool = False


def cipher_of(context: AppContext) -> Cipher:
    """Return the cipher of everything that is handed over."""
    return Cipher(context.vault.ring.root_key, PURPOSE)


async def names_of(store: Store) -> dict[str, Neighbour]:
    """Return all neighbours by their codes."""
    return {one.code: one for one in await neighbours.listed(store)}


def handover_out(
    told: RecordedHandover, names: dict[str, Neighbour], now: datetime, *, staff: bool
) -> HandoverOut:
    """Return a hand-over as staff read it, or as its citizen does."""
    of, words = told.handover, told.words or HandoverWords()
    known = names.get(of.neighbour)
    return HandoverOut(
        **of.model_dump(
            include={
                "neighbour",
                "side",
                "id",
                "state",
                "number",
                "other_number",
                "kind",
                "filed_at",
                "promised_until",
                "offered_at",
                "due_at",
                "decided_at",
                "taken_at",
                "ended_at",
                "contact",
                "files_missing",
            }
        ),
        name=known.name if known else of.neighbour,
        name_en=known.name_en if known else of.neighbour,
        reference=reference(of.id),
        here=of.held_here,
        title=words.title,
        text=words.text,
        category=words.category,
        address=words.address,
        hops=of.hops if staff else None,
        reason=words.reason if staff else None,
        answer=words.answer if staff else None,
        there=_there(of, words),
        late=of.state is HandoverState.OFFERED and now >= of.due_at,
    )


def _there(of: Handover, words: HandoverWords) -> ThereOut | None:
    if of.side is HandoverSide.IN or of.status is None:
        return None
    return ThereOut(**of.status.model_dump(exclude={"reply"}), reply=words.reply or None)


async def handover_moments(
    store: Store, cipher: Cipher, number: str, citizen: bool = False
) -> list[TimelineMoment]:
    """Return when a ticket was handed over, or came from another city, with its number there."""
    found: list[TimelineMoment] = []
    told = await handovers.of_ticket(store, cipher, number)
    names = await names_of(store) if told else {}
    for one in told:
        of = one.handover
        known = names.get(of.neighbour)
        name = known.name if known else of.neighbour
        there = f"{name} · {of.other_number}" if of.other_number else name
        if of.side is HandoverSide.IN:
            if of.taken_at is not None and not citizen:
                found.append(TimelineMoment(of.taken_at, "taken_over_from", there))
            continue
        found.append(TimelineMoment(of.offered_at, "handover_offered", name))
        if of.taken_at is not None:
            found.append(TimelineMoment(of.taken_at, "handed_over", there))
        elif of.ended_at is not None:
            found.append(TimelineMoment(of.ended_at, f"handover_{of.state.value}", name))
    return found
