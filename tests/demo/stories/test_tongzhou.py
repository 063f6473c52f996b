"""Tests of the story of 通州, played on the real engine from its pack alone."""

from datetime import timedelta

import pytest

from demo.stories.ending import StoryResult
from demo.stories.results import figures_of
from demo.stories.telling import Telling
from demo.stories.tongzhou import CALLED, COMMUNITY
from demo.stories.tongzhou_own_eyes import DIARY, GRID_STREET, STREET
from domain.deadlines.clocks import Basis
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.assignment import Ending as HowItEnded
from domain.ticket.assignment import Share
from domain.ticket.complaint import Channel
from domain.ticket.minutes import Meeting
from domain.ticket.stages import Outcome
from packs.registry import default_root, load_pack
from store.reporting.figures import figures
from store.reporting.indicators import Ratio
from store.reporting.ranking import points_table, rank_units
from tests.demo.stories.conftest import Counted, Played
from tests.demo.stories.reading import Read, by_unit, clock, in_time, points_of, ratios

DAY = 1.0
"""Seconds of a day: a call-back may take three of them."""

GRID_CASES = ("垃圾", "物料", "旧车", *DIARY)
RATED = ("燃气", "路灯", *GRID_CASES, "开门", "图斑", "未诉先办", "催办", "表扬")


@pytest.mark.timeout(600)
@pytest.mark.must_work("tongzhou", "door-hotline")
@pytest.mark.must_work("tongzhou", "door-web")
@pytest.mark.must_work("tongzhou", "door-app")
@pytest.mark.must_work("tongzhou", "direct-dispatch")
@pytest.mark.must_work("tongzhou", "four-tiers")
@pytest.mark.must_work("tongzhou", "whistle")
@pytest.mark.must_work("tongzhou", "whistle-limits")
@pytest.mark.must_work("tongzhou", "whistle-meeting")
@pytest.mark.must_work("tongzhou", "whistle-waits")
@pytest.mark.must_work("tongzhou", "call-back")
@pytest.mark.must_work("tongzhou", "three-rates")
@pytest.mark.must_work("tongzhou", "grid-closing")
@pytest.mark.must_work("tongzhou", "praise")
@pytest.mark.must_work("tongzhou", "proactive")
@pytest.mark.must_work("tongzhou", "league-table")
async def test_the_story_of_tongzhou(played: Played, counted: Counted) -> None:
    async with played("tongzhou", DAY) as story:
        ending, read = await counted(story), await Read.of(story)
        await closing_is_counted_of_what_is_due(story, read)
        await every_point_has_its_event(story, read)
    assert len(read.tickets) == 14
    assert all(ticket.stage == "ended" for ticket in read.tickets.values())
    every_door_is_one_ticket(read)
    limits_are_in_calendar_time(read, load_pack(default_root() / "tongzhou"), story.pack)
    the_gate_waited_for_everybody(read)
    the_rest_went_as_told(read)
    # Counted by hand: of 13 ratings one says nothing of a call, one denies it, one is bad.
    on_time = in_time(read.tickets.values())
    assert ratios(ending) == {
        "response": (11, 12),
        "resolution": (13, 13),
        "satisfaction": (12, 13),
        "grid_closing": (6, 6),
        "grid_closing_on_time": (in_time(read[name] for name in GRID_CASES), 6),
        "on_time": (on_time, 14),
        "praise": (1, 14),
        "unsued_first": (8, 14),
        "whistled": (1, 14),
        "reworked": (1, 14),
    }
    assert on_time <= 13, "one was left lying until its red card"
    as_json_it_says_the_same(story, ending)
    the_streets_stand_in_order(ending, story.pack)


def the_streets_stand_in_order(ending: StoryResult, pack: Pack) -> None:
    """Check the ranking of all streets, by the share of contacted citizens, then by points."""
    rankings = rank_units(pack, ending.figures.figures, UnitKind.STREET, by="response")
    called = [(line.unit.code, line.values["response"].after) for line in rankings]
    assert called[:2] == [(GRID_STREET, Ratio(4, 4)), (STREET, Ratio(3, 4))]
    assert len(called) == 22
    assert {ratio for _, ratio in called[2:]} == {Ratio(0, 0)}
    liked = {line.unit.code: line.values["satisfaction"].after for line in rankings}
    assert (liked[STREET], liked[GRID_STREET]) == (Ratio(5, 5), Ratio(4, 4))
    assert by_unit(ending, "satisfaction")["water"] == (0, 1)
    points = points_table(pack, ending.scores.units, UnitKind.STREET)
    assert [unit.code for unit, _ in points[:2]] == [STREET, GRID_STREET]


def as_json_it_says_the_same(story: Telling, ending: StoryResult) -> None:
    values = figures_of(story, ending, 1.0)
    assert set(values) == {
        *("city", "tickets", "indicators", "points", "replayed", "disagreements", "seconds")
    }
    assert (len(values["tickets"]), values["replayed"], values["disagreements"]) == (14, 14, 0)
    assert values["indicators"]["praise"] == {"part": 1, "of": 14, "value": 0.0714}
    assert values["points"][COMMUNITY] > 0


