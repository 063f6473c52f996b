"""`jiesu audit`: replay tickets from their histories and compare them with the record."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from app.auditing.exposures import Exposures, exposures
from audit.errors import AuditError
from audit.replay import Break, Replayed, replay_history
from audit.report import Report, StateThen, examine, state_then
from audit.verdicts import AuditVerdict, judge
from cli.installation import installation
from cli.terminal import fail, one_line, out, print_json, run, styled
from domain.events import Event
from domain.facts.machine_reasons import is_ours, reasons_of
from packs.registry import PackError, PackRegistry, default_root
from store.db.errors import StoreError
from store.tickets import tickets, view_log
from store.tickets.numbers import parse_number
from store.tickets.view_log import View

app = typer.Typer(help="Replay tickets from their histories.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(number: str, as_json: Json = False) -> None:
    """The timeline of a ticket, from its history alone; the store is asked for its key only."""

    async def from_history() -> Replayed:
        async with installation() as here:
            asked = parse_number(number)
            return await replay_history(here.engine, here.store, asked, archive=here.archive)

    try:
        replayed = run(from_history())
    except (AuditError, StoreError) as error:
        fail(str(error), 1)
    except RuntimeError as error:
        fail(f"cannot reach the engine: {error}", 1)
    if as_json:
        print_json(
            {
                "ticket": replayed.ticket.model_dump(mode="json"),
                "events": [event.model_dump(mode="json") for event in replayed.events],
                "history_events": replayed.history_events,
                "runs": replayed.runs,
                "lost": replayed.lost,
                "left_out": replayed.left_out,
                "since": replayed.since,
                "breaks": [asdict(each) for each in replayed.breaks],
            }
        )
        return
    _print_timeline(replayed)


@app.command()
def state(
    number: str,
    version: Annotated[int, typer.Argument(help="Which event: the state after it.", min=1)],
    as_json: Json = False,
) -> None:
    """The ticket as it was after one of its events, by its history; and what that event changed."""

    async def from_history() -> StateThen | None:
        async with installation() as here:
            asked = parse_number(number)
            return await state_then(here.engine, here.store, asked, version, here.archive)

    try:
        then = run(from_history())
    except (AuditError, StoreError) as error:
        fail(str(error), 1)
    except RuntimeError as error:
        fail(f"cannot reach the engine: {error}", 1)
    if then is None:
        fail(f"the history of {number} has no event {version}", 1)
    if as_json:
        print_json(then.model_dump(mode="json"))
        return
    out.print(
        f"after event {version}, {then.event.kind} by {then.event.actor}: "
        f"stage {then.state.stage}, history ≤ {then.position}"
    )
    table = Table("field", "before", "after")
    for change in then.changes:
        table.add_row(change.path, change.before, change.after)
    out.print(table)


@app.command()
def export(number: str) -> None:
    """Print everything an auditor may take along, as JSON: history, record, verdict, views."""

    async def telling() -> Report:
        async with installation() as here:
            return await examine(
                here.engine, here.store, parse_number(number), archive=here.archive
            )

    try:
        report = run(telling())
    except StoreError as error:
        fail(str(error), 1)
    except RuntimeError as error:
        fail(f"cannot reach the engine: {error}", 1)
    if not report.exists:
        fail(f"nothing is known of {number}", 1)
    print_json(report.model_dump(mode="json"))


def _print_timeline(replayed: Replayed) -> None:
    ticket = replayed.ticket
    out.print(styled(ticket.complaint.number, "bold"), "", one_line(ticket.complaint.title))
    out.print(
        f"{ticket.stage}{f' ({ticket.outcome})' if ticket.outcome else ''}, "
        f"version {ticket.version}, {replayed.history_events} history events{_runs(replayed)}"
    )
    for each in replayed.breaks:
        out.print(*_broken(ticket.complaint.number, each))
    table = Table("v", "at", "stage", "who", "what", "details", "history")
    for event, position in zip(replayed.events, replayed.positions, strict=True):
        table.add_row(
            str(event.version),
            f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}",
            event.stage,
            str(event.actor),
            f"{event.fact.words.staff} ({event.kind})",
            _details(event),
            f"≤ {position}",
        )
    out.print(table)


def _runs(result: Replayed | AuditVerdict) -> str:
    """Describe several runs: their number and the missing ones."""
    if result.runs == 1:
        return ""
    lost = f", of which the first {result.lost} are no longer kept" if result.lost else ""
    since = f": shown from event {result.since} on" if result.lost else ""
    return f" in {result.runs} runs{lost}{since}"


def _broken(number: str, each: Break) -> tuple[Text, str]:
    says = (
        f" run {each.run} begins with {each.path} {each.began!r}, "
        f"the run before ended with {each.ended!r}"
    )
    return styled(number, "red"), one_line(says)


_SHOWN_APART: dict[str, Any] = {
    **dict.fromkeys(("kind", "clocks", "rules", "tells", "because"), True),
    "share": {"because"},
    "shares": {"__all__": {"because"}},
}
"""Fields that are shown elsewhere, or are too long for a line."""


def _details(event: Event) -> str:
    fact = event.fact
    fields: dict[str, Any] = fact.model_dump(mode="json", exclude=_SHOWN_APART, exclude_none=True)
    details = [
        f"{name} {_plainly(value)}"
        for name, value in fields.items()
        if value not in ("", [], {}) and not (isinstance(value, str) and is_ours(fact, value))
    ]
    text = ", ".join([*details, *reasons_of(fact, "en")])
    return text if len(text) <= 120 else text[:119] + "…"


def _plainly(value: object) -> str:
    """Return a value of a fact as a reader writes it, without what is empty."""
    if isinstance(value, dict):
        parts = (f"{name} {_plainly(one)}" for name, one in value.items() if one or one == 0)
        return f"({', '.join(parts)})"
    if isinstance(value, list):
        return " ".join(_plainly(one) for one in value)
    return str(value)


@app.command("replay")
def replay_(
    number: Annotated[str | None, typer.Argument(help="A ticket's number.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every ticket of the store.")] = False,
    as_json: Json = False,
) -> None:
    """Replay with today's code and compare with the record, field by field.

    Exit code 1 when a history does not replay, or a record differs from its history.
    """
    if (number is None) == (not everything):
        fail("name one ticket, or say --all")

    async def judging() -> list[AuditVerdict]:
        async with installation() as here:
            asked = [parse_number(number)] if number is not None else None
            numbers = asked or [n async for n in tickets.numbers(here.store)]
            quiet = as_json or len(numbers) < 20
            return [
                await judge(here.engine, here.store, n, archive=here.archive)
                for n in track(numbers, "replaying", disable=quiet, transient=True)
            ]

    try:
        verdicts = run(judging())
    except StoreError as error:
        fail(str(error), 1)
    except RuntimeError as error:
        fail(f"cannot reach the engine: {error}", 1)
    if as_json:
        print_json([{**asdict(verdict), "agrees": verdict.agrees} for verdict in verdicts])
    else:
        _print_verdicts(verdicts)
    if not all(verdict.fine for verdict in verdicts):
        raise typer.Exit(1)


@app.command("views")
def views_(number: str, as_json: Json = False) -> None:
    """List who looked at the citizen's data of a ticket, when and why."""

    async def looking() -> list[View]:
        async with installation() as here:
            return await view_log.views(here.store, parse_number(number))

    try:
        seen = run(looking())
    except StoreError as error:
        fail(str(error), 1)
    if as_json:
        print_json([asdict(view) for view in seen])
        return
    table = Table("at", "role", "unit", "who", "what", "purpose")
    for view in seen:
        at = f"{view.at.astimezone():%Y-%m-%d %H:%M:%S}"
        fields = ", ".join(view.fields)
        table.add_row(at, view.role, view.unit or "", view.actor, fields, view.purpose)
    out.print(table)


