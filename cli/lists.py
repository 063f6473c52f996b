"""`jiesu lists`: what stands on a city's supervision lists."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import USAGE, fail, one_line, out, print_json, table
from domain.supervision.rows import ListRow, day_of
from packs.registry import PackError, UnknownCity
from store.tickets import supervision_lists


def lists(
    city: Annotated[str, typer.Argument(help="A city's id.")],
    leader: Annotated[str | None, typer.Option(help="Only this leader's, by its code.")] = None,
    unit: Annotated[str | None, typer.Option(help="Only what this unit has to rectify.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Only what is past its day.")] = False,
    settled: Annotated[bool, typer.Option("--settled", help="Also what is settled.")] = False,
    as_json: Json = False,
) -> None:
    """Print the supervision lists of a city: open problems, and what is late, which stands first.

    Late is a rectification, or a revisit, past its last day.
    """
    packs = installed_packs()
    try:
        pack = packs.get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    if not pack.supervision.leaders:
        fail(f"{city} has no supervision lists", USAGE)
    if leader is not None and pack.supervision.leader(leader) is None:
        fail(f"{city} has no leader {leader} (unknown_leader)", USAGE)
    today = day_of(pack.calendar, datetime.now(UTC))
    found = from_store(
        lambda store: supervision_lists.of_city(
            store, city, leaders=None, unit=None, settled=settled, today=today
        )
    )
    found = [row for row in found if leader in (None, row.leader) and unit in (None, row.unit)]
    shown = [row for row in found if row.late(today) or not late]

    def said(row: ListRow) -> dict[str, object]:
        days = {"next_day": row.next_day and f"{row.next_day}", "late": row.late(today)}
        return row.model_dump(mode="json", exclude={"id"}) | days

    if as_json:
        print_json([said(row) for row in shown])
        return
    lines = table("ticket", "leader", "unit", "until", "state", "back", "text")
    for row in shown:
        state = f"{row.state.value}, late" if row.late(today) else row.state.value
        lines.add_row(
            row.number,
            row.leader,
            row.unit,
            f"{row.next_day or ''}",
            state,
            f"{row.back}",
            one_line(row.text),
        )
    out.print(lines)
