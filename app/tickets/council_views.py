"""Councils as staff, citizens and participants read them.

Staff read what was said as it was said. To everybody else it is published: texts are redacted like
answers, and votes are told once they are counted.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from pydantic import Field

from app.tickets.moments import TimelineMoment
from app.tickets.redaction import redacted
from domain.council.council import Council, Phase
from domain.council.votes import CouncilOutcome, VoteKind
from domain.model import Instant, Recorded
from domain.pack.pack import Pack, UnknownInPack
from store.tickets.councils import CouncilCourse


class CouncilOptionOut(Recorded):
    """A plan. `votes`: null before they are counted."""

    n: int
    title: str
    pros: list[str]
    cons: list[str]
    votes: int | None


class StatementOut(Recorded):
    at: Instant
    label: str = Field(description="The name that the participant chose; empty: none.")
    text: str


class BallotOut(Recorded):
    """A ballot of an open vote."""

    label: str
    option: int


class CouncilTaskOut(Recorded):
    """A task that follows from a council."""

    n: int
    text: str
    unit: str
    unit_name: str
    unit_name_en: str
    due: date = Field(description="The last day on which it is in time.")
    done_at: Instant | None
    late: bool


class CouncilOut(Recorded):
    """A council (协商议事) of a ticket, or of a topic.

    `outcome`: why an option is chosen, or none: `no_quorum`, `tie`, `no_majority`. `voted`: how
    many have voted; for those who are not staff null before the votes are counted. `ballots`: of an
    open vote, once it is counted.
    """

    n: int
    subject: str
    phase: Phase
    vote: VoteKind
    quorum: int = Field(description="The percentage of those invited who have to vote.")
    majority: int = Field(description="The chosen option has more than this percentage of votes.")
    options: list[CouncilOptionOut]
    statements_until: Instant
    vote_opens_at: Instant
    vote_closes_at: Instant
    opened_at: Instant | None
    invited: int
    voted: int | None
    outcome: CouncilOutcome | None
    chosen: int | None = Field(description="The number of the option that is chosen.")
    statements: list[StatementOut]
    ballots: list[BallotOut]
    minutes: str
    tasks: list[CouncilTaskOut]
    followed_up_at: Instant | None
    closed_at: Instant | None


def council_out(
    of: Council, course: CouncilCourse, pack: Pack, now: datetime, *, staff: bool
) -> CouncilOut:
    """Return a council as it may be read by staff, or by everybody else."""
    told: Callable[[str], str] = str if staff else redacted
    counted = of.outcome is not None
    today = now.astimezone(pack.calendar.tz).date()
    return CouncilOut(
        **{name: getattr(of, name) for name in _AS_RECORDED},
        subject=told(of.subject),
        phase=of.phase(now),
        options=[
            CouncilOptionOut(
                n=n,
                title=told(option.title),
                pros=[told(one) for one in option.pros],
                cons=[told(one) for one in option.cons],
                votes=of.votes[n - 1] if counted else None,
            )
            for n, option in enumerate(of.options, 1)
        ],
        voted=course.voted if staff or counted else None,
        statements=[
            StatementOut(at=one.at, label=told(one.label), text=told(one.text))
            for one in course.statements
        ],
        ballots=[BallotOut(label=told(one.label), option=one.option) for one in course.ballots],
        minutes=told(of.minutes),
        tasks=[
            CouncilTaskOut(
                n=one.n,
                text=told(one.text),
                unit=one.unit,
                **unit_names(pack, one.unit),
                due=one.due,
                done_at=one.done_at,
                late=one.done_at is None and one.due < today,
            )
            for one in course.tasks
        ],
    )


_GIVEN = {"subject", "phase", "options", "voted", "statements", "ballots", "minutes", "tasks"}
_AS_RECORDED = tuple(CouncilOut.model_fields.keys() - _GIVEN)


def unit_names(pack: Pack, code: str) -> dict[str, Any]:
    """Return the names of a unit, as fields of a view; its code if the pack no longer has it."""
    try:
        unit = pack.unit(code)
    except UnknownInPack:
        return {"unit_name": code, "unit_name_en": code}
    return {"unit_name": unit.name, "unit_name_en": unit.name_en}


def moments_of(councils: Iterable[CouncilOut]) -> list[TimelineMoment]:
    """Return the moments of councils that a timeline tells, the first one first."""
    found: list[TimelineMoment] = []
    for one in councils:
        if one.opened_at is not None:
            found.append(TimelineMoment(one.opened_at, "council_opened", one.subject))
        if one.outcome is not None:
            decided = "council_decided" if one.chosen else "council_undecided"
            text = one.options[one.chosen - 1].title if one.chosen else ""
            found.append(TimelineMoment(one.vote_closes_at, decided, one.subject, text))
        if one.followed_up_at is not None:
            found.append(
                TimelineMoment(one.followed_up_at, "council_followed_up", one.subject, one.minutes)
            )
    return sorted(found, key=lambda moment: moment.at)
