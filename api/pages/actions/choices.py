"""The choices of form fields, by name, the likely ones first."""

from collections.abc import Callable, Iterable

from api.pages.actions.context import ActionContext
from api.pages.actions.dry_run import dry_run
from api.pages.actions.spec import Choice
from domain.commands.forms import Choices, Field
from domain.commands.intake.conclude import Conclude
from domain.commands.may_have import may_have
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Unit
from domain.ticket.assignment import Assignment, Share
from domain.ticket.complaint import Kind
from domain.ticket.minutes import Meeting
from domain.words import N_

ChoiceList = Callable[[ActionContext], list[Choice]]

LENGTHS = {
    "h": N_("hours"),
    "d": N_("days"),
    "wh": N_("working hours"),
    "wd": N_("working days"),
    "m": N_("minutes"),
}
"""The time units of a typed span."""

OUTCOMES = {
    "answered": N_("Answered at once"),
    "declined": N_("Declined"),
    "referred": N_("Referred elsewhere"),
    "final_reply": N_("Final reply"),
}


# --- units ------------------------------------------------------------------------------------


def _units(action_context: ActionContext, *first: Iterable[str | None]) -> list[Choice]:
    """Return all units that may have the ticket, those named `first` before the others."""
    pack, ticket = action_context.pack, action_context.ticket
    likely = dict.fromkeys(code for group in first for code in group if code)
    ordered = [code for code in likely if pack.has_unit(code)]
    rest = [unit.code for unit in pack.units if unit.code not in likely]
    units = (pack.unit(code) for code in (*ordered, *rest))
    return [_unit(action_context, unit) for unit in units if may_have(ticket, unit.code, pack)]


def _unit(action_context: ActionContext, unit: Unit) -> Choice:
    return Choice(unit.code, action_context.speech.named(unit))


def _around(action_context: ActionContext) -> list[str | None]:
    """Return the next unit, the place's street and community, earlier units."""
    ticket, pack = action_context.ticket, action_context.pack
    here = [pack.street_of(ticket.area), pack.community_of(ticket.area)]
    had = [share.unit for share in reversed(ticket.assignments)]
    return [ticket.next_unit, *(unit.code for unit in here if unit), *had]


def every_unit(action_context: ActionContext) -> list[Choice]:
    return _units(action_context, _around(action_context))


def other_units(action_context: ActionContext) -> list[Choice]:
    """Return all but the ticket's current unit."""
    has = action_context.ticket.current.unit if action_context.ticket.current else None
    return [choice for choice in every_unit(action_context) if choice.value != has]


def units_to_accuse(action_context: ActionContext) -> list[Choice]:
    return [_unit(action_context, unit) for unit in action_context.pack.units]


def units_to_call(action_context: ActionContext) -> list[Choice]:
    """Return units without a share; those near place and lead first."""
    ticket, pack = action_context.ticket, action_context.pack
    having = {share.unit for share in ticket.opened}
    near: list[str] = []
    if ticket.unit is not None and pack.has_unit(ticket.unit):
        near = [*_below(action_context, ticket.unit), *pack.siblings(ticket.unit)]
    choices = _units(action_context, _around(action_context), near)
    return [choice for choice in choices if choice.value not in having]


def units_below(action_context: ActionContext) -> list[Choice]:
    """Return the units below the caller's shares, the nearest first."""
    having = {share.unit for share in action_context.ticket.opened}
    own = dict.fromkeys(share.unit for share in action_context.own)
    below = [code for unit in own for code in _below(action_context, unit) if code not in having]
    allowed = {choice.value: choice for choice in _units(action_context)}
    return [allowed[code] for code in dict.fromkeys(below) if code in allowed]


def _below(action_context: ActionContext, above: str) -> list[str]:
    pack = action_context.pack
    if not pack.has_unit(above):
        return []
    codes = [unit.code for unit in pack.units if pack.is_under(unit.code, above)]
    return sorted(codes, key=lambda code: pack.chain(code).index(above))


def involved_units(action_context: ActionContext) -> list[Choice]:
    """Return units that have or had a share, as likely there; then all."""
    units = dict.fromkeys(share.unit for share in action_context.ticket.assignments)
    return [Choice(code, action_context.speech.unit(code), "near") for code in units] + every_unit(
        action_context
    )


def units_alike(action_context: ActionContext) -> list[Choice]:
    """Return the siblings of the lead, which an inspection concerns; then all units."""
    lead, pack = action_context.ticket.unit, action_context.pack
    alike = pack.siblings(lead) if lead and pack.has_unit(lead) else []
    near = [Choice(code, action_context.speech.unit(code), "near") for code in alike]
    return [*near, *every_unit(action_context)]


# --- subject and reasons ------------------------------------------------------------------------


def categories(action_context: ActionContext) -> list[Choice]:
    """Return all categories; the suggested and the present one first."""
    ticket, pack = action_context.ticket, action_context.pack
    likely = dict.fromkeys(c for c in (ticket.suggestion, ticket.category) if c and pack.knows(c))
    rest = [one.code for one in pack.categories if one.code not in likely]
    return [Choice(code, action_context.speech.category(code)) for code in (*likely, *rest)]


