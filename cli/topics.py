"""`jiesu topics`: what many citizens of a city complain about (共性问题)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.city import Json, from_store, loaded
from cli.terminal import err, fail, one_line, out, print_json, table
from domain.topics.growing import LEAST
from domain.topics.topic import TopicAct, TopicMember, TopicRow, week_of
from store.db.engine import Store
from store.topics import book
from store.topics.rebuilding import Rebuilt, rebuild

app = typer.Typer(
    help="Topics: what many citizens complain about. See docs/how-to/topics.md.",
    no_args_is_help=True,
)

City = Annotated[str, typer.Argument(help="A city's id.")]


@app.command("list")
def list_topics(
    city: City,
    least: Annotated[int, typer.Option(min=LEAST, help="So many citizens make one.")] = LEAST,
    days: Annotated[
        int | None, typer.Option(min=1, help="Only those with a complaint in the last days.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=500, help="How many are printed.")] = 20,
    as_json: Json = False,
) -> None:
    """Print the topics of a city, those of most citizens first: each person counts once."""
    loaded(city)
    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    found = from_store(lambda store: book.topics(store, city, least, since, most))
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    lines = table("topic", "citizens", "tickets", "last", "about")
    for one in found:
        last = f"{one.last_at:%Y-%m-%d}"
        lines.add_row(one.number, f"{one.people}", f"{one.tickets}", last, one_line(one.name))
    out.print(lines if found else "no topics")


@app.command("show")
def show_topic(
    number: Annotated[str, typer.Argument(help="A topic's number, as `list` prints it.")],
    as_json: Json = False,
) -> None:
    """Print a topic: its words, its tickets by week, and what was done about it."""

    async def read(
        store: Store,
    ) -> tuple[TopicRow | None, list[TopicMember], list[TopicAct]]:
        topic = await book.topic(store, number)
        return topic, await book.members(store, number), await book.acts(store, number)

    topic, members, acts = from_store(read)
    if topic is None:
        fail(f"there is no topic {number} (topic_not_found)")
    weeks: dict[str, int] = {}
    for one in reversed(members):
        weeks[week_of(one.filed_at)] = weeks.get(week_of(one.filed_at), 0) + 1
    if as_json:
        numbers = [one.number for one in members]
        done = [one.model_dump(mode="json") for one in acts]
        print_json(topic.model_dump(mode="json") | {
            "weeks": weeks, "members": numbers, "acts": done
        })  # fmt: skip
        return
    out.print(one_line(f"{topic.number} {topic.name}: {_counted(topic)}"))
    for week, count in weeks.items():
        out.print(f"{week} {count}")
    for act in acts:
        said = f"{act.at:%Y-%m-%d %H:%M} {act.kind.value} {act.about or ''} {act.text}"
        out.print(one_line(said))


@app.command("rebuild")
def rebuild_topics(city: City) -> None:
    """Compare all tickets of a city anew; topics keep their numbers, and what people did stays."""
    loaded(city)

    async def work(store: Store) -> Rebuilt:
        return await rebuild(store, city, datetime.now(UTC), lambda done: err.print(f"{done}"))

    made = from_store(work)
    out.print(f"{made.tickets} tickets compared, {made.topics} topics")


def _counted(topic: TopicRow) -> str:
    return f"{topic.people} citizens, {topic.tickets} tickets"
