"""Resources: the catalogue of the machine's city, and the words of the field in two languages."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from mcp_types import Resource

from api.mcp.tools import ToolCall
from app.agents import advice
from domain.actors import ROLE_NAMES
from domain.deadlines.registry import DEADLINES
from domain.facts.transitions import FACTS


class AgentResource(NamedTuple):
    """A resource: its address, what it is, and how it is read."""

    uri: str
    name: str
    description: str
    media_type: str
    read: Callable[[ToolCall], Awaitable[str]]

    def described(self) -> Resource:
        """Return the description that is listed."""
        return Resource(
            uri=self.uri,
            name=self.name,
            description=self.description,
            mime_type=self.media_type,
        )


async def _catalogue(call: ToolCall) -> str:
    return (await advice.city_catalogue(call.context, call.caller)).model_dump_json()


async def _glossary(_call: ToolCall) -> str:
    """Return the words for roles, events and clocks, as the pages use them."""
    roles = [f"- {zh}: {en} (`{role.value}`)" for role, (en, zh) in ROLE_NAMES.items()]
    events = [
        f"- {fact.words.staff_zh}: {fact.words.staff} (`{fact.model_fields['kind'].default}`)"
        for fact in FACTS
    ]
    clocks = [f"- {one.label_zh}: {one.label} (`{name.value}`)" for name, one in DEADLINES.items()]
    parts = (("Roles", roles), ("Events", events), ("Clocks", clocks))
    return "\n".join(f"# {title}\n\n" + "\n".join(lines) + "\n" for title, lines in parts)


RESOURCES: dict[str, AgentResource] = {
    one.uri: one
    for one in (
        AgentResource(
            "jiesu://catalogue",
            "catalogue",
            "The categories, units and areas of your city, and the codes of reasons.",
            "application/json",
            _catalogue,
        ),
        AgentResource(
            "jiesu://glossary",
            "glossary",
            "The words for roles, events and clocks, in Chinese and English.",
            "text/markdown",
            _glossary,
        ),
    )
}
"""All resources, by their addresses."""
