"""Walking a round: what there is to walk, stamps at its points, its end, and what was found."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import withheld
from app.context import AppContext
from app.errors import Problem
from app.filing import attachments, filing
from app.filing.file_views import file_out
from app.filing.filing import Filed
from app.patrols.views import (
    RoundDetails,
    RoundsOut,
    patrolled,
    points_out,
    round_values,
    seen,
    shown,
    stamps_out,
)
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.patrol.rounds import LOOKED_BACK, PROOF_KEPT, PatrolRound
from domain.ticket.complaint import Channel, Code, Kind, Place, Text
from domain.ticket.files import FileKind, FileRef, Files
from store.db.errors import UnknownFile
from store.files import files
from store.patrols import rounds, walks
from store.patrols.rounds import Of
from store.patrols.walks import NewStamp

MOST_PHOTOS = 200
"""The most files of a round."""
MOST_AT_ONCE = 200
"""The most stamps in one request: a whole round, sent when there is a network again."""

StampId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]


class StampIn(Incoming):
    """A phone at a point: where it found itself, how exactly, and when by its own clock.

    `id`: made by the phone; the same one again is the same stamp. Coming to a point and leaving it
    are two stamps.
    """

    id: StampId
    point: Code
    at: Instant
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    accuracy: float | None = Field(None, ge=0, le=1_000_000, description="Metres.")
    photos: list[FileRef] = Field(default_factory=list, max_length=9)


class StampsIn(Incoming):
    """Stamps of a round. `sent_at`: by the phone's clock, when it sends them."""

    sent_at: Instant
    stamps: list[StampIn] = Field(min_length=1, max_length=MOST_AT_ONCE)


class HeardOut(Recorded):
    """A stamp that was heard; `code`: why it was refused."""

    id: str
    code: str | None = None


class StampsOut(Recorded):
    """The answer to each stamp, and the round as it is now."""

    stamps: list[HeardOut]
    round: RoundDetails


class FinishIn(Incoming):
    """A round is finished. `attempt`: the walk that is meant; judged once, however often sent."""

    attempt: int | None = Field(None, ge=1)


class FindingIn(Incoming):
    """Something that was found on a round, and where."""

    text: Text
    category: Code | None = Field(None, description="A category of the city, if known.")
    place: Place = Field(default_factory=Place)
    files: Files = Field(default_factory=list)


class FindingOut(Recorded):
    """The ticket of a finding."""

    number: str
    round: str


