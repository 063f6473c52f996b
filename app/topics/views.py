"""Topics as supervisors see them, and the tickets most like one."""

from collections import Counter
from datetime import timedelta

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, visible
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from domain.topics.likeness import Likeness
from domain.topics.topic import TopicAct, TopicActKind, TopicMember, TopicRow, week_of
from store.tickets import tickets
from store.topics import book, placing

_MOST_TOPICS = 100
_MOST_TICKETS = 100
_MOST_SUBJECTS = 24
CANDIDATES = 3
"""The tickets that the desk is shown as perhaps the same."""


class CitizenTopicsQuery(Incoming):
    """The topics that are asked for: of the last `days`, of `least` citizens (else the city's)."""

    days: int | None = Field(None, ge=1, le=3660)
    least: int | None = Field(None, ge=2, le=10_000)


class CitizenTopicOut(Recorded):
    """A topic. `people`: its citizens, each counted once; those without a name are one."""

    number: str
    city: str
    name: str = Field(examples=["魅力之城 油烟"])
    words: list[str]
    people: int
    tickets: int
    first_at: Instant
    last_at: Instant
    month: str | None = Field(description="The month of which it is the subject (每月一题).")
    unit: str | None
    merged_into: str | None


class CitizenTopicsOut(Recorded):
    """Topics, those of most citizens first; and the subjects of months, the newest first."""

    city: str
    topics: list[CitizenTopicOut]
    subjects: list[CitizenTopicOut]


class TopicTicketOut(Recorded):
    """A ticket of a topic, which the caller may see."""

    number: str
    title: str
    stage: Stage
    filed_at: Instant
    unit: str | None
    category: str | None
    area: str | None


class TopicShare(Recorded):
    """The number of tickets of a topic that are of a place, a unit or a week."""

    code: str
    tickets: int


class CitizenTopicPage(CitizenTopicOut):
    """A topic with its trend, its places and units, its newest tickets, and what was done."""

    weeks: list[TopicShare]
    areas: list[TopicShare]
    units: list[TopicShare]
    items: list[TopicTicketOut]
    acts: list[TopicAct]


class AlikeTicketOut(Recorded):
    """A ticket that may be about the same. `suggested`: as alike as the city's rules ask for."""

    number: str
    title: str
    stage: Stage
    filed_at: Instant
    score: float = Field(description="0: nothing is shared; 1: the same.", examples=[0.62])
    words: list[str] = Field(description="Words that both have, the most telling first.")
    same_area: bool
    days: int = Field(description="Days between the two.")
    suggested: bool


class AlikeTicketsOut(Recorded):
    number: str
    items: list[AlikeTicketOut]


async def citizen_topics(
    context: AppContext, caller: Caller, city: str, query: CitizenTopicsQuery
) -> CitizenTopicsOut:
    """Return the topics of a city, those of most citizens first.

    Raises:
        Problem: not_your_city
        UnknownCity
    """
    await permit(context, caller, "list_citizen_topics")
    city_of(caller, city)
    pack = context.packs.get(city)
    since = None if query.days is None else context.now() - timedelta(days=query.days)
    least = query.least or pack.topics.least
    found = await book.topics(context.store, city, least, since, _MOST_TOPICS)
    subjects = await book.subjects(context.store, city, _MOST_SUBJECTS)
    return CitizenTopicsOut(
        city=city,
        topics=[_out(one) for one in found],
        subjects=[_out(one) for one in subjects],
    )


async def citizen_topic(context: AppContext, caller: Caller, number: str) -> CitizenTopicPage:
    """Return a topic with those of its tickets that the caller may see.

    Raises:
        Problem: topic_not_found
    """
    await permit(context, caller, "get_citizen_topic")
    topic, pack = await known_topic(context, caller, number)
    return await page_of(context, caller, topic, pack)


async def page_of(
    context: AppContext, caller: Caller, topic: TopicRow, pack: Pack
) -> CitizenTopicPage:
    """Return the page of a topic that the caller may see."""
    members = await book.members(context.store, topic.number)
    newest = [one.number for one in members[:_MOST_TICKETS]]
    states = {one.complaint.number: one for one in await tickets.states(context.store, newest)}
    seen = [
        states[one]
        for one in newest
        if one in states and not states[one].of_wrongdoing and caller.sees(states[one], pack)
    ]
    return CitizenTopicPage(
        **_out(topic).model_dump(),
        weeks=_weeks(members),
        areas=_shares([one.area for one in members]),
        units=_shares([one.unit for one in members]),
        items=[_item(one) for one in seen],
        acts=await book.acts(context.store, topic.number),
    )


async def known_topic(context: AppContext, caller: Caller, number: str) -> tuple[TopicRow, Pack]:
    """Return a topic of a city that the caller serves; for all others it does not exist.

    Raises:
        Problem: topic_not_found
    """
    topic = await book.topic(context.store, number)
    if topic is None or not caller.serves(topic.city):
        raise Problem("topic_not_found")
    return topic, context.packs.get(topic.city)


async def alike_tickets(context: AppContext, caller: Caller, number: str) -> AlikeTicketsOut:
    """Return the three tickets most like one, the most alike first, with what they share.

    A report of wrongdoing is like none, and none is like it.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_alike_tickets", number)
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    pack = context.packs.get(ticket.complaint.city)
    found = [] if ticket.of_wrongdoing else await placing.alike(context.store, number, CANDIDATES)
    states = {
        one.complaint.number: one
        for one in await tickets.states(context.store, [one.number for one in found])
    }
    items = [
        _alike(one, states[one.number], pack)
        for one in found
        if one.number in states
        and not states[one.number].of_wrongdoing
        and caller.sees(states[one.number], pack)
    ]
    return AlikeTicketsOut(number=number, items=items)


# --- drawing ------------------------------------------------------------------------------------


def _out(topic: TopicRow) -> CitizenTopicOut:
    values = topic.model_dump(exclude={"n", "title"})
    return CitizenTopicOut(**values, name=topic.name or topic.number)


def _item(ticket: Ticket) -> TopicTicketOut:
    complaint = ticket.complaint
    return TopicTicketOut(
        number=complaint.number,
        title=complaint.title,
        stage=ticket.stage,
        filed_at=complaint.filed_at,
        unit=ticket.unit,
        category=ticket.category,
        area=ticket.area,
    )


def _alike(found: Likeness, ticket: Ticket, pack: Pack) -> AlikeTicketOut:
    return AlikeTicketOut(
        number=found.number,
        title=ticket.complaint.title,
        stage=ticket.stage,
        filed_at=ticket.complaint.filed_at,
        score=round(found.score, 3),
        words=list(found.words),
        same_area=found.same_area,
        days=found.days,
        suggested=found.score >= pack.topics.suggest,
    )


def _weeks(members: list[TopicMember]) -> list[TopicShare]:
    counts = Counter(week_of(one.filed_at) for one in members)
    return [TopicShare(code=week, tickets=counts[week]) for week in sorted(counts)]


def _shares(codes: list[str | None]) -> list[TopicShare]:
    counts = Counter(one for one in codes if one)
    return [TopicShare(code=code, tickets=count) for code, count in counts.most_common(20)]


def opened_from(acts: list[TopicAct]) -> list[str]:
    """Return the tickets that were opened from a topic, the first one first."""
    opened = [one.about for one in acts if one.kind is TopicActKind.TICKET_OPENED]
    return [one for one in opened if one is not None]
