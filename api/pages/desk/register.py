"""Batch registration: complaints from boxes, booths and visits, one row each, filed together.

Each row has its own idempotency key: a batch sent twice is filed once, and a fault in one row does
not keep the others from being filed.
"""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.desk.batch import COLUMNS, MOST, day_of, decoded, read
from api.pages.desk.call import city_of_form
from api.pages.desk.request_mapping import FIELDS as CALL_FIELDS
from api.pages.desk.request_mapping import WORDS, complaint
from api.pages.shared.forms import REFUSALS, Fault, Form
from api.pages.shared.labels import PROBLEMS
from api.pages.shared.lookups import places
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import CODES, Problem
from app.filing.filing import Receipt
from app.filing.intake import ComplaintIn, take
from domain.pack.pack import Pack
from domain.ticket.complaint import TEXT_LIMIT, Channel, Kind
from domain.words import N_

router = APIRouter(include_in_schema=False)

REGISTER = "/staff/register"
WHOLE = ("city", "kind", "channel", "sheet", "rows", "do")
BLANK = 5
LARGEST = MOST * (TEXT_LIMIT * 4 + 4096) + 1024 * 1024
"""Bytes of the form with all its rows full, and of a sheet beside them."""
_NOT_A_DATE = N_("This is not a date. Write it like 2026-03-05.")
_TO_COME = N_("That day has not come yet.")
_TOO_MANY = N_("At most %(most)s rows at once; the others were left out.")
_NO_TABLE = N_("This is not a table: copy the cells, or save the sheet as CSV.")
_TOO_LONG = N_("At most %(max_length)s characters, please.")


@dataclass(frozen=True)
class FiledRow:
    """A row that became a ticket."""

    text: str
    receipt: Receipt


@router.get(REGISTER)
async def blank(
    request: Request, context: Context, caller: Annotated[Caller, staff("page_desk")]
) -> Response:
    """Show a table of empty rows."""
    pack = working_city(request, context, caller)
    form = Form.blank(*WHOLE, city=pack.city.id, kind=Kind.COMPLAINT, channel=Channel.OFFLINE)
    _put(form, [{} for _ in range(BLANK)])
    return _table(request, caller, pack, form)


@router.post(REGISTER)
async def act(
    request: Request, context: Context, caller: Annotated[Caller, staff("page_register")]
) -> Response:
    """Read a sheet into the table, add rows, or file what is in it."""
    async with form_of(request) as sent:  # closes the file
        form = Form.of(sent, *WHOLE)
        pack = city_of_form(request, context, caller, form)
        rows = _rows(sent, form)
        what = form.typed["do"]
        sheet = await _sheet(sent, form) if what == "read" else []
    if _count(form) > MOST:
        form.fail("sheet", _TOO_MANY, most=MOST)
    if what == "read":
        rows = [row for row in rows if _has_values(row)] + sheet
        if len(rows) > MOST:
            form.fail("sheet", _TOO_MANY, most=MOST)
        _put(form, rows[:MOST])
    elif what == "more":
        _put(form, [*rows, *({} for _ in range(BLANK))][:MOST])
    else:
        return await _file(request, context, caller, pack, form, rows)
    return _table(request, caller, pack, form, 422 if form.faults else 200)


async def _file(
    request: Request,
    context: AppContext,
    caller: Caller,
    pack: Pack,
    form: Form,
    rows: list[dict[str, str]],
) -> Response:
    filed: list[FiledRow] = []
    items: list[dict[str, str]] = []
    faults: list[dict[str, Fault]] = []
    for row in rows:
        if not _has_values(row):
            continue
        done = await _one(context, caller, pack, form, row)
        if isinstance(done, FiledRow):
            filed.append(done)
        else:
            items.append(row)
            faults.append(done)
    _put(form, items or [{} for _ in range(BLANK)])
    for n, wrong in enumerate(faults):
        form.faults |= {f"{name}-{n}": fault for name, fault in wrong.items()}
    if faults:
        form.problem = "invalid_request"
    return _table(request, caller, pack, form, 422 if faults else 200, filed)


