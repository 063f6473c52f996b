"""Tools about the city: its catalogue, figures, places and calendar, and what its rules suggest."""

from typing import Any

from api.mcp.ticket_tools import TicketIn
from api.mcp.tools import AgentTool, ToolCall
from app.agents import advice
from app.agents.advice import (
    AgentCatalogue,
    ClocksOut,
    DueIn,
    DueOut,
    TriageAdvice,
    TriageIn,
)
from app.cities.cities import Indicators, indicators
from app.cities.periods import PeriodQuery
from app.directory.search import DirectoryPage, DirectoryQuery, search
from domain.model import Incoming


class NothingIn(Incoming):
    """Nothing is asked for."""


def _city(call: ToolCall) -> str:
    return call.caller.city or ""


async def _catalogue(call: ToolCall, _asked: NothingIn) -> AgentCatalogue:
    return await advice.city_catalogue(call.context, call.caller)


async def _figures(call: ToolCall, asked: PeriodQuery) -> Indicators:
    return await indicators(call.context, _city(call), asked)


async def _places(call: ToolCall, asked: DirectoryQuery) -> DirectoryPage:
    return await search(call.context, _city(call), asked)


async def _clocks(call: ToolCall, asked: TicketIn) -> ClocksOut:
    return await advice.explain_clocks(call.context, call.caller, asked.number)


async def _due(call: ToolCall, asked: DueIn) -> DueOut:
    return await advice.preview_due(call.context, call.caller, asked)


async def _triage(call: ToolCall, asked: TriageIn) -> TriageAdvice:
    return await advice.suggest_triage(call.context, call.caller, asked, call.language)


async def _triage_of(call: ToolCall, asked: TicketIn) -> TriageAdvice:
    return await advice.suggest_for_ticket(call.context, call.caller, asked.number, call.language)


TOOLS: tuple[AgentTool[Any], ...] = (
    AgentTool(
        name="get_catalogue",
        title="Read the city's catalogue",
        description="Read the categories, units and areas of your city, and the codes of reasons.",
        asked=NothingIn,
        answer=AgentCatalogue,
        right="get_city",
        run=_catalogue,
    ),
    AgentTool(
        name="get_figures",
        title="Read the city's three rates",
        description="Read the response, resolution and satisfaction rates of a period.",
        asked=PeriodQuery,
        answer=Indicators,
        right="get_indicators",
        run=_figures,
    ),
    AgentTool(
        name="search_places",
        title="Search the directory of places",
        description="Search public places of your city: service centres and the like, with their "
        "opening hours.",
        asked=DirectoryQuery,
        answer=DirectoryPage,
        right="search_directory",
        run=_places,
    ),
    AgentTool(
        name="explain_clocks",
        title="Explain what is due on a ticket",
        description="Read the clocks of a ticket: what is due when, by which rule, and what "
        "happens if nothing is done.",
        asked=TicketIn,
        answer=ClocksOut,
        right="get_ticket",
        run=_clocks,
    ),
    AgentTool(
        name="preview_due",
        title="Compute when an answer would be due",
        description="Compute by the city's calendar when an answer would be due, by tier or "
        "category.",
        asked=DueIn,
        answer=DueOut,
        right="get_city",
        run=_due,
    ),
    AgentTool(
        name="suggest_triage",
        title="Ask what the rules suggest for words",
        description="Ask which category and unit the city's rules suggest for the words of a "
        "complaint, and which open tickets are about the same. Nothing is recorded.",
        asked=TriageIn,
        answer=TriageAdvice,
        right="page_desk",
        run=_triage,
    ),
    AgentTool(
        name="suggest_for_ticket",
        title="Ask what the rules suggest for a ticket",
        description="Ask the same for a ticket that is there: its category, unit and duplicates.",
        asked=TicketIn,
        answer=TriageAdvice,
        right="page_desk",
        run=_triage_of,
    ),
)