@app.command("exposures")
def exposures_(as_json: Json = False) -> None:
    """List tickets that faults of earlier versions may have shown to somebody who must not know.

    Reports of wrongdoing that a unit had which they accuse; ratings with an access code that staff
    had seen; published answers with personal data. It reads the record, and changes nothing.
    """

    async def looking() -> Exposures:
        async with installation() as here:
            packs = PackRegistry(here.settings.cities or default_root())
            return await exposures(here.store, packs)

    try:
        found = run(looking())
    except (StoreError, PackError) as error:
        fail(str(error), 1)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for line in _exposed(found):
        out.print(line)
    out.print(
        f"{len(found.reports)} reports, {len(found.ratings)} ratings, "
        f"{len(found.answers)} published answers to look at"
    )


_HOW = {
    "given": "the report was given to a unit that it accuses",
    "unsaid": "nobody has said whom the report accuses, and a unit had it",
    "merged": "the report was merged with",
    "followed": "the report was followed by",
    "inspected": "after the report there was the inspection",
}


def _exposed(found: Exposures) -> Iterator[str]:
    """Yield a line for each ticket; none has a text that people wrote."""
    for report in found.reports:
        other = f" {report.other}" if report.other else ""
        units = ", ".join(report.units)
        yield f"{report.number}  {report.city}  {_HOW[report.how]}{other}: {units}"
    for rating in found.ratings:
        yield (
            f"{rating.number}  {rating.city}  rated {rating.grade} with a code that was shown to "
            f"whoever said that {rating.follows} is back; unit: {rating.unit or '-'}"
        )
    for answer in found.answers:
        fields = ", ".join(answer.fields)
        yield f"{answer.number}  {answer.city}  published with personal data in: {fields}"


def _print_verdicts(verdicts: list[AuditVerdict]) -> None:
    for verdict in verdicts:
        if verdict.problem:
            colour = "yellow" if verdict.erased else "red"
            out.print(styled(verdict.number, colour), "", one_line(verdict.problem))
        if verdict.lost:
            out.print(styled(verdict.number, "yellow"), "", _runs(verdict).strip())
        for each in verdict.breaks:
            out.print(*_broken(verdict.number, each))
        for difference in verdict.differences:
            out.print(
                styled(verdict.number, "red"),
                one_line(
                    f" {difference.path}: "
                    f"history says {difference.history!r}, record says {difference.record!r}"
                ),
            )
    agreeing = sum(verdict.agrees for verdict in verdicts)
    erased = sum(verdict.erased for verdict in verdicts)
    rest = len(verdicts) - agreeing - erased
    gone = f", {erased} erased" if erased else ""
    out.print(f"{len(verdicts)} replayed, {agreeing} agree, {rest} do not{gone}")