def tiers(action_context: ActionContext) -> list[Choice]:
    """Return the tiers of the city, whose limits a ticket can have."""
    speech = action_context.speech
    return [Choice(code, speech.tier(code)) for code in action_context.pack.tiers]


def areas(action_context: ActionContext) -> list[Choice]:
    """Return streets and communities, by division code."""
    pack = action_context.pack
    return [
        Choice(unit.area, action_context.speech.named(unit))
        for unit in (*pack.streets, *pack.communities)
        if unit.area
    ]


def kinds(action_context: ActionContext) -> list[Choice]:
    return [Choice(kind.value, action_context.speech.label("kind", kind.value)) for kind in Kind]


def grounds(*tables: str) -> ChoiceList:
    """Return the reasons of these lists of the pack; of several, grouped by list."""

    def found(action_context: ActionContext) -> list[Choice]:
        speech = action_context.speech
        groups = {"decline": OUTCOMES["declined"], "refer": OUTCOMES["referred"]}
        return [
            Choice(
                reason.code,
                speech.reason(table, reason.code),
                speech.say(groups[table]) if len(tables) > 1 else "",
            )
            for table in tables
            for reason in getattr(action_context.pack.reasons, table)
        ]

    return found


def grades(action_context: ActionContext) -> list[Choice]:
    grade_choices = action_context.pack.rating.grades
    return [Choice(str(one.grade), action_context.speech.grade(one.grade)) for one in grade_choices]


def meetings(action_context: ActionContext) -> list[Choice]:
    return [Choice(one.value, action_context.speech.label("meeting", one.value)) for one in Meeting]


# --- values of this ticket ----------------------------------------------------------------------


def shares(action_context: ActionContext) -> list[Choice]:
    """Return the caller's open shares."""
    return [_share(action_context, share) for share in action_context.own]


def helpers(action_context: ActionContext) -> list[Choice]:
    """Return open shares of helpers that the caller may release."""
    unit, ticket = action_context.caller.unit, action_context.ticket
    assignments = [share for share in ticket.opened if share.of is not None]
    mine = [s for s in assignments if s.of and unit in (None, ticket.assignment(s.of).unit)]
    return [_share(action_context, share) for share in mine]


def _share(action_context: ActionContext, share: Assignment) -> Choice:
    name = action_context.speech.unit(share.unit)
    words = f"{share.n} · {name} · {action_context.speech.label('share', share.share.value)}"
    return Choice(str(share.n), f"{words} · {share.task}" if share.task else words)


_MOST = 60
"""Most characters of an order in the list to choose from."""


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def orders(action_context: ActionContext) -> list[Choice]:
    """Return the orders without an answer."""
    left = [order for order in action_context.ticket.orders if order.answer is None]
    describe = action_context.speech.order
    return [Choice(str(order.n), f"{order.n} · {_shortened(describe(order))}") for order in left]


def steps(action_context: ActionContext) -> list[Choice]:
    """Return the caller's open steps of staged limits."""
    own = {share.n for share in action_context.own if share.share is Share.LEAD}
    left = [
        clock.label
        for clock in action_context.ticket.clocks
        if clock.running and clock.name is ClockName.STEP and clock.assignment in own
    ]
    return [Choice(label, label) for label in left if label]


# --- the lists that forms name ------------------------------------------------------------------


def outcomes(action_context: ActionContext) -> list[Choice]:
    """Return the outcomes that the ticket's checks allow this caller."""
    return [
        Choice(outcome, action_context.speech.say(words))
        for outcome, words in OUTCOMES.items()
        if dry_run(Conclude, action_context, {"outcome": outcome, "reason": "-"}) is None
    ]


LISTS: dict[Choices, ChoiceList] = {
    Choices.CATEGORIES: categories,
    Choices.TIERS: tiers,
    Choices.AREAS: areas,
    Choices.KINDS: kinds,
    Choices.GRADES: grades,
    Choices.MEETINGS: meetings,
    Choices.OUTCOMES: outcomes,
    Choices.EVERY_UNIT: every_unit,
    Choices.OTHER_UNITS: other_units,
    Choices.UNITS_TO_ACCUSE: units_to_accuse,
    Choices.UNITS_TO_CALL: units_to_call,
    Choices.UNITS_BELOW: units_below,
    Choices.UNITS_ALIKE: units_alike,
    Choices.INVOLVED_UNITS: involved_units,
    Choices.SHARES: shares,
    Choices.HELPERS: helpers,
    Choices.ORDERS: orders,
    Choices.STEPS: steps,
    Choices.RETURN_GROUNDS: grounds("returns"),
    Choices.HOLD_GROUNDS: grounds("hold"),
    Choices.WHISTLE_GROUNDS: grounds("whistle"),
    Choices.EXCLUDE_GROUNDS: grounds("exclude"),
    Choices.CONCLUDE_REASONS: grounds("decline", "refer"),
}
"""The function that fills each list."""


def choices_of(field: Field, action_context: ActionContext) -> list[Choice]:
    """Return what the field may choose from in this context."""
    return LISTS[field.choices](action_context) if field.choices else []
