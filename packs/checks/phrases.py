"""Checks of phrases: unique codes, known categories, as many lines in either language."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.pack.phrases import Reply, Script
from packs.parsed_pack import ParsedPack
from packs.problems import PackFault


def check_phrases(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check the code and category of each script and answer, and the lines of each script."""
    document = parsed.phrases
    if document.value is None:
        return
    for table in ("scripts", "answers"):
        rows: Sequence[Script | Reply] = getattr(document.value, table)
        first: dict[str, int | None] = {}
        for index, row in enumerate(rows):
            stands = document.problem((table, index, "code"), f"{row.code} is already on line")
            if row.code in first:
                yield replace(stands, message=f"{stands.message} {first[row.code]}")
            first.setdefault(row.code, stands.line)
            if not parsed.categories.has_match(row.category):
                message = f"{row.code}: no category matches {row.category!r}"
                yield document.problem((table, index, "category"), message)
            if isinstance(row, Script) and len(row.zh) != len(row.en):
                message = f"{row.code}: {len(row.zh)} lines in zh, {len(row.en)} in en"
                yield document.problem((table, index, "en"), message)