def every_door_is_one_ticket(read: Read) -> None:
    """Check that a complaint of every channel becomes one ticket and reaches its end."""
    came_by = {name: ticket.complaint.channel for name, ticket in read.tickets.items()}
    assert came_by["燃气"] is Channel.HOTLINE
    assert came_by["路灯"] is Channel.WEB
    assert came_by["催办"] is Channel.APP
    assert came_by["物料"] is Channel.GRID
    assert came_by["垃圾"] is Channel.PART_TIME_GRID
    assert came_by["图斑"] is Channel.SENSOR
    assert came_by["未诉先办"] is Channel.PROACTIVE
    sent_to = {name: read.units(name)[0] for name in came_by}
    assert sent_to["开门"] == sent_to["日志一"] == STREET
    assert (sent_to["催办"], sent_to["燃气"]) == ("water", "gas")
    assert (sent_to["路灯"], sent_to["表扬"]) == ("city-management", COMMUNITY)


TIERS = {
    "燃气": ("emergency", "1h", "2h"),
    "停水": ("utility", "2h", "24h"),
    "路灯": ("general", "24h", "7d"),
    "图斑": ("complex", "24h", "15d"),
}
"""The category, dispatch and answer limits of tickets by DB11/T 2021-2022, in calendar time."""


def limits_are_in_calendar_time(read: Read, published: Pack, played: Pack) -> None:
    for name, (tier, dispatch, handle) in TIERS.items():
        for which, limit in ((ClockName.DISPATCH, dispatch), (ClockName.HANDLE, handle)):
            ran = clock(read[name], which)
            assert (ran.rule_id, ran.basis) == (
                f"tongzhou/city.toml#tiers.{tier}.{which}",
                Basis.CALENDAR,
            )
            assert str(published.limit(which, tier)[0]) == limit
    for name, days in (("路灯", 7), ("图斑", 15)):
        ran = clock(read[name], ClockName.HANDLE)
        lived = (ran.due_at - ran.started_at).total_seconds() / played.city.clock_scale
        assert lived == pytest.approx(days * 86400, abs=60)


def the_gate_waited_for_everybody(read: Read) -> None:
    gate, kinds = read["开门"], read.kinds("开门")
    called = [a for a in gate.assignments if a.share is Share.CO]
    assert [a.unit for a in called] == list(CALLED)
    assert all(a.ending is HowItEnded.DONE for a in gate.assignments)
    for share in called:
        for name in (ClockName.SIGN, ClockName.MEET):
            own = clock(gate, name, share.n)
            assert own.rule_id == f"tongzhou/city.toml#joint.{name}"
            assert own.stopped_at is not None
    assert clock(gate, ClockName.HANDLE, called[-1].n).limit == "5d"
    assert [m.what for m in gate.minutes] == [Meeting.ON_SITE] * 3
    # The street was done first; the answer came with the last of the units it had called.
    assert kinds.count("share_handled") == 3
    assert kinds[kinds.index("handled") - 1] == "share_handled"
    assert (gate.unit, gate.reply is not None and gate.reply[:5]) == (STREET, "东门已打开")


def the_rest_went_as_told(read: Read) -> None:
    assert read.kinds("路灯")[-4:] == ["called_back", "called_back", "rated", "closed"]
    assert (read["停水"].outcome, read["停水"].call_backs) == (Outcome.UNRATED, 3)
    assert read.kinds("物料").count("closing_refuted") == 1
    assert read.kinds("图斑").count("step_done") == 3
    # The common problem of three diaries in one street.
    assert read["未诉先办"].complaint.topic == f"0108-{STREET}"
    assert (read["催办"].severity, read["催办"].reworks) == (1, 2)
    assert read["催办"].outcome is Outcome.FINAL_REPLY
    climbed = [e.fact.model_dump() for e in read.events["旧车"] if e.kind == "rung_climbed"]
    handling = [fact["rung"] for fact in climbed if fact["clock"] == "handle"]
    assert handling[:3] == ["warn", "due", "supervise"]


async def closing_is_counted_of_what_is_due(story: Telling, read: Read) -> None:
    """Check that at the red card three grid cases were due to be closed, and two were."""
    red = next(c.due_at for c in read["旧车"].clocks if c.name is ClockName.HANDLE and c.past_due)
    period = Period(story.began, red + timedelta(microseconds=1))
    period_figures = await figures(story.store, story.pack, period, only=["grid_closing"])
    assert (
        period_figures.figures[0].value.after.part,
        period_figures.figures[0].value.after.of,
    ) == (2, 3)


async def every_point_has_its_event(story: Telling, read: Read) -> None:
    praised = await points_of(story, COMMUNITY)
    pairs = {(point.rule, point.number) for point in praised}
    assert ("TZ19", read["表扬"].complaint.number) in pairs
    worked = await points_of(story, "water")
    assert [point.rule for point in worked].count("TZ10") == 2
    for point in [*praised, *worked, *await points_of(story, GRID_STREET)]:
        name = next(n for n, t in read.tickets.items() if t.complaint.number == point.number)
        event = read.events[name][point.version - 1]
        assert (event.version, event.kind, event.at) == (point.version, point.event, point.at)
        rule = next(rule for rule in story.pack.scoring if rule.code == point.rule)
        assert (rule.on, rule.points) == (point.event, point.points)
