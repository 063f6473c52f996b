"""Tools that do something: file, propose a reply, and the commands that the city allows."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import Field, create_model

from api.mcp.ticket_tools import Number
from api.mcp.tools import AgentTool, ToolCall
from app.agents import drafts, filing
from app.agents.drafts import DraftIn
from app.agents.filing import AgentComplaintIn, AgentReceipt
from app.agents.request_views import ReplyDraftOut
from app.sending.commands import body_of, execute
from domain.commands.base import CommandBase
from domain.commands.registry import BY_TAG
from domain.model import Incoming
from domain.policy.agents import ACTS
from domain.ticket.state import Snapshot

_NOT_FOR_MACHINES = ("accused", "nobody", "evidence", "files")
"""Fields of commands that no machine fills in: whom a report accuses, and files."""


class ProposalIn(DraftIn):
    """A reply to propose, and for which ticket."""

    number: Number


async def _file(call: ToolCall, asked: AgentComplaintIn) -> AgentReceipt:
    return await filing.file_complaint(call.context, call.caller, asked)


async def _propose(call: ToolCall, asked: ProposalIn) -> ReplyDraftOut:
    body = DraftIn.model_validate(asked.model_dump(exclude={"number"}))
    return await drafts.propose_reply(call.context, call.caller, asked.number, body)


def _command(tag: str) -> AgentTool[Any]:
    """Return the tool of a command: its fields, the number of the ticket, and a key."""
    command = BY_TAG[tag]
    body = body_of(command)
    fields: Any = {
        name: (one.annotation, one)
        for name, one in body.model_fields.items()
        if name not in _NOT_FOR_MACHINES
    }
    asked: type[Incoming] = create_model(
        f"{command.__name__}Call",
        __base__=Incoming,
        __doc__=command.__doc__,
        number=(Number, ...),
        key=(
            Annotated[str, Field(max_length=100)] | None,
            Field(None, description="A text of your own: the same again does nothing more."),
        ),
        **fields,
    )
    return AgentTool(
        name=tag,
        title=command.spec.summary,
        description=f"{command.spec.summary}. It is recorded and shown as done by a program, and "
        "can be contested.",
        asked=asked,
        answer=Snapshot,
        right=tag,
        run=_run(command),
        reads=False,
        again=False,
    )


def _run(command: type[CommandBase]) -> Callable[[ToolCall, Any], Awaitable[Snapshot]]:
    async def run(call: ToolCall, asked: Any) -> Snapshot:
        values = asked.model_dump(exclude={"number", "key"}, exclude_unset=True)
        given: Any = command.model_validate(values)
        return await execute(call.context, call.caller, asked.number, given, asked.key)

    return run


TOOLS: tuple[AgentTool[Any], ...] = (
    AgentTool(
        name="file_complaint",
        title="File a complaint for somebody",
        description="File a complaint that somebody asked you to file. It is recorded as filed by "
        "a program. Reports of wrongdoing are filed by people only.",
        asked=AgentComplaintIn,
        answer=AgentReceipt,
        right="file_complaint",
        run=_file,
        reads=False,
    ),
    AgentTool(
        name="propose_reply",
        title="Propose a reply",
        description="Propose the answer of your unit to a citizen. A person of the unit reads it, "
        "changes it if they like, and sends or discards it: nothing is sent before.",
        asked=ProposalIn,
        answer=ReplyDraftOut,
        right="propose_reply",
        run=_propose,
        reads=False,
    ),
    *(_command(tag) for tag in sorted(ACTS)),
)
