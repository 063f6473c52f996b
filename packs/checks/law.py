"""Checks of law.toml: unique codes, and keys of the city that do what the clauses demand."""

from collections.abc import Iterator, Sequence

from domain.pack.law import Clause, LawDocument
from packs.law import unmet, value_at
from packs.parsed_pack import ParsedPack
from packs.problems import Location, PackFault


def check_law(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that no document or clause is named twice, and that each key meets its demand.

    The demands bind no pack that runs fast, for a demonstration: its limits are not the city's.
    """
    if parsed.law.value is None:
        return
    documents = parsed.law.value.documents
    yield from _twice(parsed, ("documents",), documents)
    for n, document in enumerate(documents):
        at: Location = ("documents", n, "clauses")
        yield from _twice(parsed, at, document.clauses)
        for m, clause in enumerate(document.clauses):
            yield from _unmet(parsed, (*at, m, "keys"), clause)


def _twice(
    parsed: ParsedPack, at: Location, rows: Sequence[LawDocument | Clause]
) -> Iterator[PackFault]:
    seen: set[str] = set()
    for n, row in enumerate(rows):
        if row.code in seen:
            yield parsed.law.problem((*at, n, "code"), f"{row.code} is named twice")
        seen.add(row.code)


def _unmet(parsed: ParsedPack, at: Location, clause: Clause) -> Iterator[PackFault]:
    if parsed.city.value is None or parsed.city.value.city.clock_scale != 1:
        return
    for key, demand in clause.keys.items():
        why = unmet(value_at(parsed.city.value, key), demand)
        if why is not None:
            yield parsed.law.problem((*at, key), f"{key}: {why}")
