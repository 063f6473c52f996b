"""Watching rivers: chiefs on three levels see their reaches, supervisors the whole city."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import withheld
from app.context import AppContext
from app.patrols.views import RoundOut, patrolled, seen_by, shown
from domain.model import Recorded
from domain.pack.pack import Pack
from domain.pack.patrols import Rank
from domain.patrol.rounds import SUPERVISORS, WALKED, RoundState
from store.patrols import rounds, walks
from store.patrols.walks import RoundFinding
from store.tickets import tickets

DAYS = 30
"""The days that figures are of: today and those before it."""
_MOST, _NEWEST = 300, 50


class ReachOut(Recorded):
    """A reach of a river (河段) with its chiefs, and its figures of the period.

    `rate`: handled of what was found, in per cent, computed from the findings' tickets.
    """

    code: str | None
    name: str
    name_en: str
    river: str
    chiefs: dict[Rank, str]
    rounds: int
    walked: int
    missed: int
    unproved: int
    found: int
    handled: int
    rate: float | None


class FindingLine(Recorded):
    """A ticket that was opened on a round. `handled`: a unit has handed in its result."""

    number: str
    round: str
    reach: str | None
    handled: bool


class Overview(Recorded):
    """The patrols that a caller sees. `told`: missed rounds of which a rung told this caller."""

    city: str
    reaches: list[ReachOut]
    told: list[RoundOut]
    missed: list[RoundOut]
    newest: list[RoundOut] = Field(description="The rounds of the last days, the newest first.")
    findings: list[FindingLine]


async def overview(context: AppContext, caller: Caller, city: str | None = None) -> Overview:
    """Return rounds, findings, what was missed and the problem rate of what the caller watches.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "watch_patrols")
    pack = patrolled(context, caller, city)
    name, of = pack.city.id, seen_by(caller, pack)
    today = context.now().astimezone(pack.calendar.tz).date()
    since = today - timedelta(days=DAYS - 1)
    counted = await rounds.counted(context.store, name, of, since, today)
    found = await _findings(context, caller, pack, since, today)
    newest = await rounds.between(context.store, name, of, since, today, _NEWEST)
    missed = await shown(
        context,
        await rounds.between(context.store, name, of, since, today, _MOST, state=RoundState.MISSED),
        pack,
    )
    mine = caller.unit or SUPERVISORS
    return Overview(
        city=name,
        reaches=_reaches(caller, pack, counted, found),
        told=[one for one in missed if any(mine in rung.told for rung in one.rungs)],
        missed=missed,
        newest=await shown(context, newest, pack),
        findings=found[:_MOST],
    )


async def _findings(
    context: AppContext, caller: Caller, pack: Pack, since: date, until: date
) -> list[FindingLine]:
    """Return the findings that the caller may know of, with whether each is handled."""
    of = seen_by(caller, pack)
    found = await walks.findings_between(context.store, pack.city.id, of, since, until)
    hidden = await withheld(context, caller, [one.number for one in found])
    return await _with_results(context, [one for one in found if one.number not in hidden])


async def _with_results(context: AppContext, found: Sequence[RoundFinding]) -> list[FindingLine]:
    known = await tickets.states(context.store, [one.number for one in found])
    handled = {one.complaint.number for one in known if one.handled is not None}
    return [
        FindingLine(
            number=one.number, round=one.round, reach=one.reach, handled=one.number in handled
        )
        for one in found
    ]


def _reaches(
    caller: Caller,
    pack: Pack,
    counted: dict[str | None, dict[RoundState, int]],
    found: Sequence[FindingLine],
) -> list[ReachOut]:
    """Return the reaches with their figures; routes on none come last, together."""
    unit = caller.unit
    own = {reach.code for reach in pack.patrols.reaches}
    if unit is not None:
        own = set(pack.patrols.reaches_of(unit)) | {code for code in counted if code}
    lines = [
        ReachOut.model_validate(
            {
                "code": reach.code,
                "name": reach.name,
                "name_en": reach.name_en,
                "river": reach.river,
                "chiefs": reach.chiefs,
                **_figures(counted.get(reach.code, {}), found, reach.code),
            }
        )
        for reach in pack.patrols.reaches
        if reach.code in own
    ]
    if None in counted:
        rest = _figures(counted[None], found, None)
        none: dict[str, object] = {
            "code": None,
            "name": "",
            "name_en": "",
            "river": "",
            "chiefs": {},
        }
        lines.append(ReachOut.model_validate(none | rest))
    return lines


def _figures(
    states: dict[RoundState, int], found: Iterable[FindingLine], reach: str | None
) -> dict[str, object]:
    of_reach = [one for one in found if one.reach == reach]
    handled = sum(one.handled for one in of_reach)
    return {
        "rounds": sum(states.values()),
        "walked": sum(states.get(state, 0) for state in WALKED),
        "missed": states.get(RoundState.MISSED, 0) + states.get(RoundState.LATE, 0),
        "unproved": states.get(RoundState.UNPROVED, 0),
        "found": len(of_reach),
        "handled": handled,
        "rate": problem_rate(len(of_reach), handled),
    }


def problem_rate(found: int, handled: int) -> float | None:
    """Return handled of found, in per cent (问题办结率); None where nothing was found."""
    return round(100 * handled / found, 2) if found else None
