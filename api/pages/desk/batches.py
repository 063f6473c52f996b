"""Batches of slips: up to two thousand rows, kept, corrected in place, and filed together.

The rows are in the store, so that nothing is lost when a page is closed, and each step is a form:
paste or upload, correct what is marked, file the rest, print the receipts.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.desk.batch import decoded, named, read
from api.pages.desk.call import city_of_form
from api.pages.shared.forms import Form
from api.pages.shared.lookups import places
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.imports import slips
from app.imports.slips import COLUMNS, MOST, OpenBatch
from app.imports.tables import BadTable, table_of
from domain.imports.mapping import SheetLayout
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Kind
from domain.words import N_

router = APIRouter(include_in_schema=False)

BATCHES = "/staff/batches"
LARGEST = 24 * 2**20
"""Bytes of the form with a sheet of two thousand rows."""

LARGEST_SHEET = 32 * 2**20
"""The most bytes that an uploaded workbook may become."""

CORRECTED = 50
"""The rows that are corrected on one page."""

SHOWN = 200
"""The rows of the list below them."""

WORDS = {
    "missing": N_("Please fill this in."),
    "too_long": N_("This is too long."),
    "unknown_category": N_("There is no such subject; choose one from the list."),
    "unknown_area": N_("There is no such place; choose one from the list."),
    "bad_date": N_("This is not a date. Write it like 2026-03-05."),
    "day_to_come": N_("That day has not come yet."),
    "not_taken": N_("Please check this."),
}
_NO_TABLE = N_("This is not a table: copy the cells, or save the sheet as CSV or XLSX.")
_TOO_MANY = N_("At most %(most)s rows at once: divide the sheet.")
_NO_ROWS = N_("There are no rows in it.")
_WHOLE = ("city", "channel", "kind", "sheet")


@router.get(BATCHES)
async def all_batches(
    request: Request, context: Context, caller: Annotated[Caller, staff("import_complaints")]
) -> Response:
    """Show an empty form, and one's own batches."""
    pack = working_city(request, context, caller)
    form = Form.blank(*_WHOLE, city=pack.city.id, channel=Channel.OFFLINE, kind=Kind.COMPLAINT)
    return await _begin(request, context, caller, pack, form)


@router.post(BATCHES)
async def begin(
    request: Request, context: Context, caller: Annotated[Caller, staff("import_complaints")]
) -> Response:
    """Keep the rows that were pasted or uploaded."""
    async with form_of(request) as sent:  # closes the file
        form = Form.of(sent, *_WHOLE)
        pack = city_of_form(request, context, caller, form)
        rows = await _rows(sent, form)
    if not form.wrong and not rows:
        form.fail("sheet", _NO_ROWS)
    if len(rows) > MOST:
        form.fail("sheet", _TOO_MANY, most=MOST)
    if form.wrong:
        return await _begin(request, context, caller, pack, form, 422)
    channel = _choice(Channel, form, "channel", Channel.OFFLINE)
    kind = _choice(Kind, form, "kind", Kind.COMPLAINT)
    # Whoever goes back and sends another sheet with the same form has another batch.
    key = f"{form.key}/{context.mark(str(rows))}"
    batch = await slips.begin(context, caller, pack.city.id, rows, channel, kind, key)
    return RedirectResponse(f"{BATCHES}/{batch}", 303)


@router.get(BATCHES + "/{batch}")
async def one_batch(
    batch: str,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("import_complaints")],
) -> Response:
    """Show the rows: those with a fault as fields, and below them all."""
    return await _batch(request, context, caller, batch)


@router.post(BATCHES + "/{batch}")
async def act(
    batch: str,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("import_complaints")],
) -> Response:
    """Keep what was corrected; then file what can be filed, if that was asked for."""
    async with form_of(request) as sent:
        corrected = _corrected(sent)
        files = sent.get("do") == "file"
    if corrected:
        await slips.correct(context, caller, batch, corrected)
    if files:
        await slips.file_ready(context, caller, batch)
    return RedirectResponse(f"{BATCHES}/{batch}", 303)


