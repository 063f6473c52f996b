"""The next step, by a permitted actor, that brings a ticket nearer to its end."""

from typing import NamedTuple

from domain.actors import CITIZEN, Actor, Role
from domain.commands.intake.accuse import Accuse
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.may_have import may_have
from domain.commands.supervising.decide import Decide
from domain.messages import Command
from domain.pack.pack import Pack
from domain.policy.decide import arbitration_due
from domain.ticket.assignment import HandlingResult
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

DISPATCHER = Actor(role=Role.DISPATCHER, id="dispatcher-1")
SUPERVISOR = Actor(role=Role.SUPERVISOR, id="supervisor-1")

DONE = HandlingResult(reply="已办结。", evidence=["照片"])


class Give(NamedTuple):
    """A command and its actor."""

    actor: Actor
    command: Command


class HandIn(NamedTuple):
    """The result that the unit of assignment `n` hands in."""

    n: int
    result: HandlingResult = DONE


class Judge(NamedTuple):
    """The citizen's rating."""

    rating: Rating
    actor: Actor = CITIZEN


Step = Give | HandIn | Judge

PRAISE = Judge(Rating(contacted=True, resolved=True, grade=Grade.VERY_SATISFIED))


def way_out(ticket: Ticket, pack: Pack) -> Step | None:
    """Return the next step; None if the engine continues by itself, at once or after some time."""
    match ticket.stage:
        case Stage.TRIAGE:
            nobody = ticket.of_wrongdoing and ticket.accused is None
            return Give(DISPATCHER, Triage(category=pack.categories[0].code, nobody=nobody))
        case Stage.DISPATCH if ticket.by_hand and not arbitration_due(ticket):
            unit = _another(ticket, pack)
            if unit is None:
                [reason, *_] = pack.reason_codes("refer")
                referred = Conclude(outcome="referred", reason=reason, text="请向其他机关反映")
                return Give(DISPATCHER, referred)
            return Give(DISPATCHER, Reassign(unit=unit, reason="请承办"))
        case Stage.ARBITRATE:
            units = (pack.city.fallback, *(unit.code for unit in pack.units))
            named = next((unit for unit in units if may_have(ticket, unit, pack)), None)
            if named is None:
                return Give(DISPATCHER, Accuse(nobody=True, note="核实有误"))
            return Give(DISPATCHER, Arbitrate(unit=named, text="由区政府承办"))
        case Stage.VERIFY | Stage.HANDLE:
            return HandIn(ticket.opened[0].n)
        case Stage.RATE if ticket.rating is None:
            return PRAISE
        case Stage.SUPERVISE | Stage.AFTERCARE if ticket.contest is not None:
            return Give(SUPERVISOR, Decide(approve=False, reason="不予剔除"))
        case Stage.SUPERVISE:
            return Give(SUPERVISOR, Conclude(outcome="final_reply", text="最终答复"))
        case Stage.MERGED:
            return Give(DISPATCHER, Unmerge(reason="单独办理"))
        case _:
            return None


def _another(ticket: Ticket, pack: Pack) -> str | None:
    """Return a unit that did not have the ticket last and is not the subject of the report."""
    units = (unit.code for unit in pack.units if unit.code != ticket.unit)
    return next((unit for unit in units if may_have(ticket, unit, pack)), None)
