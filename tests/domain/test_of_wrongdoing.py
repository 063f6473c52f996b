"""Tests that one function decides what is a report of wrongdoing (举报)."""

import re
from pathlib import Path

from domain.ticket.complaint import Kind, of_wrongdoing

ROOT = Path(__file__).parents[2]
_COMPARED = re.compile(r"Kind\.REPORT\b|kind (?:==|!=|in) .?[\"']report[\"']")


def test_a_report_stays_one_whatever_staff_classify_it_as() -> None:
    assert of_wrongdoing(Kind.COMPLAINT, Kind.REPORT)
    assert of_wrongdoing(Kind.REPORT)
    assert not of_wrongdoing(Kind.COMPLAINT, Kind.HELP)


OTHER_KINDS = {"api/pages/grid/templates/work.html", "store/grid/entries.py"}
"""Files in which `kind` is that of an entry of a grid worker's phone, and of no complaint."""


def test_nothing_else_compares_with_the_kind() -> None:
    """The kind that a ticket has now does not say what it was filed as."""
    compared = [
        str(path.relative_to(ROOT))
        for package in ("activities", "api", "app", "audit", "cli", "domain", "store", "workflows")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".html")
        and "migrations" not in path.parts
        and _COMPARED.search(path.read_text(encoding="utf-8"))
    ]
    assert sorted(set(compared) - OTHER_KINDS) == ["domain/ticket/complaint.py"]
    assert set(compared) >= OTHER_KINDS
