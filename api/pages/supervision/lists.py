"""Supervision lists (督导清单): the problems of each leader's area, as page, sheet and print."""

from collections.abc import Awaitable, Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import Cell, sheet
from api.http.dependencies import Context
from api.http.i18n import ENGLISH
from api.pages.shared.acting import Act, acted
from api.pages.shared.addresses import SupervisionList, known_parameters
from api.pages.shared.forms import Form
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import LENGTHS
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.supervision import lists
from app.supervision.lists import PutIn, RectifiedIn, RevisitIn, SettleKindIn, SupervisionQuery
from app.supervision.views import ListRowOut, SupervisionPage
from domain.canonical import typed_number
from domain.deadlines.limits import Limit
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.words import N_

router = APIRouter(include_in_schema=False)

URL = SupervisionList.path
_OF_LIST = ("leader", "settled", "late")
_PUTTING = ("number", "leader", "text", "unit", "due")
_DONE = N_("It is recorded.")

Reads = Annotated[Caller, staff("list_supervision")]
RowId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")]


@router.get(URL, dependencies=[known_parameters(*_OF_LIST, "number", "done")])
async def show(request: Request, caller: Reads, context: Context) -> Response:
    """Show the lists, what is late first, with the forms of what this reader may do."""
    number = _asked(request).number or ""
    return await _page(request, caller, context, Form.blank(*_PUTTING, number=number))


@router.get(f"{URL}/print", dependencies=[known_parameters(*_OF_LIST)])
async def problem_list(request: Request, caller: Reads, context: Context) -> Response:
    """Show the list as a table to be printed (问题清单)."""
    pack = working_city(request, context, caller)
    shown = await _lists(request, caller, context, pack)
    return staff_page(request, "supervision/lists_print.html", caller, pack=pack, shown=shown)


@router.get(f"{URL}.csv", dependencies=[known_parameters(*_OF_LIST)])
async def list_sheet(request: Request, caller: Reads, context: Context) -> Response:
    """Send the rows as CSV."""
    pack, words = working_city(request, context, caller), PageWords(request)
    shown = await _lists(request, caller, context, pack)
    heads = (N_("Leader's post"), N_("Number"), N_("What has to be rectified"), N_("Unit"),
             N_("State of a problem"), N_("Last day in time"), N_("Days late"), N_("Next revisit"),
             N_("Held"), N_("Came back"), N_("Result"))  # fmt: skip
    name = f"{words.named(pack.city)} {words.say(N_('Problem list'))}.csv"
    return sheet(name, [words.say(head) for head in heads], _rows(shown.rows, words))


@router.post(URL)
async def put(
    request: Request, caller: Annotated[Caller, staff("put_on_list")], context: Context
) -> Response:
    """Put a ticket on a list."""
    form = await Form.read(request, *_PUTTING)

    async def act() -> None:
        values = form.filled("leader", "text", "unit") | {"due": form.day("due")}
        body = PutIn.model_validate(values)
        number = typed_number(form.typed["number"])
        if not number.isdecimal():
            raise Problem("bad_number")
        await lists.put_on_list(context, caller, number, body, form.key)

    return await _done(request, caller, context, form, act)


@router.post(f"{URL}/{{row}}/result")
async def rectify(
    request: Request,
    row: RowId,
    caller: Annotated[Caller, staff("rectify_row")],
    context: Context,
) -> Response:
    """Record what was done."""
    form = await Form.read(request, "text", at=f"-result-{row}")

    async def act() -> None:
        body = RectifiedIn.model_validate(form.filled("text"))
        await lists.rectify_row(context, caller, row, body)

    return await _done(request, caller, context, form, act)


@router.post(f"{URL}/{{row}}/revisit")
async def revisit(
    request: Request,
    row: RowId,
    caller: Annotated[Caller, staff("revisit_row")],
    context: Context,
) -> Response:
    """Record whether it holds."""
    form = await Form.read(request, "note", "until", "holds", at=f"-revisit-{row}")

    async def act() -> None:
        values = {"note": form.typed["note"], "holds": form.typed["holds"] == "yes"}
        body = RevisitIn.model_validate(values | {"due": form.day("until")})
        await lists.revisit_row(context, caller, row, body)

    return await _done(request, caller, context, form, act)


@router.post(f"{URL}/{{row}}/settle-all")
async def settle_all(
    request: Request,
    row: RowId,
    caller: Annotated[Caller, staff("settle_kind_of_row")],
    context: Context,
) -> Response:
    """Have all of the kind inspected."""
    form = await Form.read(request, "text", at=f"-settle-all-{row}")

    async def act() -> None:
        body = SettleKindIn.model_validate(form.filled("text"))
        await lists.settle_kind_of_row(context, caller, row, body, form.key)

    return await _done(request, caller, context, form, act)


# --- shared -------------------------------------------------------------------------------------


async def _done(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    act: Act,
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, caller, context, form, status)

    return await acted(form, act, again, SupervisionList(done="1").url)


async def _lists(
    request: Request, caller: Caller, context: AppContext, pack: Pack
) -> SupervisionPage:
    """Return the lists that the address asks for.

    Raises:
        Problem: not_found, in a city without lists, and for a leader that there is not.
    """
    asked = _asked(request)
    settled, late = asked.settled == "yes", asked.late == "yes"
    try:
        query = SupervisionQuery(leader=asked.leader, settled=settled, late=late)
        return await lists.supervision_page(context, caller, pack.city.id, query)
    except ValidationError:
        raise Problem("not_found") from None
    except Problem as problem:
        if problem.code in ("not_in_this_city", "unknown_leader"):
            raise Problem("not_found") from None
        raise


def _asked(request: Request) -> SupervisionList:
    """Return what the address asks for; of a form that was refused, all."""
    return SupervisionList.read_exactly(request) if request.method == "GET" else SupervisionList()


async def _page(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    status: int = 200,
) -> Response:
    pack, asked = working_city(request, context, caller), _asked(request)
    form.typed = dict.fromkeys(_PUTTING, "") | form.typed
    shown = await _lists(request, caller, context, pack)
    return staff_page(
        request,
        "supervision/lists.html",
        caller,
        status,
        pack=pack,
        shown=shown,
        form=form,
        leader=asked.leader or "",
        settled=asked.settled == "yes",
        late=asked.late == "yes",
        sheet_url=asked.beside(".csv"),
        print_url=asked.beside("/print"),
        units=[(one.code, one) for one in pack.units],
        done=_DONE if asked.done else None,
        may_put=shown.may_put and caller.may(RIGHTS["put_on_list"]),
        settles=pack.features.settle_all,
        deadline=_in_words(pack.supervision.deadline, PageWords(request)),
    )


def _rows(rows: Sequence[ListRowOut], words: PageWords) -> Iterator[Sequence[Cell]]:
    english = words.language == ENGLISH
    for row in rows:
        yield [
            row.leader_name_en if english else row.leader_name,
            row.number,
            row.text,
            row.unit_name_en if english else row.unit_name,
            words.label("list_state", row.state.value),
            str(row.due),
            row.days_late or None,
            str(row.revisit_due or ""),
            f"{row.held}/{row.revisits}",
            row.back,
            row.result,
        ]


def _in_words(limit: Limit, words: PageWords) -> str:
    if limit.unit not in LENGTHS:  # seconds are for tests
        return str(limit)
    return words.say(LENGTHS[limit.unit]) % {"n": limit.amount}
