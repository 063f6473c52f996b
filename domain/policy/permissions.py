"""The permission table: roles, distance from the ticket and token scope of each action.

Each row has a key. A command's key is its tag (`sign`), a route's key its operation id. The roles
that may give a command are not repeated: they follow from the facts that the command leads to
(`domain.facts.transitions`), so the two tables cannot contradict each other (ADR 0013). The table
adds how near an officer's unit has to be, and which scope a token needs.

Anything that is not in the table is forbidden.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.actors import OF_UNITS, Role
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS as ALL
from domain.commands.relations import LEAD, NEAR, SEEING, Relation
from domain.facts import closing, handling
from domain.facts.base import FactBase
from domain.facts.transitions import TABLE as LIFECYCLE


class Scope(StrEnum):
    """The uses of a token. A signed-in account has all of them."""

    READ = "read"  # without complainants' data in full
    UNMASK = "unmask"  # who complained, in full, for a purpose
    ACT = "act"
    FILE = "file"  # file complaints for others: the hotline's own programs
    AUDIT = "audit"
    ADMIN = "admin"


@dataclass(frozen=True)
class Right:
    """A row. `units`: how near an officer's unit has to be; None: no single ticket is concerned."""

    key: str
    what: str
    roles: frozenset[Role]
    units: frozenset[Relation] | None = None
    scope: Scope | None = None
    everybody: bool = False

    @property
    def citizens(self) -> bool:
        """True if the access code of a ticket is enough."""
        return Role.CITIZEN in self.roles

    @property
    def lead_only(self) -> bool:
        """True if an officer's unit has to be the one that leads."""
        return self.units == LEAD

    def allows(self, role: Role, near: Relation | None = None) -> bool:
        """Return whether a role may; for officers, with a unit at this distance from the ticket."""
        if self.everybody:
            return True
        if role not in self.roles:
            return False
        return role not in OF_UNITS or self.units is None or near in self.units


ACCOUNTS = frozenset(Role) - {Role.CITIZEN, Role.SYSTEM}
"""The roles that an account may have."""

STAFF = ACCOUNTS - {Role.GRID_WORKER}
"""The roles that work on tickets. Grid workers may only what a right names them for."""

AUDITORS = frozenset({Role.AUDITOR, Role.ADMIN})
_ADMIN = frozenset({Role.ADMIN})
_CALLERS = frozenset({Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN})
_DESKS = frozenset({Role.DESK, Role.DISPATCHER, Role.SUPERVISOR})
_OVERSEERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN})
_CITIZENS = frozenset({Role.CITIZEN})
_SUPERVISORS = frozenset({Role.SUPERVISOR})
_DECIDERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_CONVENERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.OFFICER})
_WATCHERS = _OVERSEERS | OF_UNITS
_EVALUATORS = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.OFFICER})
_LISTING = frozenset({Role.SUPERVISOR, Role.OFFICER})
_FILERS = frozenset({Role.DESK, Role.DISPATCHER, Role.OFFICER, Role.SUPERVISOR})
_GRID_WORKERS = frozenset({Role.GRID_WORKER})
_GRID_STREETS = frozenset({Role.OFFICER, Role.SUPERVISOR})


def _may_cause(facts: tuple[type[FactBase], ...]) -> frozenset[Role]:
    """Return the roles that the lifecycle lets cause one of the facts, at any stage."""
    rows = [row for row in LIFECYCLE if row.fact in facts]
    # A grid worker closes the own report in the step that files it, and gives no other command.
    return frozenset().union(*(row.by for row in rows)) - {Role.SYSTEM, Role.GRID_WORKER}


def _command(command: type[CommandBase]) -> Right:
    roles = _may_cause(command.may_lead_to())
    near = command.spec.near if Role.OFFICER in roles else None
    return Right(command.tag(), command.spec.right, roles, near, Scope.ACT)


def _staff(key: str, what: str, units: frozenset[Relation] | None = None) -> Right:
    return Right(key, what, STAFF, units, Scope.READ)


