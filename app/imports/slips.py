"""Slips from boxes, booths and visits: a batch is kept, corrected, and filed row by row.

Each row is filed under a key of its batch and its number: whatever is sent twice, or broken off,
is one ticket. A row with a fault keeps no other from being filed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pydantic import Field, ValidationError

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from app.filing.filing import is_told_codes
from app.filing.intake import ComplaintIn, take
from app.imports.together import together
from domain.canonical import says_nothing
from domain.imports.rows import moment_of
from domain.model import Recorded
from domain.pack.lookups import area_of, category_of
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import TEXT_LIMIT, Channel, Kind
from store.imports import slips
from store.imports.slips import BatchSummary, Slip, SlipBatch
from store.secrets.encryption import Cipher
from store.tickets import intake

COLUMNS = ("text", "category", "area", "address", "name", "phone", "on")
"""The columns of a slip. `on`: the day that is written on it."""

MOST = 2000
"""The most rows of a batch."""

_TOGETHER = 8
_RIGHT: Final = "import_complaints"
_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST = {"text": TEXT_LIMIT - 30, "address": 200, "name": 100, "phone": 40}


@dataclass(frozen=True)
class OpenBatch:
    """A batch with its rows."""

    batch: SlipBatch
    slips: list[Slip]

    @property
    def wrong(self) -> list[Slip]:
        """The rows that cannot be filed yet."""
        return [one for one in self.slips if one.faults]

    @property
    def filed(self) -> list[Slip]:
        """The rows that are tickets."""
        return [one for one in self.slips if one.number]

    @property
    def ready(self) -> list[Slip]:
        """The rows that can be filed."""
        return [one for one in self.slips if not one.faults and not one.number]


@dataclass(frozen=True)
class SlipReceipt:
    """A filed row. `code`: the citizen's access code; None if this caller is not told it."""

    n: int
    number: str
    code: str | None


class SlipOut(Recorded):
    """The answer to a row. `faults`: a code by column, where it is not filed."""

    n: int
    number: str | None = None
    access_code: str | None = None
    faults: dict[str, str] = Field(default_factory=dict)


def checked(pack: Pack, cells: Mapping[str, str], today: date) -> dict[str, str]:
    """Return what is wrong with a row: a code by column."""
    faults: dict[str, str] = {}
    if says_nothing(cells.get("text", "")):
        faults["text"] = "missing"
    for name, longest in _LONGEST.items():
        if len(cells.get(name, "")) > longest:
            faults.setdefault(name, "too_long")
    if cells.get("category") and category_of(pack, cells["category"]) is None:
        faults["category"] = "unknown_category"
    if cells.get("area") and area_of(pack, cells["area"]) is None:
        faults["area"] = "unknown_area"
    if cells.get("on"):
        day = _day(pack, cells["on"])
        if day is None:
            faults["on"] = "bad_date"
        elif day > today:
            faults["on"] = "day_to_come"
    if not faults:
        try:
            _body(pack, cells, Channel.OFFLINE, Kind.COMPLAINT)
        except ValidationError as error:
            places = [str(one["loc"][-1]) for one in error.errors() if one["loc"]]
            faults |= {one if one in COLUMNS else "text": "not_taken" for one in places}
    return faults


async def begin(
    context: AppContext,
    caller: Caller,
    city: str,
    rows: Iterable[Mapping[str, str]],
    channel: Channel,
    kind: Kind,
    key: str,
) -> str:
    """Keep a batch and return its id; the same `key` again is the same batch.

    Raises:
        Problem: not_your_city, invalid_request if there are too many rows or none
        KeyReused: the key was used for other rows.
    """
    await permit(context, caller, _RIGHT)
    pack = context.packs.get(city_of(caller, city) or city)
    now = context.now()
    kept = [
        Slip(n, dict(cells), checked(pack, cells, _today(pack, now)))
        for n, cells in enumerate(rows, 1)
    ]
    if not 0 < len(kept) <= MOST:
        raise Problem("invalid_request", f"A batch has 1 to {MOST} rows.")
    batch = SlipBatch(
        id=context.mark(f"slips/{caller.id}/{key}")[:32],
        city=pack.city.id,
        account=caller.id,
        digest=context.mark(json.dumps([city, channel, kind, [dict(one.cells) for one in kept]])),
        channel=channel.value,
        kind=kind.value,
        created_at=now,
        changed_at=now,
    )
    await slips.keep(context.store, _cipher(context), batch, kept)
    return batch.id


async def batches(context: AppContext, caller: Caller, city: str) -> list[BatchSummary]:
    """Return the caller's own batches of a city, the last one first."""
    await permit(context, caller, _RIGHT)
    return await slips.batches_of(context.store, caller.id, city_of(caller, city) or city)


