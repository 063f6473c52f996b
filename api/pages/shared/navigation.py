"""The staff navigation: one table for all roles.

Each page of a role is one row; `shared/base_staff.html` renders the rows of the signed-in user's
role under their headings.
"""

from collections.abc import Container, Iterable
from enum import StrEnum
from typing import NamedTuple

from api.pages.shared.subjects import Subject
from domain.actors import OF_UNITS, Role
from domain.policy.permissions import RIGHTS, STAFF
from domain.policy.work_queues import Queue
from domain.words import N_


class NavigationGroup(StrEnum):
    """A heading of the navigation."""

    WORK = "work"
    GRID = "grid"
    SUPERVISION = "supervision"
    ADMINISTRATION = "administration"

    @property
    def label(self) -> str:
        return _HEADINGS[self]


_HEADINGS = {
    NavigationGroup.WORK: N_("Work on tickets"),
    NavigationGroup.GRID: N_("Grid and patrols"),
    NavigationGroup.SUPERVISION: N_("Supervision"),
    NavigationGroup.ADMINISTRATION: N_("Administration"),
}


class NavigationLink(NamedTuple):
    """A navigation link. `label` is a message marked with `N_`; `roles` see the link.

    `subject`: only where the city's pack has it, and it concerns the unit: see `subjects.py`.
    """

    group: NavigationGroup
    label: str
    url: str
    roles: frozenset[Role]
    subject: Subject | None = None


_OVERSEERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN})
_OTHERS = STAFF - {Role.OFFICER}
_DESK, _DISPATCHER, _SUPERVISOR = Role.DESK, Role.DISPATCHER, Role.SUPERVISOR

_WORK, _GRID, _SUPERVISION, _ADMINISTRATION = NavigationGroup

GRID = "/staff/grid"

NAVIGATION: tuple[NavigationLink, ...] = (
    NavigationLink(_GRID, N_("Grid work"), GRID, frozenset({Role.GRID_WORKER})),
    NavigationLink(_WORK, N_("Inbox"), "/staff/inbox", frozenset({Role.OFFICER})),
    NavigationLink(_ADMINISTRATION, N_("Audit"), "/staff/audit", frozenset({Role.AUDITOR})),
    NavigationLink(_ADMINISTRATION, N_("Administration"), "/staff/admin", frozenset({Role.ADMIN})),
    NavigationLink(_SUPERVISION, N_("Board"), "/staff/board", frozenset({_SUPERVISOR})),
    NavigationLink(_WORK, N_("Call"), "/staff/call", frozenset({_DESK})),
    NavigationLink(_WORK, N_("Triage"), "/staff/triage", frozenset({_DESK, _DISPATCHER})),
    NavigationLink(
        _WORK,
        N_("Decisions"),
        "/staff/decisions",
        frozenset({_DISPATCHER, _SUPERVISOR}),
    ),
    NavigationLink(_WORK, N_("Call-backs"), "/staff/call-backs", frozenset({_DESK})),
    NavigationLink(_WORK, N_("Call"), "/staff/call", frozenset({_DISPATCHER})),
    NavigationLink(_WORK, N_("Batch"), "/staff/register", frozenset({_DESK, _DISPATCHER})),
    NavigationLink(
        _WORK,
        N_("Batches of slips"),
        "/staff/batches",
        frozenset({_DESK, _DISPATCHER, _SUPERVISOR}),
    ),
    NavigationLink(
        _WORK,
        N_("Merge"),
        "/staff/merge",
        frozenset({_DESK, _DISPATCHER, _SUPERVISOR}),
    ),
    NavigationLink(
        _WORK,
        N_("Handed over to us"),
        "/staff/handovers",
        frozenset({_DESK, _DISPATCHER, _SUPERVISOR}),
        Subject.HANDOVER,
    ),
    NavigationLink(_WORK, N_("Tickets"), "/staff/tickets", STAFF),
    NavigationLink(_SUPERVISION, N_("Board"), "/staff/board", _OVERSEERS - {_SUPERVISOR}),
    NavigationLink(_SUPERVISION, N_("League table"), "/staff/league", _OVERSEERS | {Role.OFFICER}),
    NavigationLink(
        _SUPERVISION, N_("Fair satisfaction"), "/staff/satisfaction", _OVERSEERS | {_DESK}
    ),
    NavigationLink(_SUPERVISION, N_("Hot spots"), "/staff/spots", _OVERSEERS),
    NavigationLink(_SUPERVISION, N_("Places"), "/staff/places", _OVERSEERS),
    NavigationLink(
        _WORK,
        N_("Prizes at the counter"),
        "/staff/prizes",
        frozenset({Role.OFFICER}),
        Subject.REWARDS,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Rewards held back"),
        "/staff/rewards",
        frozenset({_DISPATCHER, _SUPERVISOR}),
        Subject.REWARDS,
    ),
    NavigationLink(
        _ADMINISTRATION,
        N_("Points ledger"),
        "/staff/rewards/ledger",
        frozenset({Role.AUDITOR, Role.ADMIN}),
        Subject.REWARDS,
    ),
    NavigationLink(
        _GRID,
        N_("Grid workers"),
        "/staff/grid-workers",
        frozenset({Role.OFFICER, _SUPERVISOR}),
        Subject.GRID,
    ),
    NavigationLink(_GRID, N_("Diaries"), "/staff/diaries", frozenset({Role.OFFICER}), Subject.GRID),
    NavigationLink(_GRID, N_("Rounds to walk"), "/staff/rounds", OF_UNITS, Subject.PATROLS),
    NavigationLink(_GRID, N_("Patrols"), "/staff/patrols", _OVERSEERS | OF_UNITS, Subject.PATROLS),
    NavigationLink(
        _SUPERVISION,
        N_("Councils by topic"),
        "/staff/council-topics",
        _OVERSEERS | {_DESK, Role.OFFICER},
        Subject.COUNCILS,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Late after councils"),
        "/staff/council-tasks",
        _OVERSEERS,
        Subject.COUNCILS,
    ),
    NavigationLink(_SUPERVISION, N_("Topics"), "/staff/topics", _OVERSEERS),
    NavigationLink(
        _SUPERVISION,
        N_("Supervision lists"),
        "/staff/supervision",
        _OVERSEERS | {Role.OFFICER},
        Subject.SUPERVISION,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Assessment sheets"),
        "/staff/contractors",
        _OVERSEERS | {Role.OFFICER},
        Subject.CONTRACTORS,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Promises"),
        "/staff/promises",
        _OVERSEERS | {Role.OFFICER},
        Subject.PROMISES,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Report card"),
        "/staff/report-card",
        _OVERSEERS,
        Subject.REPORT_CARD,
    ),
    NavigationLink(
        _SUPERVISION,
        N_("Public hearings"),
        "/staff/hearings",
        _OVERSEERS | {Role.OFFICER},
        Subject.REPORT_CARD,
    ),
    NavigationLink(
        _WORK, N_("Incidents"), "/staff/incidents", _OVERSEERS | {_DESK}, Subject.INCIDENTS
    ),
    NavigationLink(_GRID, N_("Devices"), "/staff/devices", _OVERSEERS | {_DESK}, Subject.SENSORS),
    NavigationLink(
        _WORK,
        N_("Appointments"),
        "/staff/appointments",
        frozenset({Role.OFFICER, _DISPATCHER, _SUPERVISOR}),
        Subject.APPOINTMENTS,
    ),
    NavigationLink(
        _WORK,
        N_("Asked for a person"),
        "/staff/person-requests",
        _OVERSEERS | {_DESK},
        Subject.MACHINES,
    ),
    NavigationLink(_WORK, N_("Units' inboxes"), "/staff/inbox", _OTHERS),
    NavigationLink(_ADMINISTRATION, N_("Audit"), "/staff/audit", frozenset({Role.ADMIN})),
    NavigationLink(
        _ADMINISTRATION,
        N_("Rules of the city"),
        "/staff/admin/packs",
        frozenset({Role.AUDITOR}),
    ),
)
"""A role's first entry is its start page."""