async def own_rounds(context: AppContext, caller: Caller, city: str | None = None) -> RoundsOut:
    """Return what the caller's unit has to walk: rounds that are open, will be today, or missed.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "list_own_rounds")
    pack = patrolled(context, caller, city)
    unit = caller.unit
    now = context.now()
    today = now.astimezone(pack.calendar.tz).date()
    of = Of() if unit is None else Of({unit})
    found = await rounds.to_walk(context.store, pack.city.id, of, now, today - LOOKED_BACK)
    return RoundsOut(items=await shown(context, found, pack))


async def get_round(context: AppContext, caller: Caller, round_id: str) -> RoundDetails:
    """Return a round with its points, its proof and its findings.

    Raises:
        Problem: round_not_found, also where this caller may not know of it.
    """
    await permit(context, caller, "get_round")
    of, pack = await seen(context, caller, round_id)
    return await _details(context, caller, of, pack)


async def stamp_round(
    context: AppContext, caller: Caller, round_id: str, body: StampsIn
) -> StampsOut:
    """Record stamps, each by itself; one that is refused stops no other.

    Raises:
        Problem, Refused: round_not_found, not_your_unit, round_not_open, round_over, round_done
    """
    await permit(context, caller, "walk_round")
    of, pack = await _own(context, caller, round_id)
    new, answers = list[NewStamp](), dict[str, str | None]()
    for one in body.stamps:
        try:
            new.append(_new(context, caller, one, body))
        except UnknownFile as error:
            answers[one.id] = error.code
    heard = await walks.stamp(context.store, of.id, pack.patrols, new, caller.id)
    answers |= {one.id: one.code for one in heard}
    of, pack = await seen(context, caller, round_id)
    return StampsOut(
        stamps=[HeardOut(id=one.id, code=answers[one.id]) for one in body.stamps],
        round=await _details(context, caller, of, pack),
    )


async def finish_round(
    context: AppContext, caller: Caller, round_id: str, attempt: int | None = None
) -> RoundDetails:
    """Judge a walk: it is proved, or told why not, and can then be walked again.

    A walk that was judged already, by its number, is answered as it is.

    Raises:
        Problem, Refused: round_not_found, not_your_unit, round_not_open, round_over, round_done,
            nothing_walked
    """
    await permit(context, caller, "walk_round")
    of, pack = await _own(context, caller, round_id)
    done = await walks.finish(context.store, of.id, pack.patrols, caller.id, attempt=attempt)
    return await _details(context, caller, done, pack)


async def report_finding(
    context: AppContext, caller: Caller, round_id: str, body: FindingIn, key: str
) -> tuple[FindingOut, Filed]:
    """File a ticket for what was found on a round. The same `key` again gives the same ticket.

    Raises:
        Problem, Refused: round_not_found, not_your_unit, round_not_open, round_over,
            finding_without_place
        UnknownCategory, KeyReused, UnknownFile, TooManyFiles
    """
    await permit(context, caller, "report_finding")
    of, pack = await _own(context, caller, round_id)
    now = context.engine.clock.now()
    if now < of.starts:
        raise Problem("round_not_open")
    if now > of.ends + LOOKED_BACK:
        raise Problem("round_over")
    place = body.place
    if place.lat is None and not place.address:
        raise Problem("finding_without_place")
    if body.category is not None:
        pack.category(body.category)
    route = pack.patrols.route(of.route)
    if place.area is None and route is not None:
        place = place.model_copy(update={"area": route.area})
    complaint = filing.unnumbered(
        pack,
        now,
        kind=Kind.COMPLAINT,
        channel=Channel.INSPECTION,
        text=body.text,
        category=body.category,
        place=place,
        files=attachments.ids(body.files),
        filed_by=caller.filer,
        reachable=False,
    )
    registered = await filing.register(
        context,
        pack,
        complaint,
        None,
        f"patrol/{of.id}/{key}",
        body.model_dump_json(),
        attachments.wanted(context, body.files, caller.id),
    )
    await walks.note_finding(context.store, registered.number, of, now, caller.id)
    state = await filing.start(context, registered)
    found = FindingOut(number=registered.number, round=of.id)
    return found, filing.filed(context, caller, registered, state)


async def _own(context: AppContext, caller: Caller, round_id: str) -> tuple[PatrolRound, Pack]:
    """Return a round that the caller's unit walks.

    Raises:
        Problem: round_not_found, not_your_unit
    """
    of, pack = await seen(context, caller, round_id)
    if caller.unit != of.unit:
        raise Problem("not_your_unit", "Another unit walks this route.")
    return of, pack


def _new(context: AppContext, caller: Caller, one: StampIn, body: StampsIn) -> NewStamp:
    photos = attachments.wanted(context, one.photos, caller.id)
    return NewStamp(
        id=one.id,
        point=one.point,
        at=one.at,
        sent=body.sent_at,
        lat=one.lat,
        lon=one.lon,
        accuracy=one.accuracy,
        photos=replace(photos, caps=dict.fromkeys(FileKind, MOST_PHOTOS)),
    )


async def _details(
    context: AppContext, caller: Caller, of: PatrolRound, pack: Pack
) -> RoundDetails:
    """Return a round without the findings that have become reports of the caller's unit (举报)."""
    walked, taken, found, climbed = await asyncio.gather(
        walks.walked(context.store, of.id),
        files.of_ticket(context.store, of.id),
        walks.findings_of(context.store, of.id),
        rounds.rungs(context.store, [of.id]),
    )
    today = context.now().astimezone(pack.calendar.tz).date()
    hidden = await withheld(context, caller, [one.number for one in found])
    route = pack.patrols.route(of.route)
    stay = route.stay if route else timedelta()
    return RoundDetails.model_validate(
        {
            **round_values(of, pack, climbed),
            "points": points_out(of, pack, walked),
            "dwell": stay.total_seconds(),
            "tolerance": route.tolerance if route else 0,
            "stamps": stamps_out(walked),
            "photos": [file_out(context, row) for row in taken],
            "proof_kept": of.day >= today - PROOF_KEPT,
            "findings": [one.number for one in found if one.number not in hidden],
        }
    )
