"""Topics that councils are held on: opened by street or desk, with the tickets of their kind."""

from itertools import groupby

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, visible
from app.context import AppContext
from app.errors import Problem
from app.sending.used_keys import reserved
from app.tickets.acted_on import started
from app.tickets.council_matters import topic_for, topic_seen
from app.tickets.council_views import CouncilOut, unit_names
from app.tickets.councils import drawn_councils
from app.tickets.redaction import redacted
from domain.council.topic import CouncilTopic, TopicDraft
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Code
from store.tickets import council_matters, councils, tickets

_MOST_TOPICS = 50
_MOST_TICKETS = 100


class LinkTicketIn(Incoming):
    """The ticket that is of the topic's kind."""

    number: Code


class CouncilTopicOut(Recorded):
    """A topic with its councils. `tickets`: those linked that the reader may see."""

    number: str
    city: str
    title: str
    area: str
    area_name: str
    area_name_en: str
    category: str
    category_name: str
    category_name_en: str
    unit: str
    unit_name: str
    unit_name_en: str
    opened_at: Instant
    councils: list[CouncilOut]
    tickets: list[str] = Field(description="Linked tickets; to those who are not staff none.")


class CouncilTopicsOut(Recorded):
    items: list[CouncilTopicOut]


async def open_topic(
    context: AppContext, caller: Caller, city: str, draft: TopicDraft, key: str | None = None
) -> CouncilTopicOut:
    """Open a topic. The same `key` again gives the same topic.

    Raises:
        Problem: not_in_this_city, not_your_city, not_your_unit, place_without_area
        UnknownCity, UnknownInPack, KeyReused
    """
    await permit(context, caller, "open_council_topic")
    city_of(caller, city)
    pack = context.packs.get(city)
    if pack.council is None:
        raise Problem("not_in_this_city")
    nonce = key or context.nonce()
    new = CouncilTopic(
        **draft.model_dump(exclude={"unit"}),
        id=context.mark(f"council topic/{caller.id}/{city}/{nonce}")[:32],
        number="",
        city=city,
        n=0,
        unit=_holder(caller, pack, draft),
        opened_at=context.now(),
    )
    pack.category(draft.category)
    async with reserved(context, caller, city, key, f"topic/{draft.model_dump_json()}"):
        made = await council_matters.open_topic(context.store, new)
    return await _one(context, caller, made, pack)


def _holder(caller: Caller, pack: Pack, draft: TopicDraft) -> str:
    """Return the unit that holds the councils: an officer's own, else the one named or the street.

    Raises:
        Problem: not_your_unit, place_without_area
        UnknownUnit
    """
    street = pack.street_of(draft.area)
    if street is None:
        raise Problem("place_without_area", f"The city has no area {draft.area}.")
    unit = pack.unit(draft.unit or caller.unit or street.code)
    if caller.unit is not None and (unit.code != caller.unit):
        raise Problem("not_your_unit")
    return unit.code


async def council_topics(context: AppContext, caller: Caller, city: str) -> list[CouncilTopicOut]:
    """Return the newest topics of a city with their councils, as staff read them.

    Raises:
        Problem: not_in_this_city, not_your_city
        UnknownCity
    """
    await permit(context, caller, "list_council_topics")
    city_of(caller, city)
    pack = context.packs.get(city)
    if pack.council is None or (caller.unit is not None and not pack.has_unit(caller.unit)):
        raise Problem("not_in_this_city")
    found = await council_matters.topics(context.store, city, _MOST_TOPICS, opened=False)
    return await _all(context, found, pack, staff=True)


async def council_topic(context: AppContext, caller: Caller, number: str) -> CouncilTopicOut:
    """Return a topic with its councils, and those of its tickets that the caller may see.

    Raises:
        Problem: council_topic_not_found
    """
    await permit(context, caller, "list_council_topics")
    topic, pack = await topic_seen(context, caller, number)
    return await _one(context, caller, topic, pack)


