"""The acts of supervisors on topics, each of them recorded."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.filing.intake import ComplaintIn, take
from app.sending.commands import execute
from app.sending.used_keys import reserved
from app.topics.views import CitizenTopicPage, known_topic, opened_from, page_of
from domain.commands.supervising.settle_all import SettleAll
from domain.model import Incoming
from domain.ticket.complaint import Channel, Code, Kind, Place, Text, Title
from domain.topics.topic import TopicAct, TopicActKind
from store.topics import acting, book

_Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
_Said = Annotated[Text, Field(max_length=500)]


class MergeTopicIn(Incoming):
    """The topic that it becomes part of, and why."""

    into: Annotated[str, StringConstraints(max_length=64)]
    reason: _Said


class SplitTopicIn(Incoming):
    """The tickets that get a topic of their own, and why."""

    tickets: list[Code] = Field(min_length=1, max_length=500)
    reason: _Said


class NameTopicIn(Incoming):
    """The name by which people know it."""

    title: Annotated[Title, Field(min_length=2, max_length=60)]


class TopicTicketIn(Incoming):
    """The ticket that the city opens by itself. Without `place`: where most tickets are."""

    text: Text
    category: Code | None = None
    place: Place = Field(default_factory=Place)


class InspectTopicIn(Incoming):
    """An inspection at sibling units (举一反三) from a ticket of the topic that a unit has.

    Without `units` at every unit of the lead's kind.
    """

    ticket: Code
    text: _Said
    units: list[Code] = Field(default_factory=list, max_length=60)


class MonthlySubjectIn(Incoming):
    """The month, and the unit that leads."""

    month: _Month = Field(examples=["2026-03"])
    unit: Code
    text: _Said = Field(description="What is to be reached.")


class TopicProgressIn(Incoming):
    """The progress of the subject of a month."""

    text: _Said


async def merge_topics(
    context: AppContext, caller: Caller, number: str, body: MergeTopicIn
) -> CitizenTopicPage:
    """Make a topic part of another one of its city; return the other one.

    Raises:
        Problem, Refused: topic_not_found, topic_merged, same_topic
    """
    await permit(context, caller, "merge_topics")
    topic, _ = await known_topic(context, caller, number)
    act = _act(context, caller, TopicActKind.MERGED, body.reason)
    await acting.merge(context.store, topic.city, number, body.into, act)
    return await _now(context, caller, body.into)


async def split_topic(
    context: AppContext, caller: Caller, number: str, body: SplitTopicIn
) -> CitizenTopicPage:
    """Give tickets a topic of their own; return that one.

    Raises:
        Problem, Refused: topic_not_found, topic_merged, not_of_topic, whole_topic
    """
    await permit(context, caller, "split_topic")
    topic, _ = await known_topic(context, caller, number)
    act = _act(context, caller, TopicActKind.SPLIT, body.reason)
    made = await acting.split(context.store, topic.city, number, body.tickets, act)
    return await _now(context, caller, made)


async def name_topic(
    context: AppContext, caller: Caller, number: str, body: NameTopicIn
) -> CitizenTopicPage:
    """Name a topic.

    Raises:
        Problem, Refused: topic_not_found, topic_merged
    """
    await permit(context, caller, "name_topic")
    topic, _ = await known_topic(context, caller, number)
    act = _act(context, caller, TopicActKind.NAMED)
    await acting.name(context.store, topic.city, number, body.title, act)
    return await _now(context, caller, number)


async def open_topic_ticket(
    context: AppContext, caller: Caller, number: str, body: TopicTicketIn, key: str | None = None
) -> CitizenTopicPage:
    """File one ticket on behalf of the city (未诉先办), linked to the topic.

    The same `key` again gives the same ticket.

    Raises:
        Problem, Refused: topic_not_found, topic_merged, and those of filing
    """
    await permit(context, caller, "open_topic_ticket")
    topic, pack = await known_topic(context, caller, number)
    if topic.merged_into is not None:
        raise Problem("topic_merged", f"It is part of {topic.merged_into}.")
    members = await book.members(context.store, number)
    categories = [one.category for one in members]  # an older pack may have had others
    place = body.place
    if place == Place():
        place = Place(area=_most([one.area for one in members]))
    complaint = ComplaintIn(
        city=topic.city,
        kind=Kind.COMPLAINT,
        channel=Channel.PROACTIVE,
        title=topic.name[:40],
        text=body.text,
        category=body.category or _most([c for c in categories if c and pack.knows(c)]),
        place=place,
        topic=number if len(number) <= _CODE else None,
    )
    nonce = f"topic/{caller.id}/{number}/{key}" if key else None
    # The topic may grow before the same request comes again: it is known by what was asked.
    asked = body.model_dump_json()
    filed = await take(context, caller, complaint, nonce, same=asked, alone=True)
    act = _act(context, caller, TopicActKind.TICKET_OPENED, about=filed.receipt.number)
    await acting.note(context.store, topic.city, number, act)
    return await _now(context, caller, number)


async def inspect_topic(
    context: AppContext, caller: Caller, number: str, body: InspectTopicIn, key: str | None = None
) -> CitizenTopicPage:
    """Open inspections at sibling units from a ticket of the topic, as its own rules allow.

    Raises:
        Problem, Refused: topic_not_found, topic_merged, not_of_topic, and those of `settle_all`
    """
    await permit(context, caller, "inspect_topic")
    topic, _ = await known_topic(context, caller, number)
    if topic.merged_into is not None:
        raise Problem("topic_merged", f"It is part of {topic.merged_into}.")
    opened = opened_from(await book.acts(context.store, number))
    if body.ticket not in opened and await book.topic_of(context.store, body.ticket) != number:
        raise Problem("not_of_topic")
    command = SettleAll(text=body.text, units=body.units)
    await execute(context, caller, body.ticket, command, key)
    act = _act(context, caller, TopicActKind.INSPECTED, body.text, body.ticket)
    await acting.note(context.store, topic.city, number, act)
    return await _now(context, caller, number)


async def make_monthly_subject(
    context: AppContext, caller: Caller, number: str, body: MonthlySubjectIn
) -> CitizenTopicPage:
    """Make a topic the subject of a month, led by a unit (每月一题).

    Raises:
        Problem, Refused: topic_not_found, topic_merged
        UnknownUnit
    """
    await permit(context, caller, "make_monthly_subject")
    topic, pack = await known_topic(context, caller, number)
    unit = pack.unit(body.unit).code
    act = _act(context, caller, TopicActKind.SUBJECT_MADE, body.text, body.month)
    await acting.make_subject(context.store, topic.city, number, body.month, unit, act)
    return await _now(context, caller, number)


async def note_topic_progress(
    context: AppContext, caller: Caller, number: str, body: TopicProgressIn, key: str | None = None
) -> CitizenTopicPage:
    """Say how far the subject of a month is.

    Raises:
        Problem, Refused: topic_not_found, topic_merged, no_subject
        KeyReused
    """
    await permit(context, caller, "note_topic_progress")
    topic, _ = await known_topic(context, caller, number)
    act = _act(context, caller, TopicActKind.PROGRESS, body.text, topic.month)
    async with reserved(context, caller, f"topic/{number}", key, body.model_dump_json()):
        await acting.note(context.store, topic.city, number, act)
    return await _now(context, caller, number)


# --- shared -------------------------------------------------------------------------------------

_CODE = 32
"""The most characters of a code; a topic of a city with a longer id is linked by its act alone."""


def _act(
    context: AppContext,
    caller: Caller,
    kind: TopicActKind,
    text: str = "",
    about: str | None = None,
) -> TopicAct:
    return TopicAct(
        at=context.now(),
        actor=caller.id,
        role=caller.actor.role.value,
        kind=kind,
        about=about,
        text=text,
    )


async def _now(context: AppContext, caller: Caller, number: str) -> CitizenTopicPage:
    topic, pack = await known_topic(context, caller, number)
    return await page_of(context, caller, topic, pack)


def _most(codes: list[str | None]) -> str | None:
    known = [one for one in codes if one]
    return max(sorted(set(known)), key=known.count) if known else None