def _convener(key: str, what: str) -> Right:
    return Right(key, what, _CONVENERS, LEAD, Scope.ACT)


def _all(key: str, what: str) -> Right:
    return Right(key, what, frozenset(Role) - {Role.SYSTEM}, everybody=True)


COMMANDS: dict[type[CommandBase], Right] = {command: _command(command) for command in ALL}

_RESULTS = (handling.Handled, handling.ShareHandled)

TABLE: tuple[Right, ...] = (
    # --- reading
    Right("get_ticket", "read a ticket", STAFF | {Role.CITIZEN}, SEEING, Scope.READ),
    _staff("list_events", "read everything that happened to a ticket", SEEING),
    _staff("list_tickets", "list tickets; officers: their own unit's"),
    _staff("list_assignments", "read an inbox; officers: their own unit's"),
    _staff("get_assignment", "read an assignment", SEEING),
    _staff("list_changes", "follow what happens to tickets (变更), as programs do"),
    Right("list_queue", "see what waits for the centre", _CALLERS, scope=Scope.READ),
    # --- acting
    *COMMANDS.values(),
    Right("complete_assignment", "hand back what the unit did", _may_cause(_RESULTS), NEAR,
          Scope.ACT),
    Right("rate_ticket", "rate (评价)", _may_cause((closing.Rated,)) - {Role.DESK}),
    Right("list_rating_checks", "see which ratings of a ticket are set apart, and why",
          STAFF | {Role.CITIZEN}, SEEING, Scope.READ),
    Right("count_rating", "let a rating that is set apart count after all", _SUPERVISORS,
          scope=Scope.ACT),
    _all("get_waiting", "read how long matters of a subject took"),
    # --- asking again (抽样复核)
    Right("draw_sample", "draw rated tickets whose citizens are asked again", _SUPERVISORS,
          scope=Scope.ACT),
    Right("list_samples", "see the draws of citizens who are asked again", _OVERSEERS | _DESKS,
          scope=Scope.READ),
    Right("get_sample", "see whom a draw asks again, and what they said", _OVERSEERS | _DESKS,
          scope=Scope.READ),
    Right("redraw_sample", "repeat such a draw from its seed", AUDITORS | {Role.SUPERVISOR},
          scope=Scope.AUDIT),
    Right("record_second_answer", "record what a citizen said who was asked again", _DESKS,
          scope=Scope.ACT),
    # --- councils (协商议事)
    Right("list_councils", "see the councils of a ticket", STAFF | {Role.CITIZEN}, SEEING,
          Scope.READ),
    _convener("prepare_council", "prepare a council (协商议事)"),
    _convener("invite_to_council", "issue the codes of those invited to a council"),
    _convener("open_council", "open a council for statements"),
    _convener("follow_up_council", "record the minutes of a council, and what follows from it"),
    _convener("finish_council_task", "say that a task of a council is done"),
    _convener("close_council", "close a council"),
    Right("list_council_tasks", "see what is late of what councils decided", _OVERSEERS,
          scope=Scope.READ),
    _all("take_part", "take part in a council, with the code of an invitation"),
    _staff("list_council_topics", "see the topics of councils, and the councils of each"),
    Right("open_council_topic", "open a topic for councils", _FILERS, scope=Scope.ACT),
    Right("link_to_council_topic", "link a ticket of its kind to the topic of a council", _FILERS,
          LEAD, Scope.ACT),
    _all("list_public_councils", "read a city's councils by topic, where the city publishes them"),
    # --- promises (承诺)
    Right("list_ticket_promises", "see the promises of a ticket", STAFF | {Role.CITIZEN}, SEEING,
          Scope.READ),
    _convener("make_promise", "record what a unit promises, and by which day"),
    Right("keep_promise", "say that a promise is kept, with the evidence", _CONVENERS, NEAR,
          Scope.ACT),
    Right("break_promise", "say that a promise is not kept, and why", _CONVENERS, NEAR, Scope.ACT),
    Right("excuse_promise", "excuse a promise with a published reason, or move it",
          _SUPERVISORS, scope=Scope.ACT),
    # --- public hearings (汇报会)
    Right("prepare_hearing", "prepare a public hearing with published tickets", _SUPERVISORS,
          scope=Scope.ACT),
    Right("invite_to_hearing", "issue the codes of those invited to a public hearing", _SUPERVISORS,
          scope=Scope.ACT),
    Right("publish_hearing", "publish the page of a public hearing", _SUPERVISORS, scope=Scope.ACT),
    Right("decide_question", "let a question of a resident through, or refuse it", _SUPERVISORS,
          scope=Scope.ACT),
    Right("answer_at_hearing", "prepare a unit's answer for a public hearing",
          _SUPERVISORS | {Role.OFFICER}, LEAD, Scope.ACT),
    Right("promise_at_hearing", "record what a unit promises at a public hearing",
          _SUPERVISORS | {Role.OFFICER}, LEAD, Scope.ACT),
    _staff("list_hearings", "list public hearings; officers: those with tickets of their own unit"),
    _all("get_hearing", "read a public hearing, ask and rate with an invitation's code"),
    _staff("list_promises", "list promises by their day; officers: their own unit's"),
    _all("list_public_promises", "read the promises of published answers, and how they ended"),
    # --- hand-overs to and from other cities (移交)
    Right("list_handovers", "see the hand-overs of a ticket", STAFF | {Role.CITIZEN}, SEEING,
          Scope.READ),
    Right("offer_handover", "hand a ticket over to another city, or take the offer back",
          frozenset({Role.DESK, Role.DISPATCHER}), scope=Scope.ACT),
    Right("decide_handover", "take on or refuse what another city hands over", _DESKS,
          scope=Scope.ACT),
    Right("list_passed_on", "see what cities hand to and fro", _OVERSEERS, scope=Scope.READ),
    Right("list_neighbours", "see the neighbouring cities, and what waits for each",
          AUDITORS, scope=Scope.READ),
    Right("tell_other_city", "add, urge or rate where another city has the ticket",
          frozenset({Role.CITIZEN, Role.DESK}), scope=Scope.ACT),
    _all("send_letter", "send what a neighbouring city signs, and fetch what it may"),
    # --- machines (agents), and people who decide about what they did
    Right("use_agent_door", "call tools as a machine, with the token of an agent",
          frozenset({Role.DESK, Role.DISPATCHER, Role.OFFICER, Role.SUPERVISOR})),
    Right("propose_reply", "propose a reply of one's unit, which a person has to confirm",
          frozenset({Role.OFFICER}), NEAR, Scope.ACT),
    Right("list_machine_acts", "see what machines did with a ticket, and what was asked about it",
          STAFF | {Role.CITIZEN}, SEEING, Scope.READ),
    Right("contest_machine", "contest what a machine did with a ticket",
          _CALLERS | {Role.CITIZEN, Role.OFFICER}, NEAR, Scope.ACT),
    Right("ask_for_person", "ask that a person handles one's ticket (转人工)",
          _CALLERS | _CITIZENS, scope=Scope.ACT),
    Right("list_person_requests", "see who waits for a person to decide about a machine",
          _OVERSEERS | {Role.DESK}, scope=Scope.READ),
    Right("decide_person_request", "decide what was asked about a machine, with an answer",
          _DESKS, scope=Scope.ACT),
    Right("use_draft", "send or discard a reply that a machine proposed",
          frozenset({Role.OFFICER}), NEAR, Scope.ACT),
    # --- sensors
    Right("take_reading", "hand in the readings of devices, which may become tickets", _FILERS,
          scope=Scope.FILE),
    Right("list_devices", "see a city's devices, and which of them are silent",
          _OVERSEERS | {Role.DESK}, scope=Scope.READ),
    _staff("list_readings", "see the readings behind a ticket", SEEING),
    _all("ask_to_send_events", "ask whether events of devices may be sent from an origin"),
    _all("send_events", "hand in events of devices, with the token or signature of their source"),
    # --- incidents (突发事件)
    Right("list_incidents", "see a city's incidents, and which reports belong to them",
          _OVERSEERS | {Role.DESK}, scope=Scope.READ),
    Right("declare_incident", "declare an incident (突发事件), or dismiss a proposed one", _DESKS,
          scope=Scope.ACT),
    Right("run_incident", "say what is told of an incident, end it, and open it again", _DESKS,
          scope=Scope.ACT),
    Right("sort_incident", "take a report into an incident, or out of it", _DESKS,
          scope=Scope.ACT),
    Right("leave_incident", "say that one's own report is another matter than its incident",
          _CITIZENS),
    _all("get_incident", "read what is said of an incident in public"),
    # --- filing: open to everybody; with a token, for others
    Right("file_complaint", "file a complaint; with a token: for others", _FILERS | {Role.CITIZEN},
          scope=Scope.FILE, everybody=True),
    Right("access_code", "be told the access code of what one files, to read it out",
          _DESKS | {Role.CITIZEN}, scope=Scope.FILE),
    Right("renew_access_code", "replace an access code that somebody else has read",
          _DESKS | {Role.CITIZEN}, scope=Scope.ACT),
    _all("get_challenge", "ask for a proof of work, where filing needs one"),
    # --- Open311: what is done with a key needs the right of the act, asked by the act
    _all("read_open311", "read a city's services and published requests by Open311"),
    _all("send_open311", "send requests and updates by Open311, with a key in the form"),
    # --- files
    Right("upload_file", "upload a photo, a video, a voice or a PDF",
          frozenset(Role) - {Role.SYSTEM, Role.AUDITOR}, scope=Scope.FILE, everybody=True),
    Right("list_files", "see the files of a ticket", STAFF | {Role.CITIZEN}, SEEING, Scope.READ),
    _all("get_file", "open a file by a link that was given out"),
    _all("get_thumbnail", "see a photo, small, by a link that was given out"),
    # --- complainants, and views of their data
    Right("get_person", "see who complained, behind a mask", STAFF, LEAD, Scope.READ),
    Right("unmask_person", "see who complained, in full, for a purpose",
          _CALLERS | {Role.OFFICER}, LEAD, Scope.UNMASK),
    Right("search_people", "find a caller's tickets by their phone", _CALLERS, scope=Scope.READ),
    Right("list_views", "see who looked at the citizen's data", AUDITORS | {Role.CITIZEN},
          scope=Scope.AUDIT),
    Right("audit_ticket", "replay tickets and compare them with their records", AUDITORS,
          scope=Scope.AUDIT),
    Right("decode_payloads", "decrypt histories; officers: orders to their unit",
          AUDITORS | {Role.OFFICER}, scope=Scope.AUDIT),
    Right("encode_payloads", "encrypt payloads; officers: for tickets of their unit",
          AUDITORS | {Role.OFFICER}, scope=Scope.AUDIT),
    _all("codec_preflight", "ask before the engine's own pages may decode"),
    # --- own session and account
    _all("sign_in", "sign in"),
    Right("who_am_i", "see as whom one is signed in", ACCOUNTS),
    Right("sign_out", "sign out", ACCOUNTS),
    Right("sign_out_everywhere", "end all of one's sessions", ACCOUNTS),
    Right("list_own_sessions", "see where one is signed in", ACCOUNTS),
    Right("end_own_session", "end one of one's sessions", ACCOUNTS),
    Right("change_password", "change one's own password", ACCOUNTS),
    _all("verify_phone", "ask for a one-time code by phone"),
    _all("confirm_phone", "exchange the one-time code for a pass"),
    _all("list_own_tickets", "list the tickets of one's own phone, with the pass"),
    # --- administering
    Right("manage_accounts", "make, change and close the accounts of others", _ADMIN,
          scope=Scope.ADMIN),
    Right("manage_tokens", "issue and revoke tokens", _ADMIN, scope=Scope.ADMIN),
    Right("manage_webhooks", "make, try, pause and remove the webhooks of other systems", _ADMIN,
          scope=Scope.ADMIN),
    Right("see_packs", "see the versions, messages and calendar of a city's pack", AUDITORS,
          scope=Scope.READ),
    Right("see_installation", "see engine and store, and what waits", _ADMIN, scope=Scope.ADMIN),
    Right("retry_waiting", "have what waits tried again now", _ADMIN, scope=Scope.ADMIN),
    _all("take_receipt", "say what became of a text message; signed by the gateway"),
    Right("choose_messages", "choose what messages of one's tickets are sent", _CITIZENS,
          scope=Scope.ACT),
    Right("send_test_message", "send a test of a message", _ADMIN, scope=Scope.ADMIN),
    # --- public
    _all("list_cities", "see the cities that are served"),
    _all("get_city", "see a city's catalogue"),
    _all("get_indicators", "see a city's three rates (三率)"),
    _all("search_directory", "find places nearby, and whether they are open"),
    Right("get_figures", "see a city's indicators; the tickets behind them: staff", STAFF,
          scope=Scope.READ, everybody=True),
    _all("list_answers", "read questions and answers that citizens let be published"),
    Right("get_report_card", "read the report card of a period, where the city publishes it; staff",
          STAFF, scope=Scope.READ, everybody=True),
    Right("choose_case", "choose the typical cases of a report card",
          _SUPERVISORS, scope=Scope.ACT),
    _staff("get_scores", "see the points of units; officers: their own unit's"),
    _staff("list_topics", "see common problems (共性问题); officers: without numbers"),
    # --- topics (共性问题)
    Right("list_citizen_topics", "see topics that grow, by citizens", _OVERSEERS, scope=Scope.READ),
    Right("get_citizen_topic", "see a topic with its tickets", _OVERSEERS, scope=Scope.READ),
    Right("list_alike_tickets", "see which tickets are most like one", _DESKS, scope=Scope.READ),
    Right("list_precedents", "see how disputes about a subject were settled (先例)", _DESKS,
          scope=Scope.READ),
    Right("merge_topics", "make a topic part of another", _SUPERVISORS, scope=Scope.ACT),
    Right("split_topic", "give tickets of a topic one of their own", _SUPERVISORS,
          scope=Scope.ACT),
    Right("name_topic", "name a topic", _SUPERVISORS, scope=Scope.ACT),
    Right("open_topic_ticket", "open a ticket on behalf of the city from a topic (未诉先办)",
          _SUPERVISORS, scope=Scope.ACT),
    Right("inspect_topic", "have sibling units inspect what a topic is about", _SUPERVISORS,
          scope=Scope.ACT),
    Right("make_monthly_subject", "make a topic the subject of a month (每月一题)", _SUPERVISORS,
          scope=Scope.ACT),
    Right("note_topic_progress", "say how far a month's subject is", _SUPERVISORS,
          scope=Scope.ACT),
    # --- mediations (调解)
    Right("list_mediations", "read the mediations of a ticket", _CONVENERS | {Role.AUDITOR}, NEAR,
          Scope.UNMASK),
    Right("keep_mediation", "keep the record of a mediation (调解)", _CONVENERS, NEAR, Scope.ACT),
    _all("sign_agreement", "read and sign an agreement, with a code"),
    # --- appointments (预约办事)
    _all("list_services", "see which services can be booked, and the free times"),
    _all("book_appointment", "book an appointment at a service centre"),
    _all("use_appointment", "see, move and cancel an appointment, with its number and code"),
    Right("list_appointments", "see the appointments of a day; officers: at their unit's places",
          _CONVENERS, scope=Scope.READ),
    Right("record_visit", "say whether somebody came to an appointment", _CONVENERS,
          scope=Scope.ACT),
    Right("move_by_staff", "move an appointment, with a reason", _CONVENERS, scope=Scope.ACT),
    # --- rewards (有奖随手拍)
    _all("get_rewards", "see what a city rewards, and its prizes"),
    Right("get_reward", "see the points for one's report", _CITIZENS),
    Right("join_wallet", "join the points of one's report to a wallet", _CITIZENS,
          scope=Scope.ACT),
    Right("choose_prize", "choose a prize for the points of one's report", _CITIZENS,
          scope=Scope.ACT),
    _all("use_wallet", "see and spend the points of a wallet, with its code"),
    Right("hand_out_prize", "hand out a prize of one's unit for a code",
          frozenset({Role.OFFICER}), scope=Scope.ACT),
    Right("list_held_rewards", "see rewards that are held back, and why", _DECIDERS,
          scope=Scope.READ),
    Right("decide_reward", "release or refuse a reward that is held back", _DECIDERS,
          scope=Scope.ACT),
    Right("get_reward_ledger", "see the ledger of points, without whose they are",
          AUDITORS | {Role.SUPERVISOR}, scope=Scope.READ),
    # --- grid workers (网格员)
    _all("sign_up_for_grid", "ask to become a part-time grid worker (兼职网格员)"),
    Right("get_grid_day", "see what a grid worker has to do today", _GRID_WORKERS,
          scope=Scope.READ),
    Right("sync_grid", "send what a grid worker wrote: reports, diary, answers to checks",
          _GRID_WORKERS, scope=Scope.FILE),
    Right("list_grid_workers", "see the grid workers of one's area", _GRID_STREETS,
          scope=Scope.READ),
    Right("manage_grid_workers", "confirm, appoint and end grid workers of one's area",
          _GRID_STREETS, scope=Scope.ACT),
    Right("search_diary", "search the diaries (民情日记) of the unit's area",
          frozenset({Role.OFFICER}), scope=Scope.UNMASK),
    Right("file_from_diary", "file a ticket of diary entries (未诉先办)",
          frozenset({Role.OFFICER}), scope=Scope.FILE),
    Right("ask_grid_check", "ask a grid worker to look at a ticket's place",
          _CONVENERS | {Role.DESK}, LEAD, Scope.ACT),
    Right("list_grid_checks", "see what grid workers found at a ticket's place", STAFF, SEEING,
          Scope.READ),
    # --- patrols (巡查、巡河)
    Right("list_own_rounds", "see the rounds that one's unit walks", OF_UNITS, scope=Scope.READ),
    Right("get_round", "see a round of one's unit or river", _WATCHERS, scope=Scope.READ),
    Right("walk_round", "walk a round of one's unit", OF_UNITS, scope=Scope.ACT),
    Right("report_finding", "file a ticket for what was found on a round", OF_UNITS,
          scope=Scope.ACT),
    Right("watch_patrols", "watch the rounds of one's unit or river (河长): missed, found, handled",
          _WATCHERS, scope=Scope.READ),
    Right("draw_checks", "draw rounds for unannounced checks (暗访抽查)",
          frozenset({Role.SUPERVISOR}), scope=Scope.ACT),
    Right("list_draws", "see the draws; officers: those that their unit evaluates", _EVALUATORS,
          scope=Scope.READ),
    Right("get_draw", "see a draw with its sheets; officers: if their unit evaluates", _EVALUATORS,
          scope=Scope.READ),
    Right("redraw_checks", "repeat a draw from its seed", AUDITORS | {Role.SUPERVISOR},
          scope=Scope.AUDIT),
    Right("fill_sheet", "fill the sheet of a check; officers: if their unit evaluates",
          frozenset({Role.SUPERVISOR, Role.OFFICER}), scope=Scope.ACT),
    # --- supervision (督办)
    Right("get_board", "see the whole city now: what comes in, what waits, what will be late",
          _OVERSEERS, scope=Scope.READ),
    Right("get_places", "see how each district, street, community and cell does, and its tickets",
          _OVERSEERS, scope=Scope.READ),
    Right("get_spots", "see where complaints gather on the map", _OVERSEERS, scope=Scope.READ),
    # --- supervision lists (督导清单)
    Right("list_supervision", "see supervision lists; officers: their posts' and their own unit's",
          _OVERSEERS | {Role.OFFICER}, scope=Scope.READ),
    Right("put_on_list", "put a ticket on a leader's list; officers: of a post they act for",
          _LISTING, SEEING, Scope.ACT),
    Right("rectify_row", "say what was done about a problem on a list", _LISTING,
          scope=Scope.ACT),
    Right("revisit_row", "say whether the effect holds; officers: of a post they act for",
          _LISTING, scope=Scope.ACT),
    Right("settle_kind_of_row", "have all of the kind inspected, from a list", _LISTING,
          scope=Scope.ACT),
    # --- contractors (承包企业)
    Right("get_assessment", "see the monthly sheets of contractors; officers: their own unit's",
          _OVERSEERS | {Role.OFFICER}, scope=Scope.READ),
    Right("close_assessment", "close a month of contractors' assessment",
          frozenset({Role.SUPERVISOR}), scope=Scope.ACT),
    Right("object_to_assessment", "object to a line of one's own unit's sheet",
          frozenset({Role.OFFICER}), scope=Scope.ACT),
    Right("decide_objection", "decide an objection of a contractor",
          frozenset({Role.SUPERVISOR}), scope=Scope.ACT),
    _all("get_contractors", "read the published sheets of contractors"),
    # --- pages
    _all("page_citizen", "the citizens' pages; a ticket only with its access code"),
    _all("page_sign_in", "the page to sign in"),
    _all("page_staff", "the staff's first page; signed in, or sent to sign in"),
    Right("page_desk", "the desk's pages: calls, batches, merging", _DESKS, scope=Scope.READ),
    Right("page_register", "file for others on the desk's pages", _DESKS, scope=Scope.FILE),
    # --- bulk
    Right("import_complaints", "file complaints from boxes and booths, many at once", _DESKS,
          scope=Scope.FILE),
    Right("export_tickets", "export a city's tickets as a file",
          frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN}), scope=Scope.READ),
    Right("export_reports", "export reports of wrongdoing with them, without their people",
          frozenset({Role.SUPERVISOR, Role.AUDITOR}), scope=Scope.READ),
    Right("export_personal_data", "export names, phones and uncovered words, for a purpose",
          _SUPERVISORS, scope=Scope.UNMASK),
    # --- operations
    _all("health", "see that the process is up"),
    _all("readiness", "see whether store and engine can be reached"),
    _all("metrics", "read counters; not for the public side of a proxy"),
    _all("openapi", "read the description of the API"),
    _all("static", "style sheets and the like"),
)  # fmt: skip

ONES_OWN = frozenset({
    "who_am_i", "sign_out", "sign_out_everywhere", "list_own_sessions", "end_own_session",
    "change_password",
})  # fmt: skip
"""The rights of an account whose password was not chosen by its owner yet, or whose city is
unclear."""


class UnknownRight(KeyError):
    """A key that no row of the permission table has."""

    def __str__(self) -> str:  # KeyError's own shows only the quoted key
        return f"no right '{self.args[0]}' in the table of domain/policy/permissions.py"


class _Rights(dict[str, Right]):
    def __missing__(self, key: str) -> Right:
        raise UnknownRight(key)


RIGHTS: dict[str, Right] = _Rights({right.key: right for right in TABLE})


def scopes_of(role: Role) -> list[Scope]:
    """Return the scopes that are of use to this role.

    To those who issue tokens each is: they hand on no scope that they do not hold.
    """
    if role in RIGHTS["manage_tokens"].roles:
        return list(Scope)
    useful = {right.scope for right in TABLE if role in right.roles}
    return [scope for scope in Scope if scope in useful]


def right_to(command: CommandBase) -> Right:
    """Return the row of a command."""
    return COMMANDS[type(command)]