@router.get(BATCHES + "/{batch}/receipts")
async def receipts(
    batch: str,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("import_complaints")],
) -> Response:
    """Show numbers and access codes, to be printed and cut apart."""
    known = await slips.opened(context, caller, batch)
    filed = await slips.receipts(context, caller, batch)
    pack = context.packs.get(known.batch.city)
    return staff_page(
        request, "desk/batch_receipts.html", caller, pack=pack, batch=known.batch, filed=filed
    )


async def _begin(
    request: Request,
    context: AppContext,
    caller: Caller,
    pack: Pack,
    form: Form,
    status: int = 200,
) -> Response:
    return staff_page(
        request,
        "desk/batches.html",
        caller,
        status,
        pack=pack,
        form=form,
        most=MOST,
        batches=await slips.batches(context, caller, pack.city.id),
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or pack.features.appoint],
        channels=list(Channel),
    )


async def _batch(request: Request, context: AppContext, caller: Caller, batch: str) -> Response:
    known = await slips.opened(context, caller, batch)
    pack = context.packs.get(known.batch.city)
    wanted = request.query_params.get("row", "")
    begins = _page(request.query_params.get("from", ""), known)
    rows = [one for one in known.slips if str(one.n) == wanted and not one.number]
    rows += [one for one in known.wrong if one not in rows][: CORRECTED - len(rows)]
    return staff_page(
        request,
        "desk/batch_rows.html",
        caller,
        pack=pack,
        known=known,
        corrected=rows,
        columns=COLUMNS,
        words=WORDS,
        places=places(pack),
        begins=begins,
        shown=known.slips[begins : begins + SHOWN],
        size=SHOWN,
        form=Form.blank(),
    )


def _page(typed: str, known: OpenBatch) -> int:
    begins = int(typed[:6]) if typed[:6].isdecimal() and typed.isascii() else 0
    return begins - begins % SHOWN if begins < len(known.slips) else 0


async def _rows(sent: FormData, form: Form) -> list[dict[str, str]]:
    """Return the rows of the pasted text and of the file."""
    rows: list[dict[str, str]] = []
    file = sent.get("file")
    try:
        # Others are served meanwhile.
        rows += await asyncio.to_thread(read, form.typed["sheet"])
        if isinstance(file, UploadFile) and file.filename:
            rows += await asyncio.to_thread(_of_file, await file.read())
    except (ValueError, BadTable):
        form.fail("sheet", _NO_TABLE)
    return rows


def _of_file(content: bytes) -> list[dict[str, str]]:
    if not content.startswith(b"PK\x03\x04"):
        return read(decoded(content))
    table = table_of(content, SheetLayout(), LARGEST_SHEET)
    cells = [table.headings]
    for row in table.rows:
        if not row.cells:  # the sheet is broken from here on: nothing is taken of half of it
            raise BadTable(row.fault)
        cells.append(row.cells)
        if len(cells) > MOST + 1:  # too many in any case
            break
    return named(cells)


def _corrected(sent: FormData) -> dict[int, Mapping[str, str]]:
    """Return the rows that were shown as fields, by their numbers."""
    numbers = [one for one in str(sent.get("rows", "")).split(",") if one.isdecimal()]
    rows: dict[int, Mapping[str, str]] = {}
    for number in numbers[: CORRECTED + 1]:
        names = [f"{name}-{number}" for name in COLUMNS]
        typed = Form.of(sent, *names).typed
        rows[int(number[:6])] = {
            name: typed[full] for name, full in zip(COLUMNS, names, strict=True)
        }
    return rows


Choice = TypeVar("Choice", Channel, Kind)


def _choice(of: type[Choice], form: Form, name: str, otherwise: Choice) -> Choice:
    typed = form.typed[name]
    return of(typed) if typed in list(of) else otherwise
