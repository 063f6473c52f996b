"""The choices of form fields, by name, the likely ones first."""

from collections.abc import Callable, Iterable

from api.pages.actions.context import ActionContext
from api.pages.actions.dry_run import dry_run
from api.pages.actions.spec import Choice
from domain.commands.forms import Choices, Field
from domain.commands.intake.conclude import Conclude
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


def _units(occasion: ActionContext, *first: Iterable[str | None]) -> list[Choice]:
    """Return all units that may have the ticket, those named `first` before the others."""
    pack, accused = occasion.pack, occasion.ticket.accused
    likely = dict.fromkeys(code for group in first for code in group if code)
    ordered = [code for code in likely if pack.has_unit(code)]
    rest = [unit.code for unit in pack.units if unit.code not in likely]
    found = (pack.unit(code) for code in (*ordered, *rest))
    return [
        _unit(occasion, unit)
        for unit in found
        if accused is None or accused not in pack.chain(unit.code)
    ]


def _unit(occasion: ActionContext, unit: Unit) -> Choice:
    return Choice(unit.code, occasion.speech.named(unit))


def _around(occasion: ActionContext) -> list[str | None]:
    """Return the next unit, the place's street and community, earlier units."""
    ticket, pack = occasion.ticket, occasion.pack
    here = [pack.street_of(ticket.area), pack.community_of(ticket.area)]
    had = [share.unit for share in reversed(ticket.assignments)]
    return [ticket.next_unit, *(unit.code for unit in here if unit), *had]


def every_unit(occasion: ActionContext) -> list[Choice]:
    return _units(occasion, _around(occasion))


def other_units(occasion: ActionContext) -> list[Choice]:
    """Return all but the ticket's current unit."""
    has = occasion.ticket.current.unit if occasion.ticket.current else None
    return [choice for choice in every_unit(occasion) if choice.value != has]


def units_to_accuse(occasion: ActionContext) -> list[Choice]:
    return [_unit(occasion, unit) for unit in occasion.pack.units]


def units_to_call(occasion: ActionContext) -> list[Choice]:
    """Return units without a share; those near place and lead first."""
    ticket, pack = occasion.ticket, occasion.pack
    having = {share.unit for share in ticket.opened}
    near: list[str] = []
    if ticket.unit is not None and pack.has_unit(ticket.unit):
        near = [*_below(occasion, ticket.unit), *pack.siblings(ticket.unit)]
    found = _units(occasion, _around(occasion), near)
    return [choice for choice in found if choice.value not in having]


def units_below(occasion: ActionContext) -> list[Choice]:
    """Return the units below the caller's shares, the nearest first."""
    having = {share.unit for share in occasion.ticket.opened}
    own = dict.fromkeys(share.unit for share in occasion.own)
    below = [code for unit in own for code in _below(occasion, unit) if code not in having]
    allowed = {choice.value: choice for choice in _units(occasion)}
    return [allowed[code] for code in dict.fromkeys(below) if code in allowed]


def _below(occasion: ActionContext, above: str) -> list[str]:
    pack = occasion.pack
    if not pack.has_unit(above):
        return []
    found = [unit.code for unit in pack.units if pack.is_under(unit.code, above)]
    return sorted(found, key=lambda code: pack.chain(code).index(above))


def involved_units(occasion: ActionContext) -> list[Choice]:
    """Return units that have or had a share, as likely there; then all."""
    units = dict.fromkeys(share.unit for share in occasion.ticket.assignments)
    return [Choice(code, occasion.speech.unit(code), "near") for code in units] + every_unit(
        occasion
    )


def units_alike(occasion: ActionContext) -> list[Choice]:
    """Return the siblings of the lead, which an inspection concerns; then all units."""
    lead, pack = occasion.ticket.unit, occasion.pack
    alike = pack.siblings(lead) if lead and pack.has_unit(lead) else []
    near = [Choice(code, occasion.speech.unit(code), "near") for code in alike]
    return [*near, *every_unit(occasion)]


# --- subject and reasons ------------------------------------------------------------------------


