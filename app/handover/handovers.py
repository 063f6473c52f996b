"""Handing a ticket over to another city, and deciding about what other cities hand over (移交)."""

from collections.abc import Collection

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from app.handover.views import (
    HandoverOut,
    NeighbourOut,
    cipher_of,
    handover_out,
    names_of,
)
from app.sending.used_keys import reserved
from app.tickets.acted_on import acted_on, started
from domain.handover import steps
from domain.handover.checks import MOST_FILES
from domain.handover.envelopes import Offer
from domain.handover.handover import (
    FileOffer,
    Handover,
    HandoverKey,
    HandoverSide,
    HandoverState,
    HandoverWords,
    OfferIn,
    PassedPerson,
    RefuseIn,
)
from domain.pack.neighbours import HandoverPolicy
from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from domain.ticket.files import Purpose
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.files import files
from store.handover import handovers, neighbours
from store.handover.handovers import RecordedHandover
from store.tickets import view_log
from store.tickets.rows import point_of

STAGES = frozenset({Stage.TRIAGE, Stage.DISPATCH})
"""The stages at which a ticket can go elsewhere: no unit has it."""

_PURPOSE = "移交外地办理，市民已同意提供联系方式"


async def handovers_of(context: AppContext, caller: Caller, number: str) -> list[HandoverOut]:
    """Return the hand-overs of a ticket, for a citizen without what the cities said to each other.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_handovers", number)
    ticket = await started(context, caller, number)
    if ticket is None or ticket.of_wrongdoing:
        return []
    told = await handovers.of_ticket(context.store, cipher_of(context), number)
    if caller.citizen:  # where a matter came from, the citizen of that city is told there
        told = [one for one in told if one.handover.side is HandoverSide.OUT]
    return await _outs(context, told, staff=not caller.citizen)


async def may_go_to(context: AppContext, caller: Caller, number: str) -> list[NeighbourOut]:
    """Return the cities that a ticket can be handed over to; first the one whose the place is.

    Raises:
        Problem: those of `acted_on`
    """
    known = await acted_on(context, caller, "offer_handover", number)
    if known.pack.handover is None:
        return []
    place = known.ticket.complaint.place
    found = [
        NeighbourOut(
            code=one.code,
            name=one.name,
            name_en=one.name_en,
            suggested=any(
                (place.area or "").startswith(area) or area in place.address
                for area in one.areas
                if area
            ),
        )
        for one in await neighbours.listed(context.store, known.pack.city.id)
        if one.ended_at is None
    ]
    return sorted(found, key=lambda one: (not one.suggested, one.code))


async def offer_handover(
    context: AppContext, caller: Caller, number: str, body: OfferIn, key: str | None = None
) -> HandoverOut:
    """Hand a ticket over: it stays here until the other city has taken it on.

    The same `key` again gives the same hand-over.

    Raises:
        Problem, Refused: not_in_this_city, handover_of_report, handover_not_now, has_complainants,
            neighbour_unknown, handed_over_already, handover_cap, forbidden: personal data
    """
    ticket, pack = await acted_on(context, caller, "offer_handover", number)
    policy = pack.handover
    if policy is None:
        raise Problem("not_in_this_city")
    _check_ticket(ticket)
    to = await neighbours.get(context.store, body.neighbour)
    if to is None or to.ended_at is not None or to.city != pack.city.id:
        raise neighbours.unknown()
    hops = await _hops(context, number)
    if hops > policy.most_hops:
        raise Problem("handover_cap", "The matter was handed on as often as it may be.")
    now, nonce = context.now(), key or context.nonce()
    new = Handover(
        neighbour=to.code,
        side=HandoverSide.OUT,
        id=context.mark(f"handover/{caller.id}/{number}/{nonce}")[:32],
        city=pack.city.id,
        number=number,
        kind=ticket.kind,
        filed_at=ticket.complaint.filed_at,
        promised_until=ticket.answer_due_at,
        offered_at=now,
        due_at=now + policy.window.length,
        hops=hops,
        by=caller.actor,
    )
    async with reserved(context, caller, f"handover/{number}", key, body.model_dump_json()):
        person = await _person(context, caller, ticket) if body.contact else None
        words = _words(ticket, pack, body, person, await _files(context, number))
        new = new.model_copy(update={"contact": person is not None})
        content = _letter(new, words)
        made = await handovers.offer(
            context.store, cipher_of(context), new, words, content, policy.most_hops
        )
    return await _out(context, made.key)


async def withdraw_handover(
    context: AppContext, caller: Caller, number: str, body: RefuseIn
) -> HandoverOut:
    """Take an offer back that nobody has answered.

    Raises:
        Problem, Refused: handover_not_found, handover_not_now
    """
    await acted_on(context, caller, "offer_handover", number)
    for told in await handovers.of_ticket(context.store, cipher_of(context), number):
        of = told.handover
        if of.side is HandoverSide.OUT and of.state in (
            HandoverState.OFFERED,
            HandoverState.ACCEPTED,
        ):
            await handovers.change(
                context.store,
                cipher_of(context),
                of.key,
                lambda one, words, now: steps.withdrawn(one, words, now, body.reason),
            )
            return await _out(context, of.key)
    raise Problem("handover_not_found")


async def incoming_handovers(
    context: AppContext, caller: Caller, city: str | None = None
) -> list[HandoverOut]:
    """Return what other cities hand over and nobody here has decided, the most urgent first.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "decide_handover")
    states = {HandoverState.OFFERED, HandoverState.ACCEPTED}
    told = await handovers.listed(
        context.store, cipher_of(context), HandoverSide.IN, states, city_of(caller, city)
    )
    return await _outs(context, told, staff=True)


