"""Rounds as they are shown, and who may see them."""

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import Field

from app.access.caller import Caller
from app.access.visibility import pack_asked
from app.context import AppContext
from app.errors import Problem
from app.filing.file_views import FileOut
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.patrol.proof import Stamp
from domain.patrol.rounds import PatrolRound, RoundState
from store.patrols import rounds
from store.patrols.rounds import ClimbedRung, Of


class DoubtOut(Recorded):
    """Why a round is not proved, and the point that it is about; null: about the whole round."""

    code: str = Field(examples=["too_far"])
    point: str | None = None


class RungOut(Recorded):
    """A rung that a missed round has climbed. `told`: units, and the word "supervisor"."""

    n: int
    due_at: Instant
    at: Instant
    told: list[str]


class PointOut(Recorded):
    """A point of a round, and what this walk has of it."""

    code: str
    name: str
    name_en: str
    lat: float
    lon: float
    photo: bool
    came_at: Instant | None = None
    left_at: Instant | None = None
    photos: int = 0
    kept_until: Instant | None = Field(
        None, description="When stamps arrived that were kept on the phone without a network."
    )


class StampOut(Recorded):
    """A phone's word of itself. `skew`: how many seconds its clock was behind the server's."""

    attempt: int
    point: str
    at: Instant
    received: Instant
    kept: bool = Field(description="Kept on the phone: its time is the phone's word alone.")
    skew: float
    lat: float | None
    lon: float | None
    accuracy: float | None


class RoundOut(Recorded):
    """A round of a patrol (巡查)."""

    id: str = Field(examples=["jinan.XQ01.20260302"])
    city: str
    route: str
    name: str
    name_en: str
    day: date
    unit: str
    reach: str | None
    starts: Instant
    ends: Instant
    state: RoundState
    attempt: int
    finished_at: Instant | None
    doubts: list[DoubtOut]
    rungs: list[RungOut] = Field(default_factory=list)


class RoundDetails(RoundOut):
    """A round with its points, what was heard of it, and the tickets of what was found.

    `proof_kept` false: it was so long ago that stamps and photos were deleted.
    """

    points: list[PointOut]
    dwell: float = Field(description="Seconds to stay at each point.")
    tolerance: int
    stamps: list[StampOut]
    photos: list[FileOut]
    findings: list[str]
    proof_kept: bool


class RoundsOut(Recorded):
    items: list[RoundOut]


def patrolled(context: AppContext, caller: Caller, city: str | None) -> Pack:
    """Return the pack of a city with patrols that this caller serves.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    return pack_asked(context, caller, city, lambda pack: bool(pack.patrols.routes))


def seen_by(caller: Caller, pack: Pack) -> Of:
    """Return whose rounds a caller sees: of their unit and the reaches that it is chief of."""
    unit = caller.unit
    return Of() if unit is None else Of({unit}, pack.patrols.reaches_of(unit))


def sees(caller: Caller, pack: Pack, of: PatrolRound) -> bool:
    """Return whether a caller may know of a round."""
    if not caller.serves(of.city):
        return False
    unit = caller.unit
    return unit is None or of.unit == unit or of.reach in pack.patrols.reaches_of(unit)


async def seen(context: AppContext, caller: Caller, round_id: str) -> tuple[PatrolRound, Pack]:
    """Return a round that this caller may know of, and its city's pack.

    Raises:
        Problem: round_not_found
    """
    of = await rounds.get(context.store, round_id)
    if of is None or of.city not in context.packs.ids():
        raise Problem("round_not_found")
    pack = context.packs.get(of.city)
    if not sees(caller, pack, of):
        raise Problem("round_not_found")
    return of, pack


def round_values(
    of: PatrolRound, pack: Pack, climbed: Sequence[ClimbedRung] = ()
) -> dict[str, object]:
    """Return the fields of a round as it is shown. A route that is gone shows its code."""
    route = pack.patrols.route(of.route)
    return {
        **{
            name: getattr(of, name)
            for name in RoundOut.model_fields.keys() & PatrolRound.model_fields
        },
        "name": route.name if route else of.route,
        "name_en": route.name_en if route else of.route,
        "doubts": [_doubt(fault) for fault in of.faults],
        "rungs": [
            RungOut(n=one.n, due_at=one.due_at, at=one.at, told=list(one.told)) for one in climbed
        ],
    }


def _doubt(fault: str) -> DoubtOut:
    code, _, point = fault.partition(":")
    return DoubtOut(code=code, point=point or None)


async def shown(context: AppContext, found: Sequence[PatrolRound], pack: Pack) -> list[RoundOut]:
    """Return rounds as they are shown in a list, with the rungs that they climbed."""
    climbed: dict[str, list[ClimbedRung]] = {}
    for one in await rounds.rungs(context.store, [of.id for of in found if of.told]):
        climbed.setdefault(one.round, []).append(one)
    return [RoundOut.model_validate(round_values(of, pack, climbed.get(of.id, []))) for of in found]


def points_out(of: PatrolRound, pack: Pack, walked: Sequence[tuple[Stamp, int]]) -> list[PointOut]:
    """Return the points of a round, with what its present walk has of each."""
    route = pack.patrols.route(of.route)
    if route is None:
        return []
    at: Mapping[str, list[Stamp]] = {
        point.code: sorted(
            (one for one, n in walked if n == of.attempt and one.point == point.code),
            key=lambda one: one.true_at,
        )
        for point in route.points
    }
    return [
        PointOut(
            **point.model_dump(),
            came_at=at[point.code][0].true_at if at[point.code] else None,
            left_at=at[point.code][-1].true_at if at[point.code] else None,
            photos=sum(one.photos for one in at[point.code]),
            kept_until=max((one.received for one in at[point.code] if one.kept), default=None),
        )
        for point in route.points
    ]


def stamps_out(walked: Sequence[tuple[Stamp, int]]) -> list[StampOut]:
    """Return stamps as they are shown."""
    return [
        StampOut(
            attempt=attempt,
            point=one.point,
            at=one.at,
            received=one.received,
            kept=one.kept,
            skew=one.skew.total_seconds(),
            lat=one.lat,
            lon=one.lon,
            accuracy=one.accuracy,
        )
        for one, attempt in walked
    ]
