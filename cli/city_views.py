"""Views of packs for `jiesu city`: as plain data and on the terminal."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.table import Table

from cli.terminal import one_line, out, styled, table
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import matches
from domain.pack.law import Law
from domain.pack.pack import Pack
from domain.pack.policies import LevelRule
from packs.bases import BESIDE, default_root, is_base, pack_files
from packs.differences import ContentDifference
from packs.law import rules_of
from packs.parsed_pack import CITY, GRIDS, ParsedPack
from packs.problems import PackFault, there
from packs.registry import PackError, load_pack
from store.packs.archive import ArchivedVersion

Shown = dict[str, Any]


def counts(folder: Path, pack: Pack) -> dict[str, int]:
    """Count the parts of a pack by kind."""
    from packs.grids import Grid

    grids = pack_files(folder).path(GRIDS)
    return {
        "units": len(pack.units),
        "categories": len(pack.categories),
        "responsibilities": len(pack.responsibilities),
        "cells": len(Grid.read(grids).codes) if grids.exists() else 0,
        "indicators": len(pack.indicators),
        "scoring rules": len(pack.scoring),
        "messages": sum(len(texts) for texts in pack.messages.values()),
    }


def summary(folder: Path, pack: Pack) -> str:
    """Summarise the pack in one line."""
    value = ", ".join(f"{count} {what}" for what, count in counts(folder, pack).items())
    return f"version {pack.version}, {value}"


def no_pack(folder: Path) -> str | None:
    """Say why there is no pack at a path; None of a folder, whose faults `check_pack` finds."""
    if not folder.is_dir():
        return f"{folder} is no folder" if there(folder) else f"there is no folder {folder}"
    inside = sorted(path.parent for path in folder.glob(f"*/{CITY}"))
    if inside and not there(folder / CITY):
        return f"{folder} is a folder of packs; check {' '.join(map(str, inside))}"
    return None


def sound(folder: Path) -> str:
    """Say in one line what is in a folder without problems."""
    if is_base(folder.resolve().name):
        return "no city, but what cities have in common; check those that extend it"
    return summary(folder, load_pack(folder))


def place(folder: Path, problem: PackFault) -> str:
    """Return a problem with its file's path, which may be in the base beside the pack."""
    if not problem.file.startswith(BESIDE):
        return f"{folder}/{problem}"
    beside = Path(os.path.normpath(folder / problem.file))
    shipped = default_root() / problem.file.removeprefix(BESIDE)
    return str(replace(problem, file=str(beside if beside.exists() else shipped)))


def checked(folder: Path, problems: list[PackFault]) -> Shown:
    """Return the result of `check` for one folder; of a base without a version, as it has none."""
    values: Shown = {
        "folder": str(folder),
        "problems": [
            {"file": one.file, "line": one.line, "message": one.message} for one in problems
        ],
    }
    if is_base(folder.resolve().name):
        values["base"] = True
    elif not problems:
        pack = load_pack(folder)
        values |= {"city": pack.city.id, "version": pack.version, "counts": counts(folder, pack)}
    return values


def unit(pack: Pack, code: str) -> Shown:
    """Return a unit, the units above and below it, and its duties; or raise UnknownUnit."""
    one = pack.unit(code)
    above, at = list[str](), one
    while at.parent:
        at = pack.unit(at.parent)
        above.append(f"{at.code} {at.name}")
    return {
        **one.model_dump(mode="json", exclude={"parent", "queue"}),
        "queue": pack.queue_of(one),
        "above": above,
        "below": [f"{below.code} {below.name}" for below in pack.units if below.parent == code],
        "answers_for": [
            f"{row.category} in {row.area} (line {row.line})"
            for row in pack.responsibilities
            if row.unit == code
        ],
    }


