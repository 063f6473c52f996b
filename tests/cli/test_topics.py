"""Tests of `jiesu topics`: citizens and not messages, with names as people wrote them."""

from datetime import UTC, datetime
from pathlib import Path

from cli.terminal import printable
from domain.topics.topic import TopicAct, TopicActKind
from runtime.settings import Settings
from store.db.engine import Store
from store.topics import acting
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal

CITY = "tongzhou"
HOSTILE = "[red]油烟[/red]\x1b[31m扰民"


async def test_topics_are_rebuilt_listed_and_shown(sqlite_store: Store, tmp_path: Path) -> None:
    lives = []
    for person in ("a", "a", "b"):
        made = complaint(city=CITY, title="魅力之城油烟扰民")
        said = {"text": "魅力之城底层餐馆油烟直接排进楼里。", "person": person}
        lives.append(Story(made.model_copy(update=said)))
    await project(sqlite_store, *(one.whole() for one in lives))
    terminal = Terminal(Settings(home=tmp_path))
    assert (await terminal.jiesu("topics", "list", CITY)).out.strip() == "no topics"
    made_anew = await terminal.jiesu("topics", "rebuild", CITY)
    assert (made_anew.code, made_anew.out.strip()) == (0, "3 tickets compared, 1 topics")
    [told] = await terminal.json("topics", "list", CITY)
    assert (told["people"], told["tickets"]) == (2, 3)
    number = told["number"]
    act = TopicAct(at=datetime.now(UTC), actor="x", role="supervisor", kind=TopicActKind.NAMED)
    await acting.name(sqlite_store, CITY, number, HOSTILE, act)
    listed = await terminal.jiesu("topics", "list", CITY)
    assert printable(HOSTILE) in listed.out
    shown = await terminal.jiesu("topics", "show", number)
    assert printable(HOSTILE) in shown.out
    assert "\x1b[31m" not in shown.out + listed.out
    page = await terminal.json("topics", "show", number)
    assert sorted(page["members"]) == sorted(one.number for one in lives)
    missing = await terminal.jiesu("topics", "show", "tongzhou-g99")
    assert (missing.code, "topic_not_found" in missing.err) == (2, True)
