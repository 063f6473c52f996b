"""Commands on a ticket: executed, and what to answer when the engine does not run it."""

from collections.abc import Sequence
from typing import Any

from pydantic import create_model

from app.access.caller import Caller
from app.access.machines import check_content
from app.access.permission import may_know, permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import EngineUnavailable, NotRunning
from app.sending.contact_budget import check_budget
from app.sending.used_keys import reserved
from domain.commands.base import CommandBase
from domain.commands.citizens.call_back import CallBack
from domain.commands.intake.merge import Merge
from domain.commands.joint.whistle import Whistle
from domain.commands.units.contact import Contact
from domain.messages import Act, Command
from domain.model import Incoming
from domain.pack.catalogue import UnitKind
from domain.policy.permissions import COMMANDS
from domain.refusals import Refused
from domain.ticket.state import Snapshot
from store.files import files
from store.tickets import intake, tickets


def body_of(command: type[CommandBase]) -> type[Incoming]:
    """Return the body model of a command: the same fields and rules, without the tag `do`."""
    fields: Any = {
        name: (field.annotation, field)
        for name, field in command.model_fields.items()
        if name != "do"
    }
    made: type[Incoming] = create_model(
        f"{command.__name__}In", __base__=Incoming, __doc__=command.__doc__, **fields
    )
    return made


async def execute(
    context: AppContext,
    caller: Caller,
    number: str,
    command: Command,
    key: str | None,
    marks: Sequence[str] | None = None,
) -> Snapshot:
    """Send a command to the ticket, and raise its refusal.

    With a key, the same content is carried out once, and another is refused. `marks` identify its
    files if they may come again under other references, or not at all.

    An officer whose unit never had the ticket gets only ticket_not_found. That is checked only
    after a refusal: if the ticket accepts the command, its unit may see the ticket.
    """
    await permit(context, caller, COMMANDS[type(command)].key, number)
    check_content(caller, command)
    if isinstance(command, Merge) and not await may_know(context, caller, command.into):
        raise Refused("merge_target_unknown", "There is no such ticket to merge into.")
    if isinstance(command, Whistle):
        await _check_helpers(context, caller, number, command)
    await _check_budget(context, caller, number, command)
    act = Act(actor=caller.actor, command=command)
    content = await _content(context, command, marks) if key else ""
    try:
        async with reserved(context, caller, number, key, content):
            name = f"{caller.id}:{key}:{context.mark(content)}" if key else None
            snapshot = await context.engine.act(number, act, name)
            return snapshot.for_citizen() if caller.citizen else snapshot
    except (Refused, NotRunning) as refusal:
        if caller.unit is not None and await visible(context, caller, number) is None:
            raise Problem("ticket_not_found") from None
        if isinstance(refusal, NotRunning):
            raise await not_running_error(context, number, refusal) from None
        raise


async def _check_budget(context: AppContext, caller: Caller, number: str, command: Command) -> None:
    """Refuse a contact beyond the day's budget, to who may see the ticket.

    Asked here and not by the ticket, which does not know the citizen's other tickets.
    """
    if isinstance(command, Contact | CallBack) and await visible(context, caller, number):
        await check_budget(context, number, command)


async def _check_helpers(
    context: AppContext, caller: Caller, number: str, command: Whistle
) -> None:
    """Refuse that helpers, who are no officials, are called into a report of wrongdoing.

    Only a supervisor may give them a share of one, by reassigning it. Asked here and not by the
    ticket, which does not know what kind of unit it calls.

    Raises:
        Problem: helper_of_report
    """
    ticket = await visible(context, caller, number)
    if ticket is None or not ticket.of_wrongdoing:
        return
    pack = context.packs.get(ticket.complaint.city)
    called = [call.unit for call in command.units if pack.has_unit(call.unit)]
    if any(pack.unit(unit).kind is UnitKind.HELPER for unit in called):
        raise Problem("helper_of_report")


async def _content(context: AppContext, command: Command, marks: Sequence[str] | None) -> str:
    """Return the content that a key stands for. Files count by their bytes: a form that is sent
    again uploads them again."""
    text = command.model_dump_json(exclude={"evidence", "files"})
    if marks is None:
        named = [*getattr(command, "evidence", []), *getattr(command, "files", [])]
        rows = {one: await files.get(context.store, one) for one in named}
        marks = [row.sha256 if row else one for one, row in rows.items()]
    return "\n".join([text, *sorted(marks)])


async def refuse_simulated(context: AppContext, number: str) -> None:
    """Refuse what needs a workflow of a ticket that never had one.

    Raises:
        Problem: simulated_ticket
    """
    registered = await intake.get(context.store, number)
    if registered is not None and registered.simulated:
        raise Problem("simulated_ticket")


async def not_running_error(context: AppContext, number: str, not_running: NotRunning) -> Exception:
    """Return the error for a ticket that the engine does not run."""
    row = await tickets.get(context.store, number)
    if not_running.ended or (row is not None and row.outcome is not None):
        return Refused("ticket_ended", "This ticket has ended.")
    registered = await intake.get(context.store, number)
    if registered is None:
        return Problem("ticket_not_found")
    if registered.simulated:
        return Problem("simulated_ticket")
    if not registered.started:
        return Problem("not_started_yet")
    return EngineUnavailable("The engine does not know this ticket at present.")
