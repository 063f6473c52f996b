"""`jiesu triage`: let a city's triage learn from its past tickets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.triage.extra import LearningMissing, check_learning
from cli import triage_views
from cli.city import Json, installed_packs, refuse
from cli.installation import OpenInstallation, installation
from cli.terminal import fail, one_line, out, print_json, run
from domain.actors import Actor, Role
from domain.canonical import says_nothing
from domain.insight.explain import telling_words
from domain.insight.learning_limits import TooFewTickets
from domain.insight.model import BadModel, TriageModel, read_model
from domain.pack.pack import Pack
from domain.pack.routing import classify
from domain.policy.permissions import RIGHTS
from domain.ticket.complaint import Complaint
from packs.registry import PackError, UnknownCity
from store.db.engine import Store
from store.db.errors import StoreError
from store.identity import accounts
from store.learning import models as stored
from store.learning.past import read_past
from store.tickets import tickets, view_log

app = typer.Typer(
    help="Let triage learn from past tickets. See docs/how-to/triage.md.", no_args_is_help=True
)

City = Annotated[str, typer.Option("--city", help="A city's id.")]
Account = Annotated[str, typer.Option(help="Who does it: an account with the right to it.")]
Purpose = Annotated[str, typer.Option(help="Why; entered in the record.")]
_MOST = 50_000
_REFUSED = (BadModel, stored.UnknownModel, TooFewTickets, LearningMissing)


@app.command()
def train(
    city: City,
    account: Account = "",
    purpose: Purpose = "",
    source: Annotated[
        Path | None, typer.Option("--from", help="Learn from this CSV file, not from tickets.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Also write the model here.")] = None,
    keep: Annotated[bool, typer.Option(help="Store the model in this installation.")] = True,
) -> None:
    """Learn from a city's past tickets, measure it, and store the model; it is not in use yet.

    From tickets it needs --account and --purpose: every ticket read is entered in the log of views.
    """
    pack = _pack(city)
    if source is None and (not account or says_nothing(purpose)):
        fail("reading tickets needs --account and --purpose")
    try:
        check_learning()
        from app.triage.rows import UnreadableRows
        from app.triage.training import learn_from_file, learn_from_tickets
    except LearningMissing as error:
        refuse(error)

    async def training() -> tuple[str, bytes]:
        now = datetime.now(UTC)
        if source is not None and not keep:
            file = learn_from_file(source, pack, now)
            return read_model(file, city).version, file
        async with installation() as here:
            if source is not None:
                file = learn_from_file(source, pack, now)
            else:
                who = await _who(here.store, account, city, "export_personal_data")
                past = await read_past(here.store, city, who, now, purpose, _MOST)
                file = learn_from_tickets(past, pack, now)
            version = read_model(file, city).version
            if keep:
                await stored.keep(here.store, file, city, now, account or "file")
            return version, file

    try:
        version, file = run(training())
        if to is not None:
            to.write_bytes(file)
    except (*_REFUSED, UnreadableRows) as error:
        refuse(error, 1)
    except (StoreError, OSError) as error:
        _failed(error)
    model = read_model(file, city)
    for line in triage_views.measured(model.head.measured):
        out.print(one_line(line))
    out.print(one_line(f"model {version}: {model.head.tickets} tickets, {len(file)} bytes"))


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help="A CSV file with label, and text or tokens.")],
    also: Annotated[
        Path | None,
        typer.Option(help="More rows to learn from; those that tell a row of FILE are left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how well triage would learn from labelled messages, each judged by a model without it.

    Prints a table by category, the confusion matrix, the learning curve, time and size.
    """
    try:
        check_learning()
        from app.triage.rows import UnreadableRows
        from app.triage.training import evaluate_file
    except LearningMissing as error:
        refuse(error)
    try:
        parts = evaluate_file(file, also, datetime.now(UTC))
    except (TooFewTickets, UnreadableRows) as error:
        refuse(error, 1)
    except OSError as error:
        _failed(error)
    if as_json:
        print_json([triage_views.as_data(name, part) for name, part in parts])
        return
    for name, part in parts:
        triage_views.show(name, part)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="TEXT|NUMBER", help="A text, or a ticket.")],
    city: City,
    model: Annotated[
        Path | None, typer.Option(help="A model's file. Default: the one in use.")
    ] = None,
    account: Account = "",
    purpose: Purpose = "",
) -> None:
    """Say what triage would do with a text or a ticket, and why: by rules, and by the model.

    The text of a ticket needs --account and --purpose, and is entered in the log of views.
    """
    pack = _pack(city)

    async def explaining() -> tuple[Complaint, TriageModel | None]:
        if model is not None and not _is_number(what):
            return _complaint(city, what), read_model(model.read_bytes(), city)
        async with installation() as here:
            complaint = _complaint(city, what)
            if _is_number(what):
                complaint = await _ticket(here, what, city, account, purpose)
            if model is not None:
                return complaint, read_model(model.read_bytes(), city)
            change = await stored.in_use(here.store, city)
            version = change.version if change else None
            return complaint, await stored.load(here.store, city, version) if version else None

    try:
        complaint, used = run(explaining())
    except _REFUSED as error:
        refuse(error, 1)
    except (StoreError, OSError) as error:
        _failed(error)
    by_rules = classify(pack, complaint)
    out.print(one_line(f"rules: {by_rules.category or '-'} ({by_rules.why})"))
    if used is None:
        out.print("model: none is in use")
        return
    for suggested in used.judge(complaint.title, complaint.text)[:3]:
        words = telling_words(used, suggested.category, complaint.title, complaint.text)
        said = ", ".join(words) or "-"
        out.print(one_line(f"{suggested.probability:6.1%}  {suggested.category}  {said}"))
    for kind in used.kinds.judge(complaint.title, complaint.text)[:1] if used.kinds else ():
        out.print(one_line(f"kind: {kind.category} ({kind.probability:.0%})"))
    alike = ", ".join(used.alike(complaint.title, complaint.text)) or "-"
    out.print(one_line(f"alike: {alike}"))


