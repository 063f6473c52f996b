"""Write docs/reference/permissions.md from the permission table; `--check` only compares."""

import sys
from collections.abc import Callable
from pathlib import Path

from domain.actors import Role
from domain.commands.relations import Relation
from domain.policy.permissions import RIGHTS, TABLE, Right, Scope

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "permissions.md"

HEAD = """# Who may do what

This page is written by `scripts/draw_permissions.py` from the table in
`domain/policy/permissions.py`; the tests fail when the two differ, and walk every route as every
role over HTTP. What is not here is forbidden, and a route that names no row is not served. *When*
something may be done is the other table, [lifecycle.md](lifecycle.md); why there are two and how
they are kept from contradicting each other is [ADR 0013](../adr/0013-one-permission-table.md).

- **citizen**: whoever has the access code of the ticket.
- **officer** (承办单位): by what their unit has to do with the ticket. **lead**: its answer is the
  ticket's; **share**: it has, or had, a part; **above**: it is above such a unit; **none**;
  **accused** (举报): the report is about it, or one above it. To the last two there is no such
  ticket: the answer is word for word that of an unknown number.
- **own unit**: it is about no one ticket; officers get their own unit's.
- Accounts and tokens may be confined to one city; to them other cities' tickets do not exist.
- **scope**: what a token needs; whoever signed in with an account needs none.

"""

_SECTIONS: tuple[tuple[str, Callable[[Right], bool]], ...] = (
    ("Commands on a ticket", lambda right: right.scope is Scope.ACT),
    ("Reading", lambda right: right.scope is Scope.READ),
    ("Everything else", lambda right: right.scope not in (Scope.ACT, Scope.READ)),
)
_STAFF = (Role.GRID_WORKER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)


def page() -> str:
    parts = [HEAD]
    for title, belongs in _SECTIONS:
        parts.append(f"## {title}\n\n{_table([right for right in TABLE if belongs(right)])}\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _table(rights: list[Right]) -> str:
    heads = ["what", "key", "everybody", "citizen", "officer", *map(str, _STAFF), "scope"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_cells(right))} |" for right in rights]
    return "\n".join(lines)


def _cells(right: Right) -> list[str]:
    roles = [_mark(role in right.roles and not right.everybody) for role in _STAFF]
    return [
        right.what,
        f"`{right.key}`",
        _mark(right.everybody),
        _mark(right.citizens and not right.everybody),
        _officer(right),
        *roles,
        right.scope.value if right.scope else "",
    ]


def _officer(right: Right) -> str:
    if right.everybody or Role.OFFICER not in right.roles:
        return ""
    if right.units is None:
        return "own unit" if right.scope in (Scope.READ, Scope.UNMASK) else _mark(True)
    return ", ".join(near.value for near in Relation if near in right.units)


def _mark(yes: bool) -> str:
    return "yes" if yes else ""


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(
        f"docs/reference/permissions.md differs from the {len(RIGHTS)} rows: run without --check\n"
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