def categories(occasion: ActionContext) -> list[Choice]:
    """Return all categories; the suggested and the present one first."""
    ticket, pack = occasion.ticket, occasion.pack
    likely = dict.fromkeys(c for c in (ticket.suggestion, ticket.category) if c and pack.knows(c))
    rest = [one.code for one in pack.categories if one.code not in likely]
    return [Choice(code, occasion.speech.category(code)) for code in (*likely, *rest)]


def areas(occasion: ActionContext) -> list[Choice]:
    """Return streets and communities, by division code."""
    pack = occasion.pack
    return [
        Choice(unit.area, occasion.speech.named(unit))
        for unit in (*pack.streets, *pack.communities)
        if unit.area
    ]


def kinds(occasion: ActionContext) -> list[Choice]:
    return [Choice(kind.value, occasion.speech.label("kind", kind.value)) for kind in Kind]


def grounds(*tables: str) -> ChoiceList:
    """Return the reasons of these lists of the pack; of several, grouped by list."""

    def found(occasion: ActionContext) -> list[Choice]:
        speech = occasion.speech
        groups = {"decline": OUTCOMES["declined"], "refer": OUTCOMES["referred"]}
        return [
            Choice(
                reason.code,
                speech.reason(table, reason.code),
                speech.say(groups[table]) if len(tables) > 1 else "",
            )
            for table in tables
            for reason in getattr(occasion.pack.reasons, table)
        ]

    return found


def grades(occasion: ActionContext) -> list[Choice]:
    given = occasion.pack.rating.grades
    return [Choice(str(one.grade), occasion.speech.grade(one.grade)) for one in given]


def meetings(occasion: ActionContext) -> list[Choice]:
    return [Choice(one.value, occasion.speech.label("meeting", one.value)) for one in Meeting]


# --- values of this ticket ----------------------------------------------------------------------


def shares(occasion: ActionContext) -> list[Choice]:
    """Return the caller's open shares."""
    return [_share(occasion, share) for share in occasion.own]


def helpers(occasion: ActionContext) -> list[Choice]:
    """Return open shares of helpers that the caller may release."""
    unit, ticket = occasion.caller.unit, occasion.ticket
    given = [share for share in ticket.opened if share.of is not None]
    mine = [s for s in given if s.of and unit in (None, ticket.assignment(s.of).unit)]
    return [_share(occasion, share) for share in mine]


def _share(occasion: ActionContext, share: Assignment) -> Choice:
    name = occasion.speech.unit(share.unit)
    words = f"{share.n} · {name} · {occasion.speech.label('share', share.share.value)}"
    return Choice(str(share.n), f"{words} · {share.task}" if share.task else words)


def orders(occasion: ActionContext) -> list[Choice]:
    """Return the orders without an answer."""
    left = [order for order in occasion.ticket.orders if order.answer is None]
    said = occasion.speech.order
    return [Choice(str(order.n), f"{order.n} · {said(order)[:40]}") for order in left]


def steps(occasion: ActionContext) -> list[Choice]:
    """Return the caller's open steps of staged limits."""
    own = {share.n for share in occasion.own if share.share is Share.LEAD}
    left = [
        clock.label
        for clock in occasion.ticket.clocks
        if clock.running and clock.name is ClockName.STEP and clock.assignment in own
    ]
    return [Choice(label, label) for label in left if label]


# --- the lists that forms name ------------------------------------------------------------------


def outcomes(occasion: ActionContext) -> list[Choice]:
    """Return the outcomes that the ticket's checks allow this caller."""
    return [
        Choice(outcome, occasion.speech.say(words))
        for outcome, words in OUTCOMES.items()
        if dry_run(Conclude, occasion, {"outcome": outcome, "reason": "-"}) is None
    ]


LISTS: dict[Choices, ChoiceList] = {
    Choices.CATEGORIES: categories,
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


def choices_of(field: Field, occasion: ActionContext) -> list[Choice]:
    """Return what the field may choose from in this context."""
    return LISTS[field.choices](occasion) if field.choices else []
