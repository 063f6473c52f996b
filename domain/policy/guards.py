"""Guards of commands: by the transition table, role and unit, the city's switches and caps."""

from datetime import datetime, timedelta

from domain.actors import Actor, Role
from domain.commands import citizens, intake, joint, supervising, units
from domain.commands.base import CommandBase
from domain.commands.messages import Command
from domain.deadlines.clocks import ClockName
from domain.facts.base import FactBase
from domain.policy.permissions import right_to
from domain.policy.relations import NEAR, relation
from domain.policy.transitions import may_cause, transition
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Ending, Request, Share
from domain.ticket.rules_snapshot import ReworkTo, Rules
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

_SWITCHES: dict[type[CommandBase], str] = {
    units.Ask: "ask_citizen",
    units.Exclude: "exclude",
    units.Hold: "holds",
    joint.Whistle: "co_handlers",
    joint.Delegate: "delegations",
    joint.RaiseLevel: "raise_level",
    intake.Merge: "merge",
    intake.Intervene: "intervene",
    supervising.Appoint: "appoint",
    supervising.SettleAll: "settle_all",
}
"""Commands that a city may disable, by their switch, or by their cap if that is zero."""


def leads_to(ticket: Ticket, command: Command) -> type[FactBase]:
    """Return the fact a command becomes, to look up in the transition table."""
    if isinstance(command, intake.Conclude):
        return command.ends[command.outcome]
    if isinstance(command, supervising.Decide) and (request := asked(ticket)) is not None:
        return command.ends[request.what]
    return command.leads_to


def check(ticket: Ticket, command: Command, actor: Actor, at: datetime) -> None:
    """Refuse a command that is not allowed.

    Raises:
        Refused: with the reason's code; nothing has changed.
    """
    transition(ticket.stage, leads_to(ticket, command)).permit(actor)
    rules = rules_of(ticket)
    switch = _SWITCHES.get(type(command))
    if switch is not None and not getattr(rules, switch):
        raise Refused("not_in_this_city", f"This city does not work that way: {command.do}.")
    _check_near(ticket, command, actor)
    if ticket.contest is not None and isinstance(command, intake.Conclude | intake.Reassign):
        raise Refused("already_asked", "An exclusion is waiting: decide that first.")
    match command:
        case units.UnitCommand():
            _check_unit_command(ticket, command, actor, at)
        case (
            joint.Override()
            | joint.RaiseLevel()
            | units.AnswerOrder()
            | units.Exclude()
            | joint.Release()
            | supervising.KeepMinutes()
            | supervising.SettleAll()
            | supervising.Appoint()
            | supervising.Revisit()
            | citizens.Recur()
        ):
            _check_of_unit(ticket, command, actor, at)
        case supervising.Decide():
            _check_decision(ticket, command, actor)
        case intake.Reassign(unit=unit):
            if ticket.current is not None and ticket.current.unit == unit:
                raise Refused("same_unit", f"Unit {unit} has the ticket already.")
            another = rules.rework_to is ReworkTo.OTHER and ticket.by_hand and ticket.reworks
            if another and ticket.unit == unit:
                raise Refused("same_unit", f"Unit {unit} did not satisfy: choose another.")
        case intake.Merge(into=into):
            if into == ticket.complaint.number:
                raise Refused("merge_itself", "A ticket cannot be merged into itself.")
            if ticket.complainants:
                raise Refused("has_complainants", "Others are merged into this ticket already.")
        case supervising.Replan() if not ticket.provisional:
            raise Refused("nothing_to_replan", "No due time of this ticket is provisional.")
        case citizens.Urge():
            day = [when for when in ticket.urged_at if at - when < timedelta(days=1)]
            if len(day) >= rules.urges_per_day:
                raise Refused("urged_too_often", "This ticket was urged often enough today.")
        case citizens.AddFacts() if rules.facts_per_day:
            day = [when for when in ticket.facts_at if at - when < timedelta(days=1)]
            if len(day) >= rules.facts_per_day:
                raise Refused("facts_too_often", "Enough was added to this ticket today.")
        case citizens.CallBack() if ticket.rating is not None:
            raise Refused("already_rated", "This ticket is rated already.")
        case citizens.CallBack() if ticket.call_backs >= rules.call_backs:
            raise Refused("overtaken", "The last attempt was made: the ticket is being closed.")
        case citizens.CallBack(reached=False, rating=rating) if rating is not None:
            raise Refused("rating_without_contact", "A rating needs a citizen who was reached.")
        case intake.Conclude(outcome="declined" | "referred", reason=None):
            raise Refused("reason_missing", "Declining or referring needs a reason code.")
        case intake.Conclude(outcome="answered") if ticket.kind not in rules.desk_answers:
            raise Refused("not_for_desk", f"The desk does not answer this itself: {ticket.kind}.")
        case _:
            pass


