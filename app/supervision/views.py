"""Supervision lists as staff read them."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.supervision import Leader
from domain.supervision.rows import ListRow, ListStep, RowState, StepKind


class ListStepOut(Recorded):
    """Something that happened to a row, by somebody in a role."""

    at: Instant
    kind: StepKind
    role: str
    text: str
    due: date | None = Field(description="The deadline that it set.")


class ListRowOut(Recorded):
    """A problem on a leader's list.

    `may_rectify`, `may_revisit`: whether this caller may say that it is done, or whether it holds.
    """

    id: str
    number: str
    leader: str
    leader_name: str
    leader_name_en: str
    unit: str
    unit_name: str
    unit_name_en: str
    rule: str = Field(description="The rule of the pack that put it there; empty: by hand.")
    text: str = Field(description="What has to be rectified.")
    state: RowState
    due: date = Field(description="The last day in time.")
    late: bool
    days_late: int
    revisit_due: date | None = Field(description="The day of the next revisit.")
    held: int = Field(description="Revisits since the result at which it held.")
    revisits: int = Field(description="How many of them settle it.")
    back: int = Field(description="How often it came back.")
    result: str
    put_at: Instant
    result_at: Instant | None
    settled_at: Instant | None
    may_rectify: bool
    may_revisit: bool
    steps: list[ListStepOut]


class LeaderOut(Recorded):
    """A post with its area, and how much is on its list."""

    code: str
    name: str
    name_en: str
    areas: list[str]
    units: list[str]
    unit: str = Field(description="The unit that acts for the post.")
    rows: int
    late: int


class SupervisionPage(Recorded):
    """The lists of a city that this caller sees. What is late stands first."""

    city: str
    leaders: list[LeaderOut]
    rows: list[ListRowOut]
    late: int
    may_put: bool


def may_confirm(row: ListRow, unit: str | None) -> bool:
    """Return whether somebody of `unit` may say that the effect holds: not who rectifies it."""
    return row.unit != unit


def row_out(
    row: ListRow, pack: Pack, today: date, steps: Sequence[ListStep], unit: str | None
) -> ListRowOut:
    """Return a row for somebody who is confined to `unit`; None: a supervisor or an auditor."""
    leader = pack.supervision.leader(row.leader)
    mine = unit is None or (leader is not None and leader.unit == unit)
    known = pack.unit(row.unit) if pack.has_unit(row.unit) else None
    late = row.late(today)
    since = row.next_day or today
    return ListRowOut(
        **row.model_dump(exclude={"city", "revisits"}),
        revisits=len(row.revisits),
        leader_name=leader.name if leader else row.leader,
        leader_name_en=leader.name_en if leader else row.leader,
        unit_name=known.name if known else row.unit,
        unit_name_en=known.name_en if known else row.unit,
        late=late,
        days_late=(today - since).days if late else 0,
        may_rectify=row.state is RowState.OPEN and (mine or row.unit == unit),
        may_revisit=row.state is RowState.REVISIT and mine and may_confirm(row, unit),
        steps=[
            ListStepOut(at=one.at, kind=one.kind, role=one.role, text=one.text, due=one.due)
            for one in steps
        ],
    )


def leader_out(leader: Leader, rows: Sequence[ListRow], today: date) -> LeaderOut:
    own = [row for row in rows if row.leader == leader.code and row.state is not RowState.SETTLED]
    return LeaderOut(
        code=leader.code,
        name=leader.name,
        name_en=leader.name_en,
        areas=list(leader.areas),
        units=list(leader.units),
        unit=leader.unit,
        rows=len(own),
        late=sum(row.late(today) for row in own),
    )
