"""The auditor's pages: verdicts on a sample of tickets, and one ticket's history and record."""

import json
from collections import Counter
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.i18n import language_of
from api.http.responses import json_text
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import Translator
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.auditing import audits
from app.auditing.audits import SampleQuery, VerdictPage
from audit.compare import Change, Difference, event_differences
from audit.fields import fields
from audit.report import Report, StateThen
from domain.events import Event
from domain.facts.machine_reasons import is_ours
from domain.pack.pack import Pack
from domain.ticket.stages import Outcome
from domain.words import N_
from store.db.errors import BadNumber
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

URL = "/staff/audit"
_FILTERS = ("open", "outcome", "unit", "category", "limit")
_PLAIN: dict[str, Any] = {
    **dict.fromkeys(("kind", "clocks", "rules", "tells", "because"), True),
    "share": {"because"},
    "shares": {"__all__": {"because"}},
}
"""Fields that a timeline line omits: shown elsewhere, or too long for a line."""

LINES = 500
"""The most timeline lines on one page."""

_NAMED = 100
"""The most differing lines that are listed above a timeline longer than a page."""


class EventPair(NamedTuple):
    """One event in the history (`in_history`) and in the record (`in_record`), and the differences.

    `compared`: whether the history goes back that far.
    """

    version: int
    in_history: Event | None
    in_record: Event | None
    position: int | None
    differs: list[Difference]
    compared: bool

    @property
    def event(self) -> Event:
        event = self.in_history or self.in_record
        if event is None:
            raise ValueError("a line of nothing")
        return event

    @property
    def says(self) -> str:
        """The event's fields besides its kind and the system's reasons, as one line."""
        fact = self.event.fact
        values = fact.model_dump(mode="json", exclude=_PLAIN, exclude_none=True)
        return " · ".join(
            f"{name} {_plain(value)}"
            for name, value in values.items()
            if value != "" and not (isinstance(value, str) and is_ours(fact, value))
        )


@router.get(URL)
async def index(
    request: Request, caller: Annotated[Caller, staff("audit_ticket")], context: Context
) -> Response:
    """Redirect to the ticket with the number, or show verdicts on the tickets a filter finds."""
    pack = working_city(request, context, caller)
    form = Form.blank("number", *_FILTERS, **_typed_query(request))
    page: VerdictPage | None = None
    status = 200
    if "number" in request.query_params:
        try:
            return RedirectResponse(f"{URL}/{parse_number(form.typed['number'])}", 303)
        except BadNumber as error:
            status = form.refuse(error)
            form.fail("number", N_("A number has 13 digits; please check it."))
    elif "limit" in request.query_params:
        try:
            query = _query(form, pack, request.query_params.get("cursor"))
            page = await audits.verdicts(context, caller, query)
        except (ValidationError, *REFUSALS) as error:
            status = form.refuse(error)
    text = urlencode({name: form.typed[name] for name in _FILTERS})
    return staff_page(
        request,
        "audit/audit.html",
        caller,
        status,
        form=form,
        page=page,
        first="cursor" not in request.query_params,
        more=f"{URL}?{text}&",
        outcomes=list(Outcome),
        tally=Counter(row.finding for row in page.items) if page else {},
        units={unit.code: unit for unit in pack.units},
    )


def _typed_query(request: Request) -> dict[str, str]:
    typed = {name: request.query_params.get(name, "") for name in ("number", *_FILTERS)}
    return typed | {"open": typed["open"] or "false", "limit": typed["limit"] or "20"}


def _query(form: Form, pack: Pack, cursor: str | None) -> SampleQuery:
    values: dict[str, Any] = form.filled(*_FILTERS)
    if values.get("open") == "any":
        values["open"] = None
    return SampleQuery.model_validate({**values, "city": pack.city.id, "cursor": cursor})


@router.get(f"{URL}/{{number}}")
async def ticket(
    request: Request,
    number: TicketNumber,
    caller: Annotated[Caller, staff("audit_ticket")],
    context: Context,
) -> Response:
    """Show one ticket: verdict, timeline, state at any version (`?version=`), and the view log.

    A long timeline is shown one page at a time, beginning with event `?lines=`.
    """
    report = await audits.report(context, caller, number)
    then: StateThen | None = None
    last = report.replayed.ticket.version if report.replayed and report.replayed.ticket else 0
    first = report.since if report.lost else 1
    if last >= first:
        then = await audits.state(context, caller, number, _version(request, first, last))
    lines = _lines(report)
    part = _part(request, lines)
    pack = _pack(context, report) or working_city(request, context, caller)
    return staff_page(
        request,
        "audit/audit_ticket.html",
        caller,
        report=report,
        lines=lines[part],
        earlier=lines[max(part.start - LINES, 0)].version if part.start else None,
        later=lines[part.stop].version if part.stop < len(lines) else None,
        differing=[line.version for line in lines if line.differs][:_NAMED],
        state_differs=[d for d in report.differences if not d.path.startswith("events.")],
        then=then,
        plain_changes=[one for one in _changes(then) if not one.path.startswith("clocks.")],
        clock_changes=[one for one in _changes(then) if one.path.startswith("clocks.")],
        first=first,
        last=last,
        whole=fields(then.state) if then else {},
        pack=pack,
        speech=Translator(language_of(request), pack),
        units={unit.code: unit for unit in pack.units},
        categories={one.code: one for one in pack.categories},
    )


@router.get(f"{URL}/{{number}}/export")
async def export(
    number: TicketNumber, caller: Annotated[Caller, staff("audit_ticket")], context: Context
) -> Response:
    """Send the report that the API returns, as a file to download."""
    report = await audits.report(context, caller, number)
    name = f"jiesu-audit-{number}-{report.made_at:%Y%m%dT%H%M%SZ}.json"
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return json_text(text, Content_Disposition=f'attachment; filename="{name}"')


def _changes(then: StateThen | None) -> list[Change]:
    return then.changes if then else []


def _version(request: Request, first: int, last: int) -> int:
    """Return the requested version, limited to `first` and `last`; by default the last."""
    return min(max(_number_of(request, "version", last), first), last)


def _part(request: Request, lines: list[EventPair]) -> slice:
    """Return the lines to show: one page, beginning with the requested event."""
    asked = _number_of(request, "lines", 0)
    start = next((n for n, line in enumerate(lines) if line.version >= asked), 0)
    return slice(start, min(start + LINES, len(lines)))


def _number_of(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else otherwise


def _pack(context: Context, report: Report) -> Pack | None:
    """Return the pack of the ticket's city, if that city is still served."""
    ticket = (report.replayed and report.replayed.ticket) or report.record.ticket
    if ticket is None or ticket.complaint.city not in context.packs.ids():
        return None
    return context.packs.get(ticket.complaint.city)


def _lines(report: Report) -> list[EventPair]:
    """Pair the events by version, so that one missing on a side does not shift the rest."""
    events = {event.version: event for event in (report.replayed.events if report.replayed else [])}
    events_by_key = {event.version: event for event in report.record.events}
    return [
        _line(report, version, events.get(version), events_by_key.get(version))
        for version in sorted(events | events_by_key)
    ]


def _line(
    report: Report, version: int, event: Event | None, stored_event: Event | None
) -> EventPair:
    compared = report.replayed is not None and version >= report.since
    return EventPair(
        version=version,
        in_history=event,
        in_record=stored_event,
        position=report.positions[version - report.since] if event else None,
        differs=event_differences(event, stored_event) if compared else [],
        compared=compared,
    )


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items() if v not in (None, "", []))
    if isinstance(value, list):
        return "; ".join(_plain(part) for part in value)
    return str(value)
