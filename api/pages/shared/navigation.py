"""The staff navigation: one table for all roles.

Each page of a role is one row; `shared/base_staff.html` renders the rows of the signed-in user's
role.
"""

from collections.abc import Container
from typing import NamedTuple

from api.pages.shared.subjects import Subject
from domain.actors import OF_UNITS, Role
from domain.policy.permissions import RIGHTS, STAFF
from domain.policy.work_queues import Queue
from domain.words import N_


class NavigationLink(NamedTuple):
    """A navigation link. `label` is a message marked with `N_`; `roles` see the link.

    `subject`: only where the city's pack has it, and it concerns the unit: see `subjects.py`.
    """

    label: str
    url: str
    roles: frozenset[Role]
    subject: Subject | None = None


_OVERSEERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN})
_OTHERS = STAFF - {Role.OFFICER}
_DESK, _DISPATCHER, _SUPERVISOR = Role.DESK, Role.DISPATCHER, Role.SUPERVISOR

GRID = "/staff/grid"

NAVIGATION: tuple[NavigationLink, ...] = (
    NavigationLink(N_("Grid work"), GRID, frozenset({Role.GRID_WORKER})),
    NavigationLink(N_("Inbox"), "/staff/inbox", frozenset({Role.OFFICER})),
    NavigationLink(N_("Audit"), "/staff/audit", frozenset({Role.AUDITOR})),
    NavigationLink(N_("Administration"), "/staff/admin", frozenset({Role.ADMIN})),
    NavigationLink(N_("Board"), "/staff/board", frozenset({_SUPERVISOR})),
    NavigationLink(N_("Call"), "/staff/call", frozenset({_DESK})),
    NavigationLink(N_("Triage"), "/staff/triage", frozenset({_DESK, _DISPATCHER})),
    NavigationLink(N_("Decisions"), "/staff/decisions", frozenset({_DISPATCHER, _SUPERVISOR})),
    NavigationLink(N_("Call-backs"), "/staff/call-backs", frozenset({_DESK})),
    NavigationLink(N_("Call"), "/staff/call", frozenset({_DISPATCHER})),
    NavigationLink(N_("Batch"), "/staff/register", frozenset({_DESK, _DISPATCHER})),
    NavigationLink(N_("Merge"), "/staff/merge", frozenset({_DESK, _DISPATCHER, _SUPERVISOR})),
    NavigationLink(N_("Tickets"), "/staff/tickets", STAFF),
    NavigationLink(N_("Board"), "/staff/board", _OVERSEERS - {_SUPERVISOR}),
    NavigationLink(N_("League table"), "/staff/league", _OVERSEERS | {Role.OFFICER}),
    NavigationLink(N_("Hot spots"), "/staff/spots", _OVERSEERS),
    NavigationLink(N_("Places"), "/staff/places", _OVERSEERS),
    NavigationLink(
        N_("Prizes at the counter"), "/staff/prizes", frozenset({Role.OFFICER}), Subject.REWARDS
    ),
    NavigationLink(
        N_("Rewards held back"),
        "/staff/rewards",
        frozenset({_DISPATCHER, _SUPERVISOR}),
        Subject.REWARDS,
    ),
    NavigationLink(
        N_("Points ledger"),
        "/staff/rewards/ledger",
        frozenset({Role.AUDITOR, Role.ADMIN}),
        Subject.REWARDS,
    ),
    NavigationLink(
        N_("Grid workers"),
        "/staff/grid-workers",
        frozenset({Role.OFFICER, _SUPERVISOR}),
        Subject.GRID,
    ),
    NavigationLink(N_("Diaries"), "/staff/diaries", frozenset({Role.OFFICER}), Subject.GRID),
    NavigationLink(N_("Rounds to walk"), "/staff/rounds", OF_UNITS, Subject.PATROLS),
    NavigationLink(N_("Patrols"), "/staff/patrols", _OVERSEERS | OF_UNITS, Subject.PATROLS),
    NavigationLink(
        N_("Councils by topic"),
        "/staff/council-topics",
        _OVERSEERS | {_DESK, Role.OFFICER},
        Subject.COUNCILS,
    ),
    NavigationLink(N_("Late after councils"), "/staff/council-tasks", _OVERSEERS),
    NavigationLink(
        N_("Supervision lists"),
        "/staff/supervision",
        _OVERSEERS | {Role.OFFICER},
        Subject.SUPERVISION,
    ),
    NavigationLink(
        N_("Assessment sheets"),
        "/staff/contractors",
        _OVERSEERS | {Role.OFFICER},
        Subject.CONTRACTORS,
    ),
    NavigationLink(
        N_("Promises"), "/staff/promises", _OVERSEERS | {Role.OFFICER}, Subject.PROMISES
    ),
    NavigationLink(N_("Report card"), "/staff/report-card", _OVERSEERS, Subject.REPORT_CARD),
    NavigationLink(
        N_("Public hearings"), "/staff/hearings", _OVERSEERS | {Role.OFFICER}, Subject.REPORT_CARD
    ),
    NavigationLink(N_("Devices"), "/staff/devices", _OVERSEERS | {_DESK}, Subject.SENSORS),
    NavigationLink(
        N_("Appointments"),
        "/staff/appointments",
        frozenset({Role.OFFICER, _DISPATCHER, _SUPERVISOR}),
        Subject.APPOINTMENTS,
    ),
    NavigationLink(N_("Units' inboxes"), "/staff/inbox", _OTHERS),
    NavigationLink(N_("Audit"), "/staff/audit", frozenset({Role.ADMIN})),
    NavigationLink(N_("Rules of the city"), "/staff/admin/packs", frozenset({Role.AUDITOR})),
)
"""A role's first entry is its start page."""


def entries(role: Role, subjects: Container[Subject] = tuple(Subject)) -> list[NavigationLink]:
    """Return the links that this role may open, among them those of these subjects."""
    return [
        entry
        for entry in NAVIGATION
        if role in entry.roles and (entry.subject is None or entry.subject in subjects)
    ]


ADMINISTRATION: tuple[tuple[str, str, str], ...] = (
    (N_("People"), "/staff/admin/people", "manage_accounts"),
    (N_("Tokens"), "/staff/admin/tokens", "manage_tokens"),
    (N_("City pack"), "/staff/admin/packs", "see_packs"),
    (N_("Message templates"), "/staff/admin/messages", "see_packs"),
    (N_("Calendar"), "/staff/admin/calendar", "see_packs"),
    (N_("What waits"), "/staff/admin/waiting", "see_installation"),
    (N_("Engine"), "/staff/admin/engine", "see_installation"),
)
"""The pages of administration: label, address, and the right that opens them."""


def administration(role: Role) -> list[NavigationLink]:
    """Return the links between the pages of administration that this role may open."""
    links = (NavigationLink(label, url, RIGHTS[key].roles) for label, url, key in ADMINISTRATION)
    return [link for link in links if role in link.roles]


TICKETS, ROUNDS, PATROLS = "/staff/tickets", "/staff/rounds", "/staff/patrols"


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