async def accept_handover(
    context: AppContext, caller: Caller, neighbour: str, handover: str
) -> HandoverOut:
    """Take a ticket on: it is filed here once the other city has confirmed.

    Raises:
        Problem, Refused: handover_not_found, handover_not_now, handover_over
    """
    key = await _incoming(context, caller, neighbour, handover)
    await handovers.change(context.store, cipher_of(context), key, steps.accepted)
    return await _out(context, key)


async def refuse_handover(
    context: AppContext, caller: Caller, neighbour: str, handover: str, body: RefuseIn
) -> HandoverOut:
    """Refuse a ticket, with the reason: it goes back to the other city's dispatchers at once.

    Raises:
        Problem, Refused: handover_not_found, handover_not_now, handover_over
    """
    key = await _incoming(context, caller, neighbour, handover)
    await handovers.change(
        context.store,
        cipher_of(context),
        key,
        lambda of, words, now: steps.refused(of, words, now, body.reason),
    )
    return await _out(context, key)


async def passed_on_often(
    context: AppContext, caller: Caller, city: str | None = None
) -> list[HandoverOut]:
    """Return matters that cities hand to and fro, for supervisors.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "list_passed_on")
    chosen = city_of(caller, city)
    shown = []
    for one in [chosen] if chosen else context.packs.ids():
        policy = context.packs.get(one).handover
        if policy is not None:
            shown += await handovers.passed_on_often(
                context.store, cipher_of(context), policy.shown_from, one
            )
    return await _outs(context, shown, staff=True)


# --- parts ----------------------------------------------------------------------------------------


def _check_ticket(ticket: Ticket) -> None:
    if ticket.of_wrongdoing or ticket.complaint.kind is Kind.SERVICE:
        raise Problem("handover_of_report")
    if ticket.stage not in STAGES:
        raise Problem("handover_not_now", "A unit has the ticket: it is returned first.")
    if ticket.complainants:
        raise Problem("has_complainants")


def can_be_offered(ticket: Ticket, policy: HandoverPolicy | None) -> bool:
    """Return whether a ticket may be handed over as it stands."""
    try:
        _check_ticket(ticket)
    except Problem:
        return False
    return policy is not None


async def _hops(context: AppContext, number: str) -> int:
    """Return how often the matter is handed on with this time."""
    told = await handovers.of_ticket(context.store, cipher_of(context), number)
    return 1 + max(
        (one.handover.hops for one in told if one.handover.side is HandoverSide.IN), default=0
    )


async def _person(context: AppContext, caller: Caller, ticket: Ticket) -> PassedPerson | None:
    """Return whom the other city is told of, as the citizen agreed; it is logged as a view.

    Raises:
        Problem: scope_missing
    """
    who = ticket.complaint.person
    if who is None:
        return None
    if not caller.unmasks:
        raise Problem("scope_missing", "Personal data goes along: the token may not read it.")
    person = await view_log.look(
        context.store,
        context.vault,
        who,
        ticket.complaint.number,
        caller.actor,
        context.now(),
        _PURPOSE,
    )
    if person is None:
        return None
    return PassedPerson(name=person.name or "", phone=person.phone or "", email=person.email or "")


async def _files(context: AppContext, number: str) -> list[FileOffer]:
    """Return the citizen's files; what units have added stays with the first city."""
    rows = await files.of_ticket(context.store, number)
    own = [row for row in rows if row.purpose is Purpose.COMPLAINT]
    return [
        FileOffer(id=row.id, size=row.bytes, sha256=row.sha256, media_type=row.media_type)
        for row in own[:MOST_FILES]
    ]


def _words(
    ticket: Ticket,
    pack: Pack,
    body: OfferIn,
    person: PassedPerson | None,
    passed: list[FileOffer],
) -> HandoverWords:
    complaint, place = ticket.complaint, ticket.complaint.place
    lat, lon = point_of(place) or (None, None)
    known = (
        pack.category(ticket.category) if pack.knows(ticket.category) and ticket.category else None
    )
    return HandoverWords(
        title=complaint.title,
        text=complaint.text,
        category=known.name if known else "",
        area=place.area,
        address=place.address,
        lat=lat,
        lon=lon,
        reason=body.reason,
        person=person,
        files=passed,
    )


def _letter(of: Handover, words: HandoverWords) -> Offer:
    return Offer(
        number=of.number or "",
        of=of.kind,
        filed_at=of.filed_at,
        promised_until=of.promised_until,
        offered_at=of.offered_at,
        due_at=of.due_at,
        hops=of.hops,
        contact=of.contact,
        words=words,
    )


async def _incoming(
    context: AppContext, caller: Caller, neighbour: str, handover: str
) -> HandoverKey:
    await permit(context, caller, "decide_handover")
    key = HandoverKey(neighbour, HandoverSide.IN, handover)
    told = await handovers.get(context.store, cipher_of(context), key)
    if told is None or not caller.serves(told.handover.city):
        raise Problem("handover_not_found")
    return key


async def _out(context: AppContext, key: HandoverKey) -> HandoverOut:
    told = await handovers.get(context.store, cipher_of(context), key)
    if told is None:
        raise Problem("handover_not_found")
    return handover_out(told, await names_of(context.store), context.now(), staff=True)


async def _outs(
    context: AppContext, told: Collection[RecordedHandover], *, staff: bool
) -> list[HandoverOut]:
    names = await names_of(context.store) if told else {}
    return [handover_out(one, names, context.now(), staff=staff) for one in told]