def category(pack: Pack, code: str) -> Shown:
    """Return a category, its limits and its responsible units; or raise UnknownCategory."""
    one = pack.category(code)
    limits = {clock: pack.limit(clock, one.tier)[0] for clock in ClockName}
    return {
        **one.model_dump(mode="json", exclude={"steps"}),
        "steps": {step.code: str(step.limit) for step in one.steps},
        "limits": {clock.value: str(limit) for clock, limit in limits.items() if limit},
        "answered_by": [
            f"{row.unit} in {row.area} (line {row.line})"
            for row in pack.responsibilities
            if matches(row.category, code)
        ],
    }


def show_one(values: Shown) -> None:
    """Print a unit or a category."""
    shown_in = table("", "", header=False)
    for name, value in values.items():
        if isinstance(value, dict):
            value = [f"{key} {part}" for key, part in value.items()]
        shown = "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")
        shown_in.add_row(name.replace("_", " "), shown)
    out.print(shown_in)


def law(parsed: ParsedPack) -> Shown:
    """Return what a city's rules rest on."""
    city, law_file = parsed.city.value, parsed.law.value or Law()
    if city is None:
        raise PackError(parsed.folder, parsed.problems)
    documents = law_file.documents
    return {
        "city": city.city.id,
        "rules": [
            {
                "key": rule.key,
                "value": rule.value,
                "rests_on": [
                    {"document": document.code, "clause": clause.code, "says": clause.en}
                    for document, clause in rule.clauses
                ],
            }
            for rule in rules_of(city, law_file)
        ],
        "by_the_product": [
            {"document": one.code, "clause": clause.code, "says": clause.en, "by": clause.product}
            for one in documents
            for clause in one.clauses
            if clause.product
        ],
        "not_covered": [
            {"document": one.code, "clause": clause.code, "says": clause.en}
            for one in documents
            for clause in one.clauses
            if not clause.covered
        ],
        "not_checked": [
            {"document": one.code, "name": one.en, "name_zh": one.zh}
            for one in documents
            if not one.text
        ],
    }


def show_law(parsed: ParsedPack) -> None:
    """Print what a city's rules rest on."""
    values = law(parsed)
    shown_in = table("rule", "value", "rests on", "which says")
    for rule in values["rules"]:
        rests = rule["rests_on"]
        clauses = "\n".join(f"{one['document']} {one['clause']}" for one in rests)
        says = "\n".join(one["says"] for one in rests)
        shown_in.add_row(rule["key"], rule["value"], clauses or "illustrative", says)
    out.print(shown_in)
    for title, part in (
        ("Carried out by the product, whatever the pack says:", "by_the_product"),
        ("Clauses that no rule covers:", "not_covered"),
        ("Not checked, cited as reported:", "not_checked"),
    ):
        if values[part]:
            out.print("", styled(title, "bold"))
        for one in values[part]:
            clause = f" {one['clause']}" if "clause" in one else ""
            says = one.get("says") or f"{one['name']} ({one['name_zh']})"
            by = f" → {one['by']}" if "by" in one else ""
            out.print(one_line(f"  {one['document']}{clause}: {says}{by}"))


def show(pack: Pack, folder: Path) -> None:
    """Print the whole pack on one screen."""
    city, calendar = pack.city, pack.calendar
    hours = ", ".join(map(str, calendar.hours))
    out.print(styled(city.name, "bold"), "", one_line(city.name_en))
    out.print(f"{city.id}: {summary(folder, pack)}")
    out.print(
        f"division {city.division}, {city.zone}; office hours {hours}; "
        f"calendar {', '.join(map(str, calendar.years))}"
    )
    out.print(f"without a responsible unit: {city.fallback}; not classified yet: tier {city.tier}")
    out.print(_limits(pack))
    out.print(_policy(pack))
    out.print(_ways(pack))


def _limits(pack: Pack) -> Table:
    names = list(pack.tiers)
    joint = any(pack.joint.of(clock) for clock in ClockName)
    limits = table("limit", *names, *(["co-handlers"] if joint else []), title="Limits")
    for clock in ClockName:
        row = [str(pack.limit(clock, name)[0] or "") for name in names]
        row += [str(pack.joint.of(clock) or "")] if joint else []
        if any(row):
            limits.add_row(clock.value, *row)
    return limits