def _check_near(ticket: Ticket, command: Command, actor: Actor) -> None:
    """Require that an officer's unit is as near to the ticket as the permission table says."""
    near = relation(ticket, actor.unit)
    if actor.role is not Role.OFFICER or right_to(command).allows(actor.role, near):
        return
    # The check of the share that is meant follows, and refuses with the exact reason.
    if isinstance(command, units.UnitCommand) and near in NEAR:
        return
    raise Refused("not_your_unit", "This is another unit's to do.")


def _check_unit_command(
    ticket: Ticket, command: units.UnitCommand, actor: Actor, at: datetime
) -> None:
    assignment = assignment_of(ticket, command, actor)
    check_officer(assignment, actor)
    rules = rules_of(ticket)
    if right_to(command).lead_only and assignment.share is not Share.LEAD:
        raise Refused("not_the_lead", "Only the unit that leads may do this.")
    match command:
        case units.Sign() if assignment.signed_at is not None:
            raise Refused("already_signed", "This assignment is signed already.")
        case units.Return() | units.Extend() | units.Hold() if assignment.asked is not None:
            raise Refused(
                "already_asked", f"A request is waiting already: {assignment.asked.what}."
            )
        case units.Extend() if assignment.extensions >= rules.extensions:
            raise Refused("extension_cap", f"Extended {assignment.extensions} times: no more.")
        case units.Extend() | units.Hold() | units.Ask() if assignment.pause is not None:
            raise Refused("paused", f"The clock stands still already: {assignment.pause.why}.")
        case units.Hold() if assignment.holds >= rules.holds:
            raise Refused("hold_cap", f"Put aside {assignment.holds} times: no more.")
        case units.Hold(until=until) if until <= at:
            raise Refused("in_the_past", "A hold ends in the future.")
        case units.Review() if assignment.pause is None or assignment.pause.why != "hold":
            raise Refused("not_on_hold", "This assignment is not on hold.")
        case units.Ask() if assignment.questions >= rules.questions:
            raise Refused("question_cap", f"Asked {assignment.questions} times: no more.")
        case units.Step(step=step):
            _check_step(ticket, assignment, step)
        case joint.Whistle(units=called):
            _check_whistle(ticket, [call.unit for call in called], rules)
        case joint.Delegate(unit=unit):
            _check_delegation(ticket, assignment, unit, rules)
        case _:
            pass


def _check_step(ticket: Ticket, assignment: Assignment, step: str) -> None:
    steps = [
        clock.label
        for clock in ticket.clocks
        if clock.running and clock.name is ClockName.STEP and clock.assignment == assignment.n
    ]
    if step not in steps:
        waiting_for = ", ".join(filter(None, steps)) or "none"
        raise Refused("unknown_step", f"No step '{step}' is to be done; left: {waiting_for}.")


def _check_whistle(ticket: Ticket, called: list[str], rules: Rules) -> None:
    having = [a.unit for a in ticket.opened]
    twice = [unit for unit in called if unit in having or called.count(unit) > 1]
    if twice:
        raise Refused("same_unit", f"Unit {twice[0]} has a share of the ticket already.")
    helping = sum(a.share is Share.CO for a in ticket.opened)
    if helping + len(called) > rules.co_handlers:
        raise Refused("co_handler_cap", f"At most {rules.co_handlers} units may be called in.")


def _check_delegation(ticket: Ticket, given: Assignment, unit: str, rules: Rules) -> None:
    if unit in (a.unit for a in ticket.opened):
        raise Refused("same_unit", f"Unit {unit} has a share of the ticket already.")
    depth, above = 1, given
    while above.share is Share.DELEGATE and above.of is not None:
        depth, above = depth + 1, ticket.assignment(above.of)
    if depth > rules.delegations:
        raise Refused("delegation_cap", f"Delegated {rules.delegations} levels down: no further.")


