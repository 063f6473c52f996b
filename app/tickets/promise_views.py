"""Promises as staff, citizens and everybody read them: only staff reads the words uncovered."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from pydantic import Field

from app.tickets.council_views import unit_names
from app.tickets.moments import TimelineMoment
from app.tickets.redaction import redacted
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.promise.promise import Promise, PromiseState


class PromiseOut(Recorded):
    """A promise (承诺) of a unit, and how it ended.

    `due`: the last day in time. `asked_until`: the last day on which something can be said before
    it is broken by itself. `said`: the evidence that it was kept, or why it was broken or excused.
    """

    number: str
    n: int
    unit: str
    unit_name: str
    unit_name_en: str
    text: str
    due: date
    asked_until: date
    state: PromiseState
    unsaid: bool = Field(description="Broken by itself: nothing was said until the grace was over.")
    done_late: bool = Field(description="Broken, and done afterwards.")
    made_at: Instant
    follows: int | None = Field(description="The number of the promise that was moved to this day.")
    moved_to: date | None = Field(description="The day of the promise that follows this one.")
    hearing: str | None = Field(description="The event at which it was given in public.")
    ended_at: Instant | None
    said: str
    photo: str | None = Field(description="Staff: the id of a file of the ticket.")


class PromisesOut(Recorded):
    """Part of a list of promises, the first day first."""

    items: list[PromiseOut]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


Followers = Mapping[tuple[str, int], Promise]


def promise_out(
    of: Promise, pack: Pack, today: date, followers: Followers, *, staff: bool
) -> PromiseOut:
    """Return a promise as it may be read by staff, or by everybody else."""
    told: Callable[[str], str] = str if staff else redacted
    follower = followers.get((of.number, of.n))
    return PromiseOut(
        **{name: getattr(of, name) for name in _AS_RECORDED},
        **unit_names(pack, of.unit),
        text=told(of.text),
        said=told(of.said),
        state=of.state(today),
        unsaid=of.unsaid(today),
        moved_to=follower.due if follower else None,
        photo=of.photo if staff else None,
    )


_GIVEN = {"unit_name", "unit_name_en", "text", "said", "state", "unsaid", "moved_to", "photo"}
_AS_RECORDED = tuple(PromiseOut.model_fields.keys() - _GIVEN)


def promise_moments(promises: Iterable[PromiseOut]) -> list[TimelineMoment]:
    """Return the moments of promises that a timeline tells; one that is broken by itself has no
    moment of its own, because nobody did anything."""
    found: list[TimelineMoment] = []
    for one in promises:
        subject = f"{one.text} · {one.due}"
        found.append(TimelineMoment(one.made_at, "promise_made", subject))
        if one.ended_at is not None:
            found.append(
                TimelineMoment(one.ended_at, f"promise_{one.state.value}", subject, one.said)
            )
    return found


def numbers_of(promises: Collection[Promise]) -> set[str]:
    """Return the numbers of the tickets of these promises."""
    return {one.number for one in promises}
