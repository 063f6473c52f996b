"""The style guide page: every token and macro, as citizens and as staff see them."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.i18n import language_of
from api.pages.shared.forms import Form
from api.pages.shared.labels import LABELS, Labels
from api.pages.shared.navigation import NavigationGroup, NavigationLink, grouped
from api.pages.shared.page import page
from app.access.caller import Caller
from domain.actors import Actor, Role
from domain.deadlines.clocks import LevelKind
from domain.ticket.stages import Outcome, Stage
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("static")])

_NAMES = ("title", "text", "kind", "contacted", "public")
_EXAMPLE = (
    NavigationLink(NavigationGroup.WORK, N_("Inbox"), "/styleguide", frozenset(Role)),
    NavigationLink(NavigationGroup.SUPERVISION, N_("Everything"), "#main", frozenset(Role)),
)


class _Line(NamedTuple):
    at: datetime
    words: str
    unit: str | None = None
    text: str | None = None
    by_machine: bool = False


@router.get("/styleguide")
async def styleguide(request: Request, look: str = "citizen") -> Response:
    """Show the style guide; `look=staff` in the staff pages' layout."""
    staff = look == "staff"
    now = datetime.now(UTC)
    wrong = Form.blank(*_NAMES, title="…")
    wrong.fail("title", N_("At most %(max_length)s characters, please."), max_length=200)
    wrong.fail("contacted", N_("Please choose one."))
    wrong.problem = "invalid_request"
    return page(
        request,
        "shared/styleguide.html",
        parent="shared/base_staff.html" if staff else "shared/base_citizen.html",
        staff=staff,
        caller=Caller(Actor(role=Role.OFFICER, unit="water"), "", "王芳"),
        unit_here=None,
        other_cities=[],
        navigation=grouped(_EXAMPLE),
        current=_EXAMPLE[0],
        zone=UTC,
        day=timedelta(days=1),
        form=Form.blank(*_NAMES, kind="help", contacted="yes"),
        wrong=wrong,
        stages=list(Stage),
        outcomes=list(Outcome),
        rungs=list(LevelKind),
        kinds=[*LABELS["kind"]],
        lines=_lines(now, language_of(request)),
    )


def _lines(now: datetime, language: str) -> list[Any]:
    label = partial(Labels(language).label, "told")
    return [
        _Line(now - timedelta(days=2), label("accepted")),
        _Line(now - timedelta(days=1), label("assigned"), "水务局"),
        _Line(now, label("replied"), "水务局", "已组织清淤，河水恢复清澈。"),
    ]