def entries(role: Role, subjects: Container[Subject] = tuple(Subject)) -> list[NavigationLink]:
    """Return the links that this role may open, among them those of these subjects."""
    return [
        entry
        for entry in NAVIGATION
        if role in entry.roles and (entry.subject is None or entry.subject in subjects)
    ]


def grouped(links: Iterable[NavigationLink]) -> dict[NavigationGroup, list[NavigationLink]]:
    """Return the links under their headings; that of the first link, the start page, is first."""
    groups: dict[NavigationGroup, list[NavigationLink]] = {}
    for link in links:
        groups.setdefault(link.group, []).append(link)
    return groups


def is_missing(here: str, subjects: Container[Subject]) -> bool:
    """Return whether this is a page of a subject that the city does not have."""
    link = current(NAVIGATION, here)
    return link is not None and link.subject is not None and link.subject not in subjects


def current(links: Iterable[NavigationLink], here: str) -> NavigationLink | None:
    """Return the link that leads to this page, or to the page that it belongs to: the nearest."""
    above = [one for one in links if here == one.url or here.startswith(f"{one.url}/")]
    return max(above, key=lambda one: len(one.url), default=None)


ADMINISTRATION: tuple[tuple[str, str, str], ...] = (
    (N_("People"), "/staff/admin/people", "manage_accounts"),
    (N_("Tokens"), "/staff/admin/tokens", "manage_tokens"),
    (N_("Webhooks"), "/staff/admin/webhooks", "manage_webhooks"),
    (N_("City pack"), "/staff/admin/packs", "see_packs"),
    (N_("Message templates"), "/staff/admin/messages", "see_packs"),
    (N_("Calendar"), "/staff/admin/calendar", "see_packs"),
    (N_("Messages sent"), "/staff/admin/outbox", "see_installation"),
    (N_("What waits"), "/staff/admin/waiting", "see_installation"),
    (N_("Neighbouring cities"), "/staff/admin/neighbours", "list_neighbours"),
    (N_("Engine"), "/staff/admin/engine", "see_installation"),
)
"""The pages of administration: label, address, and the right that opens them."""


def administration(role: Role) -> list[NavigationLink]:
    """Return the links between the pages of administration that this role may open."""
    links = (
        NavigationLink(_ADMINISTRATION, label, url, RIGHTS[key].roles)
        for label, url, key in ADMINISTRATION
    )
    return [link for link in links if role in link.roles]


TICKETS, ROUNDS, PATROLS = "/staff/tickets", "/staff/rounds", "/staff/patrols"
SATISFACTION = "/staff/satisfaction"


TRIAGE, DECISIONS, CALL_BACKS = "/staff/triage", "/staff/decisions", "/staff/call-backs"

PAGES = {
    Queue.TRIAGE: TRIAGE,
    Queue.DISPATCH: TRIAGE,
    Queue.DECISION: DECISIONS,
    Queue.ARBITRATE: DECISIONS,
    Queue.CALL_BACK: CALL_BACKS,
}
"""The page for each queue; with `?queue=` only that queue is shown. `Queue.SUPERVISE` is worked on
at each ticket's own page."""