async def _one(
    context: AppContext, caller: Caller, pack: Pack, form: Form, row: dict[str, str]
) -> FiledRow | dict[str, Fault]:
    """File a row, or return what is wrong with it, by its fields."""
    own = Form.blank(*CALL_FIELDS, *COLUMNS, **row, **form.filled("kind", "channel"))
    try:
        today = context.now().astimezone(pack.calendar.tz).date()
        body = _with_date(complaint(pack, own), own, today)
        key = f"staff/{caller.id}/{form.key}/{row['key']}"
        filed = await take(context, caller, body, key)
    except (ValidationError, *REFUSALS) as error:
        own.refuse(error, WORDS)
        code = own.problem or "internal_error"
        words = PROBLEMS.get(code) or (CODES[code].title if code in CODES else code)
        return own.faults or {"text": Fault(words)}
    return FiledRow(body.text, filed.receipt)


def _with_date(body: ComplaintIn, form: Form, today: date) -> ComplaintIn:
    """Add the day it was written to the text; promises run from when the city receives it."""
    if not form.typed["on"]:
        return body
    day = day_of(form.typed["on"])
    if day is None:
        form.fail("on", _NOT_A_DATE)
        raise Problem("invalid_request")
    if day > today:
        form.fail("on", _TO_COME)
        raise Problem("invalid_request")
    text = f"{body.text}\n（填写日期：{day.isoformat()}）"
    if len(text) > TEXT_LIMIT:
        form.fail("text", _TOO_LONG, max_length=TEXT_LIMIT - 30)
        raise Problem("invalid_request")
    return body.model_copy(update={"text": text})


# --- rows and fields --------------------------------------------------------------------------


def _rows(sent: FormData, form: Form) -> list[dict[str, str]]:
    """Return what was typed, row by row, each with its key."""
    count = min(_count(form), MOST)
    names = [(n, name) for n in range(count) for name in (*COLUMNS, "key")]
    values = Form.of(sent, *(f"{name}-{n}" for n, name in names)).typed
    rows = [{name: values[f"{name}-{n}"] for name in (*COLUMNS, "key")} for n in range(count)]
    return [row | {"key": row["key"][:64] or secrets.token_hex(8)} for row in rows]


def _count(form: Form) -> int:
    typed = form.typed["rows"]
    return int(typed[:6]) if typed.isdecimal() else 0  # int() refuses 4300 digits


def _put(form: Form, rows: list[dict[str, str]]) -> None:
    """Write the rows into the form's fields, each with a key."""
    form.typed["rows"] = str(len(rows))
    for n, row in enumerate(rows):
        for name in COLUMNS:
            form.typed[f"{name}-{n}"] = row.get(name, "")
        if day := day_of(form.typed[f"on-{n}"]):  # a field for dates shows only this notation
            form.typed[f"on-{n}"] = day.isoformat()
        form.typed[f"key-{n}"] = row.get("key") or secrets.token_hex(8)


def _has_values(row: dict[str, str]) -> bool:
    return any(row.get(name) for name in COLUMNS)


async def _sheet(sent: FormData, form: Form) -> list[dict[str, str]]:
    """Return the rows of the pasted text and of the file."""
    items: list[dict[str, str]] = []
    file = sent.get("file")
    try:
        items += read(form.typed["sheet"])
        if isinstance(file, UploadFile) and file.filename:
            items += read(decoded(await file.read()))
    except ValueError:  # its bytes are no text
        form.fail("sheet", _NO_TABLE)
        return []
    form.typed["sheet"] = ""
    return items


def _table(
    request: Request,
    caller: Caller,
    pack: Pack,
    form: Form,
    status: int = 200,
    filed: list[FiledRow] | None = None,
) -> Response:
    return staff_page(
        request,
        "desk/register.html",
        caller,
        status,
        pack=pack,
        form=form,
        filed=filed or [],
        columns=COLUMNS,
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or pack.features.appoint],
        channels=[one for one in Channel if one is not Channel.OPEN311],
        places=places(pack),
        is_day=_is_day,
    )


def _is_day(typed: str) -> bool:
    """Return whether a browser's field for dates shows it; it would drop anything else unseen."""
    return not typed or day_of(typed) is not None