def _check_of_unit(ticket: Ticket, command: Command, actor: Actor, at: datetime) -> None:
    """Check commands about the whole ticket, by its units and by staff."""
    lead = ticket.lead
    match command:
        case joint.Release(assignment=n):
            caller = _caller(ticket, n).unit
            if actor.role is Role.OFFICER and actor.unit != caller:
                raise Refused("not_your_unit", "This is another unit's to do.")
        case joint.Override() if lead is None or lead.ending is not Ending.DONE:
            raise Refused("lead_not_done", "The unit that leads has not handed in its answer.")
        case joint.RaiseLevel() if lead is None or not lead.open or lead.above is None:
            raise Refused("top_level", "No unit is above the one that leads.")
        case units.AnswerOrder(order=n):
            if n > len(ticket.orders):
                raise Refused("unknown_order", f"This ticket has no order {n}.")
            if ticket.orders[n - 1].answer is not None:
                raise Refused("order_answered", "This order is answered already.")
        case units.Exclude() if ticket.contest is not None:
            raise Refused("already_asked", "An exclusion is waiting already.")
        case units.Exclude() if ticket.excluded:
            raise Refused("already_excluded", "This ticket is excluded already.")
        case supervising.SettleAll(units=[]) if ticket.unit is None:
            raise Refused("no_siblings", "No unit has had it yet: name those to inspect.")
        case supervising.Appoint(starts_at=starts_at) if starts_at <= at:
            raise Refused("in_the_past", "An appointment is in the future.")
        case _:
            pass


def _caller(ticket: Ticket, n: int) -> Assignment:
    """Return the assignment that a co-handler's or a delegate's was given from."""
    assignment = ticket.assignment(n)
    if assignment.of is None:
        raise Refused("not_a_helper", "Only co-handlers and delegates can be released.")
    if not assignment.open:
        raise Refused("assignment_ended", "This assignment has ended.")
    return ticket.assignment(assignment.of)


def _check_decision(ticket: Ticket, command: supervising.Decide, actor: Actor) -> None:
    request = asked(ticket)
    if request is None:
        raise Refused("nothing_asked", "Nothing is waiting for a decision.")
    rules = rules_of(ticket)
    last = rules.arbitration and ticket.returns + 1 >= rules.returns
    if request.what == "return" and command.approve and command.unit and last:
        raise Refused("arbitration_due", "A meeting decides whose it is: leave the unit out.")
    if actor.unit is not None and actor.unit == ticket.unit:
        raise Refused("own_request", "Another than the asker decides.")


def return_bar(ticket: Ticket, assignment: Assignment) -> Refused | None:
    """Return why this assignment cannot be returned; None: a return can be requested."""
    rules = rules_of(ticket)
    if rules.returns == 0:
        return Refused("returns_not_allowed", "In this city units do not return tickets.")
    if assignment.barred == "return_window":
        return Refused("return_window", "The time to return it is over: it is your unit's.")
    if assignment.barred is not None:
        return Refused("arbitrated", "Whose it is has been decided: it cannot be returned.")
    if ticket.returns >= rules.returns:
        return Refused("return_cap", f"Returned {ticket.returns} times already: no more.")
    return None


def check_officer(assignment: Assignment, actor: Actor) -> None:
    """Require an open assignment, and for an officer, one of their unit."""
    if actor.role is Role.OFFICER and actor.unit != assignment.unit:
        raise Refused("not_your_unit", "Another unit has this assignment.")
    if not assignment.open:
        raise Refused("assignment_ended", "This assignment has ended.")


def assignment_of(ticket: Ticket, command: units.UnitCommand, actor: Actor) -> Assignment:
    """Return the assignment meant: the one that is named, the unit's own, else the lead's."""
    if command.assignment is not None:
        return ticket.assignment(command.assignment)
    own = [a for a in ticket.opened if a.unit == actor.unit]
    if own:
        return own[-1]
    if ticket.current is None:
        raise Refused("not_now", "No unit has this ticket now.")
    return ticket.current


def asking(ticket: Ticket) -> Assignment | None:
    """Return the assignment whose unit has waited longest for a decision."""
    requests = [(a.asked.asked_at, a.n) for a in ticket.opened if a.asked is not None]
    return ticket.assignment(min(requests)[1]) if requests else None


def asked(ticket: Ticket) -> Request | None:
    """Return the request to decide: a unit's, or after the rating an exclusion."""
    if ticket.stage in (Stage.SUPERVISE, Stage.AFTERCARE):
        return ticket.contest
    found = asking(ticket)
    return found.asked if found else None


_GRANTED = {
    "return": "returned",
    "extension": "extension_granted",
    "hold": "held",
    "exclusion": "exclusion_granted",
}


def may_decide(role: Role, ticket: Ticket) -> bool:
    """Return whether `role` may decide the request of the ticket, or name a unit at arbitration."""
    request = asked(ticket)
    granted = _GRANTED[request.what] if request else "arbitrated"
    return may_cause(role, ticket.stage, granted)


def rules_of(ticket: Ticket) -> Rules:
    if ticket.rules is None:
        raise Refused("not_now", "This ticket is not accepted yet.")
    return ticket.rules