@app.command("list")
def listed(city: City, as_json: Json = False) -> None:
    """List the models of a city, the newest first."""

    async def listing() -> list[stored.StoredModel]:
        async with installation() as here:
            return list(await stored.models(here.store, city))

    try:
        found = run(listing())
    except StoreError as error:
        _failed(error)
    if as_json:
        print_json([triage_views.stored_as_data(one) for one in found])
        return
    if not found:
        out.print("no models")
    for one in found:
        mark = "*" if one.active else " "
        measured = f"{one.measured.get('accuracy', 0):.3f}"
        line = f"{mark} {one.version}  {one.made_at:%Y-%m-%d %H:%M}  {one.tickets}  {measured}"
        out.print(one_line(f"{line}  {one.made_by}"))


@app.command()
def use(
    version: Annotated[str, typer.Argument(help="A version, or none.")],
    city: City,
    account: Account,
    purpose: Purpose,
) -> None:
    """Put a model to use, or none any more; who did it and why is recorded.

    The city's pack says whether it may do more than suggest: see docs/how-to/triage.md.
    """
    _pack(city)
    if says_nothing(purpose):
        fail("say why, with --purpose")

    async def activating() -> None:
        async with installation() as here:
            who = await _who(here.store, account, city, None)
            wanted = None if version == "none" else version
            await stored.activate(here.store, city, wanted, datetime.now(UTC), who.id, purpose)

    try:
        run(activating())
    except _REFUSED as error:
        refuse(error, 1)
    except StoreError as error:
        _failed(error)
    out.print(one_line(f"{city}: {version}"))


def _pack(city: str) -> Pack:
    try:
        return installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)


def _failed(error: Exception) -> NoReturn:
    fail(one_line(str(error)), 1)


async def _who(store: Store, name: str, city: str, key: str | None) -> Actor:
    """Return the account as records name it; exit unless it may. No key: administrators may."""
    found = await accounts.by_name(store, name)
    if found is None or not found.enabled:
        fail(f"there is no account {name!r} in use")
    roles = RIGHTS[key].roles if key else frozenset({Role.ADMIN})
    if found.role not in roles or found.city not in (None, city):
        fail(f"the account {name!r} may not do this")
    return Actor(role=found.role, id=found.id, unit=found.unit)


def _is_number(what: str) -> bool:
    return what.isascii() and what.isdigit() and len(what) > 8


def _complaint(city: str, text: str) -> Complaint:
    title, _, rest = text.partition("\n")
    return Complaint(
        number="0", city=city, title=title[:200], text=rest or text, filed_at=datetime.now(UTC)
    )


async def _ticket(
    here: OpenInstallation, number: str, city: str, account: str, purpose: str
) -> Complaint:
    if not account or says_nothing(purpose):
        fail("the text of a ticket needs --account and --purpose")
    now = datetime.now(UTC)
    who = await _who(here.store, account, city, "export_personal_data")
    found = await tickets.state(here.store, number)
    if found is None or found.complaint.city != city or found.of_wrongdoing:
        fail(f"{city} has no ticket {number!r} to look at", 1)
    await view_log.note_histories(here.store, [number], who, now, purpose, timedelta(0))
    return found.complaint