async def opened(context: AppContext, caller: Caller, batch: str) -> OpenBatch:
    """Return the caller's own batch.

    Raises:
        Problem: not_found
    """
    await permit(context, caller, _RIGHT)
    found = await slips.get(context.store, batch) if _ID.fullmatch(batch) else None
    if found is None or found.account != caller.id or not caller.serves(found.city):
        raise Problem("not_found")
    return OpenBatch(found, await slips.slips_of(context.store, _cipher(context), batch))


async def correct(
    context: AppContext, caller: Caller, batch: str, rows: Mapping[int, Mapping[str, str]]
) -> None:
    """Write corrected rows, and judge them again."""
    await permit(context, caller, _RIGHT)
    known = await opened(context, caller, batch)
    pack, today = _pack(context, known)
    waiting = {one.n for one in known.slips if not one.number}
    mended = [Slip(n, c, checked(pack, c, today)) for n, c in rows.items() if n in waiting]
    await slips.correct(context.store, _cipher(context), batch, mended)


async def file_ready(context: AppContext, caller: Caller, batch: str) -> int:
    """File every row that can be filed; return how many this were.

    Raises:
        StoreUnavailable: do it again; what is filed stays filed.
    """
    await permit(context, caller, _RIGHT)
    known = await opened(context, caller, batch)
    pack, today = _pack(context, known)

    async def one(row: Slip) -> bool:
        return await _file(context, caller, pack, today, known.batch, row)

    return sum(await together(known.ready, one, _TOGETHER))


async def receipts(context: AppContext, caller: Caller, batch: str) -> list[SlipReceipt]:
    """Return the numbers of the filed rows, with the codes that are for the citizens.

    A code that was renewed since is not told: it was renewed to shut somebody out.
    """
    await permit(context, caller, _RIGHT)
    known = await opened(context, caller, batch)
    numbers = [one.number for one in known.filed if one.number]
    renewed = await _renewed(context, numbers)
    told = is_told_codes(caller)
    return [
        SlipReceipt(
            row.n,
            row.number,
            context.vault.access_code(row.number) if told and row.number not in renewed else None,
        )
        for row in known.filed
        if row.number
    ]


async def outcomes(context: AppContext, caller: Caller, batch: str) -> list[SlipOut]:
    """Return what became of each row of a batch."""
    await permit(context, caller, _RIGHT)
    known = await opened(context, caller, batch)
    codes = {one.n: one.code for one in await receipts(context, caller, batch)}
    return [
        SlipOut(n=one.n, number=one.number, access_code=codes.get(one.n), faults=dict(one.faults))
        for one in known.slips
    ]


async def _renewed(context: AppContext, numbers: Sequence[str]) -> set[str]:
    renewed: set[str] = set()
    for begin in range(0, len(numbers), 500):
        some = numbers[begin : begin + 500]
        generations = await intake.code_generations(context.store, some)
        renewed |= {number for number, generation in generations.items() if generation}
    return renewed


async def _file(
    context: AppContext, caller: Caller, pack: Pack, today: date, batch: SlipBatch, row: Slip
) -> bool:
    """File a row; one that the city does not take any more is marked instead."""
    key = f"slips/{batch.id}/{row.n}"
    try:
        body = _body(pack, row.cells, Channel(batch.channel), Kind(batch.kind))
        filed = await take(context, caller, body, key, right=_RIGHT, same=key)
    except (ValidationError, UnknownInPack):
        wrong = checked(pack, row.cells, today) or {"text": "not_taken"}
        mended = [Slip(row.n, row.cells, wrong)]
        await slips.correct(context.store, _cipher(context), batch.id, mended)
        return False
    await slips.settle(context.store, batch.id, row.n, filed.receipt.number)
    return True


def _body(pack: Pack, cells: Mapping[str, str], channel: Channel, kind: Kind) -> ComplaintIn:
    """Return a row as a complaint. Promises run from now; the day on the slip is in the text."""
    text = cells.get("text", "")
    day = _day(pack, cells["on"]) if cells.get("on") else None
    if day is not None:
        text = f"{text}\n（填写日期：{day.isoformat()}）"
    contact = {name: cells[name] for name in ("name", "phone") if cells.get(name)}
    return ComplaintIn.model_validate(
        {
            "city": pack.city.id,
            "channel": channel,
            "kind": kind,
            "text": text,
            "category": category_of(pack, cells.get("category", "")),
            "place": {
                "area": area_of(pack, cells.get("area", "")),
                "address": cells.get("address", ""),
            },
            "contact": contact or None,
            "anonymous": not contact,
        }
    )


def _day(pack: Pack, text: str) -> date | None:
    moment = moment_of(text, (), pack.calendar.tz)
    return None if moment is None else moment.astimezone(pack.calendar.tz).date()


def _today(pack: Pack, now: datetime) -> date:
    return now.astimezone(pack.calendar.tz).date()


def _pack(context: AppContext, known: OpenBatch) -> tuple[Pack, date]:
    pack = context.packs.get(known.batch.city)
    return pack, _today(pack, context.now())


def _cipher(context: AppContext) -> Cipher:
    return Cipher(context.vault.ring.root_key, "slips")