async def link_to_topic(
    context: AppContext, caller: Caller, number: str, ticket: str
) -> CouncilTopicOut:
    """Link a ticket of the topic's kind, so that its timeline tells of the topic's councils.

    Raises:
        Problem, Refused: council_topic_not_found, forbidden, ticket_not_found, not_of_this_kind,
            council_of_report
    """
    await permit(context, caller, "link_to_council_topic")
    topic, pack = await topic_for(context, caller, number, "link_to_council_topic")
    found = await visible(context, caller, ticket)
    if found is None or found.complaint.city != topic.city:
        raise Problem("ticket_not_found")
    if found.of_wrongdoing:
        raise Problem("council_of_report")
    if found.category != topic.category:
        raise Problem("not_of_this_kind", f"It is not of {topic.category}.")
    await council_matters.link(context.store, number, ticket, context.now())
    return await _one(context, caller, topic, pack)


async def topic_councils_of(context: AppContext, caller: Caller, number: str) -> list[CouncilOut]:
    """Return the opened councils of the topics that a ticket is linked to; of a report none.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_councils", number)
    topics = await council_matters.topics_of(context.store, number)
    ticket = await started(context, caller, number) if topics else None
    if ticket is None or ticket.of_wrongdoing:
        return []
    found = await councils.of_matters(context.store, topics)
    told = [one for one in found if one.opened_at is not None]
    pack = context.packs.get(ticket.complaint.city)
    return await drawn_councils(context, told, pack, staff=not caller.citizen)


async def public_councils(context: AppContext, city: str) -> list[CouncilTopicOut]:
    """Return the topics of a city with a council that was opened, as everybody reads them.

    Raises:
        Problem: not_in_this_city: it publishes none.
        UnknownCity
    """
    await permit(context, None, "list_public_councils")
    pack = context.packs.get(city)
    if pack.council is None or not pack.council.publish:
        raise Problem("not_in_this_city")
    found = await council_matters.topics(context.store, city, _MOST_TOPICS, opened=True)
    return await _all(context, found, pack, staff=False)


# --- drawing ----------------------------------------------------------------------------------


async def _one(
    context: AppContext, caller: Caller, topic: CouncilTopic, pack: Pack
) -> CouncilTopicOut:
    [out] = await _all(context, [topic], pack, staff=True)
    numbers = await council_matters.linked(context.store, topic.number, _MOST_TICKETS)
    known = {one.complaint.number: one for one in await tickets.states(context.store, numbers)}
    seen = [one for one in numbers if one in known and caller.sees(known[one], pack)]
    return out.model_copy(update={"tickets": seen})


async def _all(
    context: AppContext, topics: list[CouncilTopic], pack: Pack, *, staff: bool
) -> list[CouncilTopicOut]:
    found = await councils.of_matters(context.store, [one.number for one in topics])
    held = {number: list(each) for number, each in groupby(found, lambda one: one.number)}
    return [
        CouncilTopicOut(
            number=one.number,
            city=one.city,
            title=one.title if staff else redacted(one.title),
            area=one.area,
            **_area_names(pack, one.area),
            category=one.category,
            **_category_names(pack, one.category),
            unit=one.unit,
            **unit_names(pack, one.unit),
            opened_at=one.opened_at,
            councils=await drawn_councils(context, held.get(one.number, []), pack, staff=staff),
            tickets=[],
        )
        for one in topics
    ]


def _area_names(pack: Pack, area: str) -> dict[str, str]:
    """Return the names of an area: those of the community or street that answers for it."""
    unit = pack.community_of(area) or pack.street_of(area)
    names = (unit.name, unit.name_en) if unit else (area, area)
    return {"area_name": names[0], "area_name_en": names[1]}


def _category_names(pack: Pack, code: str) -> dict[str, str]:
    try:
        category = pack.category(code)
    except UnknownInPack:
        return {"category_name": code, "category_name_en": code}
    return {"category_name": category.name, "category_name_en": category.name_en}