def _policy(pack: Pack) -> Table:
    ladder = table("clock", *(kind.value for kind in LevelKind), title="Ladder")
    for clock, rules in pack.ladder.items():
        values = {level.kind: _level(level) for level in rules}
        ladder.add_row(clock.value, *(values.get(kind, "") for kind in LevelKind))
    return ladder


def _level(rule: LevelRule) -> str:
    when = f"{rule.offset} {'before' if rule.kind is LevelKind.WARN else 'after'}: "
    raises = " and raises it a level" if rule.raises else ""
    return f"{when if rule.offset else ''}{', '.join(rule.tells) or 'nobody'}{raises}"


def _ways(pack: Pack) -> Table:
    """Tabulate caps, features and the rest of city.toml, without unset keys."""
    ways = table("", "", title="Ways of working", header=False)
    on = [name for name, is_on in pack.features.model_dump().items() if is_on]
    ways.add_row("features", ", ".join(on) or "none")
    for name in ("caps", "rework", "severity", "verify", "aftercare", "desk", "reports"):
        values = getattr(pack, name).model_dump(mode="json", exclude_none=True)
        text = ", ".join(f"{key} {_value(value)}" for key, value in values.items())
        ways.add_row(name, text)
    grades = ", ".join(f"{grade.grade} {grade.zh}" for grade in pack.rating.grades)
    ways.add_row("rating", f"{grades}; satisfied from {pack.rating.satisfied_from}")
    reasons = {name: len(listed) for name, listed in pack.reasons}
    ways.add_row("reasons", ", ".join(f"{count} {name}" for name, count in reasons.items()))
    return ways


def _value(value: object) -> str:
    return " ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def differing(before: Pack, after: Pack, differences: Iterable[ContentDifference]) -> Shown:
    """Return the result of `diff`."""
    return {
        "before": {"city": before.city.id, "version": before.version},
        "after": {"city": after.city.id, "version": after.version},
        "differences": [
            {
                "file": one.file,
                "row": one.row,
                "change": one.change,
                "fields": {name: list(pair) for name, pair in one.fields.items()},
            }
            for one in differences
        ],
    }


def show_differences(before: Pack, after: Pack, differences: list[ContentDifference]) -> None:
    """Print the result of `diff` by file, and its effect on tickets."""
    out.print(f"{before.city.id} {before.version} → {after.city.id} {after.version}")
    colours = {"added": "green", "removed": "red", "changed": "yellow"}
    for file in dict.fromkeys(one.file for one in differences):
        out.print(styled(file, "bold"))
        for one in differences:
            if one.file == file:
                change = styled(f"{one.change:7}", colours[one.change])
                out.print(" ", change, "", one_line(f"{one.row}{_fields(one)}"))
    if not differences:
        out.print("no difference that a ticket would notice")
    elif before.city.id == after.city.id:
        out.print(
            f"Open tickets stay with the version they were accepted under; those accepted from "
            f"now on get {after.version}. The working calendar is today's for all of them."
        )


def _fields(one: ContentDifference) -> str:
    cells = []
    for name, (old, new) in one.fields.items():
        values = [_value(value) for value in (old, new) if value is not None]
        cells.append(f"{name} {' → '.join(values)}".strip())
    return f": {'; '.join(cells)}" if cells else ""


def version_line(row: ArchivedVersion, current: str | None) -> Shown:
    """Return one line of `versions`."""
    return {
        "version": row.version,
        "first_seen_at": row.first_seen_at,
        "current": row.version == current,
    }


def show_versions(city: str, rows: list[ArchivedVersion], current: str | None) -> None:
    """Print the versions of a pack, oldest first."""
    lines = table("version", "first used", "")
    for row in rows:
        now = "the folder holds it now" if row.version == current else ""
        lines.add_row(row.version, f"{row.first_seen_at:%Y-%m-%d %H:%M} UTC", now)
    if rows:
        out.print(lines)
    if current not in {row.version for row in rows}:
        value = "no version" if current is None else f"the version {current}"
        out.print(f"the folder of {city} holds {value}, which no process has used yet")
