"""Tickets and topics that councils hang on, as a caller may know of them and act on them."""

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.commands.relations import Relation
from domain.council.topic import CouncilTopic
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from store.tickets import council_matters


async def topic_seen(context: AppContext, caller: Caller, number: str) -> tuple[CouncilTopic, Pack]:
    """Return the topic and its city's pack, to whoever works there.

    Raises:
        Problem: council_topic_not_found
    """
    topic = await council_matters.topic(context.store, number)
    if topic is None or not caller.serves(topic.city):
        raise Problem("council_topic_not_found")
    pack = context.packs.get(topic.city)
    if caller.unit is not None and not pack.has_unit(caller.unit):
        raise Problem("council_topic_not_found")
    return topic, pack


async def topic_for(
    context: AppContext, caller: Caller, number: str, key: str
) -> tuple[CouncilTopic, Pack]:
    """Return the topic, if the caller may do this to it: of officers those of the topic's unit.

    Raises:
        Problem: council_topic_not_found, forbidden
    """
    topic, pack = await topic_seen(context, caller, number)
    if not may_on_topic(caller, key, topic.unit):
        raise Problem("forbidden", f"The unit may not do this: {key}.")
    return topic, pack


def may_on_topic(caller: Caller, key: str, unit: str) -> bool:
    """Return whether the caller may do this to a topic whose councils `unit` holds."""
    distance = Relation.LEAD if caller.unit == unit else Relation.NONE
    right = RIGHTS[key]
    return caller.may(right) and right.allows(caller.actor.role, distance)
