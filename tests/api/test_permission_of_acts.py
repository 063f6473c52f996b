"""Every act of the application asks for permission itself, and first; the API only translates."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

EXEMPT = {
    "covering.cover_for": "covers what an act that has asked shows",
    "machines.check_machine": "a part of `permit`",
    "machines.check_not_left_to_people": "the same",
    "permission.permit": "asks itself",
    "permission.may_know": "asks what `permit` asks, of a second ticket",
    "visibility.visible": "says what an act that has asked may show",
    "access_code_throttle.is_right": "finds out who calls: before that nobody can be permitted",
    "visibility.is_kept_from": "says of which tickets an act that has asked shows nothing",
    "visibility.withheld": "the same, of many",
    "visibility.discreet": "says what an act that has asked may show of a ticket",
    "visibility.discreet_events": "the same, of its events",
    "used_keys.is_reserved": "a part of acts that ask",
    "used_keys.reserved": "keeps a key for the act inside it, which asks",
    "phone_lookup.prove": "a part of acts that ask: it finds out whose phone it is",
    "guards.attempt": "the same",
    "guards.unless_known": "the same",
    "uploads.receiving": "keeps space for a form, whose photos are then uploaded by acts that ask",
    "authentication.sign_in": "the same",
    "authentication.check_again": "the same, for one who is permitted already",
    "oidc.depart": "the same as signing in",
    "oidc.arrive": "the same",
    "proof_of_work.Challenge.issue": "keeps machines away, and shows nothing of the record",
    "proof_of_work.Challenge.passed": "the same",
    "proof_of_work.NoChallenge.issue": "the same",
    "proof_of_work.NoChallenge.passed": "the same",
    "proof_of_work.ProofOfWork.issue": "the same",
    "proof_of_work.ProofOfWork.passed": "the same",
    "ratings.check_due": "a part of rating: the caller is known by the access code",
    "commands.not_running_error": "words a refusal",
    "commands.refuse_simulated": "refuses what an act that has asked cannot do",
    "acted_on.started": "says what an act that has asked may know of a ticket",
    "views.seen": "finds the round of an act that has asked",
    "views.shown": "draws the rounds of an act that has asked",
    "council_matters.topic_seen": "says to an act that has asked which topic it is",
    "council_matters.topic_for": "the same, and whether its unit asks",
    "councils.drawn_councils": "draws councils for an act that has asked",
    "cells.post_of": "says to an act that has asked where the grid worker works",
    "mail.take_mail": "reads a mail: filing it, or adding to a ticket, asks",
    "filing.register": "a part of filing and reopening, which ask",
    "filing.start": "the same",
    "periods.Reckoning.pack_then": "finds the rules that figures and points are computed by",
    "offers.competent": "finds the places that everybody may find",
    "bookings.appointment_out": "draws an appointment for an act that has asked",
    "hearing_views.hearing_out": "draws a hearing for an act that has asked",
    "guards.opened": "counts wrong codes for an act that has asked",
    "bookings.new_time": "a part of acts that ask: which times an appointment would have",
    "filing.key_of_repetition": "a part of filing, which asks",
    "incidents.placed": "a part of filing: whether the report is a member of an incident",
    "incidents.belongs": "the same, asked before the report is filed",
    "incidents.told_to": "says to who files what is said of its incident",
    "views.known": "finds the incident of an act that has asked",
    "views.told_member": "says what is said of its incident to who may read the ticket",
    "receipts.take_receipt": "asks for the gateway's signature",
    "choices.end_by_link": "asks for our own signature, in a link that a message had",
    "choices.again_by_link": "the same",
    "recipients.known": "a part of acts that ask",
    "recipients.recipient_for": "the same",
    "recipients.send_proof": "the same",
    "advice.learned_advice": "says of a ticket that an act has shown what is recorded of it",
    "views.known_topic": "a part of acts that ask",
    "views.page_of": "the same",
    "contact_budget.check_budget": "a part of giving a command, which asks",
    "contact_budget.check_contact": "the same, and of recording what a citizen said again",
    "installation.store_ready": "tells a load balancer that the store answers, and nothing else",
}
"""The functions that do not ask, and why."""


ENGINE_ACTS = {"act", "complete", "file", "rate"}
"""The calls of the engine by which something is done to a ticket."""


@dataclass(frozen=True)
class Function:
    """A function of the application, by its name in its module and what its module imports."""

    module: str
    name: str
    node: ast.AsyncFunctionDef
    imported: dict[str, str]

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def public(self) -> bool:
        return not any(part.startswith("_") for part in self.name.split("."))

    @property
    def for_somebody(self) -> bool:
        """True if it is given the caller, or the whole application."""
        arguments = self.node.args.posonlyargs + self.node.args.args + self.node.args.kwonlyargs
        value = " ".join(ast.unparse(one.annotation) for one in arguments if one.annotation)
        return "Caller" in value or "AppContext" in value

    def first(self) -> str | None:
        """Return what it awaits first, as module and name; None if that is of no module of ours."""
        expression = next(_awaited(self.node.body), None)
        return self._named(expression.func) if isinstance(expression, ast.Call) else None

    def _named(self, called: ast.expr) -> str | None:
        match called:
            case ast.Name(id=name):
                return self.imported.get(name, f"{self.module}.{name}")
            case ast.Attribute(value=ast.Name(id=of), attr=name) if of in self.imported:
                return f"{self.imported[of]}.{name}"
        return None


def _awaited(nodes: list[ast.stmt]) -> Iterator[ast.expr]:
    """Yield the expressions that are awaited, in the order of the source."""
    for node in nodes:
        yield from _within(node)


def _within(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.Await):
        yield node.value
        return
    if isinstance(node, ast.AsyncWith):
        yield from (item.context_expr for item in node.items)
    for below in ast.iter_child_nodes(node):
        yield from _within(below)


def _functions() -> Iterator[Function]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = dict(_imports(tree))
        for node in tree.body:
            if isinstance(node, ast.AsyncFunctionDef):
                yield Function(path.stem, node.name, node, imported)
            elif isinstance(node, ast.ClassDef):
                for one in node.body:
                    if isinstance(one, ast.AsyncFunctionDef):
                        yield Function(path.stem, f"{node.name}.{one.name}", one, imported)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names that a module imports of the application, and what they name."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "app":
            of = str(node.module).rpartition(".")[2] if node.module != "app" else ""
            for alias in node.names:
                yield alias.asname or alias.name, f"{of}.{alias.name}" if of else alias.name


def _asking(functions: list[Function]) -> set[str]:
    """Return the functions that ask first: `permit`, or another that does."""
    asking = {"permission.permit"}
    while True:
        more = {one.full for one in functions if one.first() in asking} - asking
        if not more:
            return asking
        asking |= more


def test_every_act_asks_for_permission_first() -> None:
    functions = list(_functions())
    asking = _asking(functions)
    silent = {one.full for one in functions if one.public and one.for_somebody} - asking
    assert silent - EXEMPT.keys() == set(), "ask app.permission.permit before anything else"
    assert EXEMPT.keys() - {"permission.permit"} - silent == set(), "exempt, and not needed"


def test_a_part_of_an_act_that_asks_late_is_found() -> None:
    text = (
        "async def act(context: AppContext, caller: Caller) -> None:\n    await {}\n    await {}\n"
    )
    imported = {"permit": "permission.permit", "store": "store"}
    acts = []
    for n, order in enumerate((("permit(context)", "store.read()"), ("store.read()", "permit()"))):
        node = ast.parse(text.format(*order)).body[0]
        assert isinstance(node, ast.AsyncFunctionDef)
        acts.append(Function("made", f"act{n}", node, imported))
    assert _asking(acts) == {"permission.permit", "made.act0"}


def test_nobody_but_the_permission_itself_says_what_a_caller_was_permitted() -> None:
    """A right that an act hands to its caller is in no table, and lasts for the whole request."""
    written = set()
    for package in ("api", "app"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                changes = isinstance(node, ast.Attribute) and node.attr in ("add", "update")
                owner = node.value if changes and isinstance(node, ast.Attribute) else None
                if isinstance(owner, ast.Attribute) and owner.attr == "granted":
                    written.add(str(path.relative_to(ROOT)))
    assert written == {"app/access/permission.py"}


def test_no_other_package_imports_what_a_module_keeps_to_itself() -> None:
    items = []
    for package in ("api", "app", "cli", "demo", "workers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    names = [alias.name for alias in node.names if alias.name.startswith("_")]
                    items += [f"{path.relative_to(ROOT)}: {node.module}.{one}" for one in names]
    assert items == []


def test_no_page_and_no_route_speaks_to_the_engine_by_itself() -> None:
    for path in sorted((ROOT / "api").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                acts = node.value.attr == "engine" and node.attr in ENGINE_ACTS
                assert not acts, f"{path.relative_to(ROOT)}:{node.lineno}"
