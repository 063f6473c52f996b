"""Public hearings as staff, those invited and everybody read them: published tickets only."""

from pydantic import Field

from app.context import AppContext
from app.tickets.council_views import unit_names
from app.tickets.promise_views import PromiseOut, promise_out
from app.tickets.publications import Publication, published_among
from app.tickets.redaction import redacted
from domain.hearing.hearing import Decision, Hearing
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from store.reporting import public_promises
from store.tickets import hearings, promises
from store.tickets.hearings import HearingCourse


class HearingTicketOut(Recorded):
    """A ticket of a hearing as everybody reads it. `grades`: how many gave each grade."""

    number: str
    title: str
    text: str
    unit: str
    unit_name: str
    unit_name_en: str
    answer: str = Field(description="What the unit says to it at the hearing; empty: nothing yet.")
    answered_at: Instant | None
    promises: list[PromiseOut]
    ratings: int
    grades: dict[int, int]


class HearingQuestionOut(Recorded):
    id: str
    at: Instant
    label: str
    text: str
    decision: Decision


class HearingOut(Recorded):
    """A public hearing. Everybody reads questions that were let through, staff all of them."""

    number: str
    city: str
    title: str
    place: str
    starts_at: Instant
    open: bool
    published_at: Instant | None
    invited: int
    tickets: list[HearingTicketOut]
    questions: list[HearingQuestionOut]


class HearingLine(Recorded):
    number: str
    title: str
    place: str
    starts_at: Instant
    published_at: Instant | None


class HearingsOut(Recorded):
    items: list[HearingLine]


async def hearing_out(context: AppContext, of: Hearing, pack: Pack, *, staff: bool) -> HearingOut:
    """Return the hearing with those of its tickets that are published at this moment."""
    course = await hearings.course(context.store, of.number)
    numbers = [one.number for one in course.tickets]
    shown = {one.number: one for one in await published_among(context, pack, numbers)}
    given = await _promises(context, of, pack)
    return HearingOut(
        **{name: getattr(of, name) for name in _AS_RECORDED},
        tickets=_tickets(course, shown, given, pack),
        questions=[
            HearingQuestionOut(
                id=one.id,
                at=one.at,
                label=one.label if staff else redacted(one.label),
                text=one.text if staff else redacted(one.text),
                decision=one.decision,
            )
            for one in course.questions
            if staff or one.decision is Decision.SHOWN
        ],
    )


_AS_RECORDED = tuple(HearingOut.model_fields.keys() - {"tickets", "questions"})


def _tickets(
    course: HearingCourse, shown: dict[str, Publication], given: list[PromiseOut], pack: Pack
) -> list[HearingTicketOut]:
    return [
        HearingTicketOut(
            number=one.number,
            title=shown[one.number].title,
            text=shown[one.number].text,
            unit=one.unit,
            **unit_names(pack, one.unit),
            answer=redacted(one.answer),
            answered_at=one.answered_at,
            promises=[promise for promise in given if promise.number == one.number],
            ratings=sum(course.ratings.get(one.number, {}).values()),
            grades=course.ratings.get(one.number, {}),
        )
        for one in course.tickets
        if one.number in shown
    ]


async def _promises(context: AppContext, of: Hearing, pack: Pack) -> list[PromiseOut]:
    found = await public_promises.of_hearing(context.store, of.number)
    followers = await promises.followers(context.store, found)
    today = context.now().astimezone(pack.calendar.tz).date()
    return [promise_out(one, pack, today, followers, staff=False) for one in found]
