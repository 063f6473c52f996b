"""Tests of the story of 和平, played on the real engine from its pack alone."""

from collections import Counter

import pytest

from demo.stories.heping import BIKES, BUREAU, CALLED, COMMUNITY, OFFICE, STREET
from demo.stories.telling import Telling
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.ticket.assignment import Share
from domain.ticket.complaint import Channel
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from store.reporting.published_answers import answers
from tests.demo.stories.conftest import Counted, Played
from tests.demo.stories.reading import Read, clock, in_time, points_of, ratios

INSPECTED = ("排查·劝业场", "排查·小白楼", "排查·新兴", "排查·南营门", "排查·南市")


@pytest.mark.timeout(600)
@pytest.mark.must_work("heping", "public-answers")
@pytest.mark.must_work("heping", "delegation")
@pytest.mark.must_work("heping", "answerable-above")
@pytest.mark.must_work("heping", "companies")
@pytest.mark.must_work("heping", "came-back")
@pytest.mark.must_work("heping", "revisits")
@pytest.mark.must_work("heping", "settle-all")
@pytest.mark.must_work("heping", "reply-rate")
@pytest.mark.must_work("heping", "satisfaction")
async def test_the_story_of_heping(played: Played, counted: Counted) -> None:
    async with played("heping") as story:
        ending, read = await counted(story), await Read.of(story)
        await messages_are_answered_in_public(story, read)
        await companies_are_assessed(story, read)
        await the_street_is_judged_by_what_held(story)
    the_unit_above_stays_answerable(read)
    what_comes_back_weighs_more(read)
    a_revisit_opens_it_again(read)
    found_one_settled_all(read)
    # Counted by hand: thirteen tickets, twelve with a unit; seven rated, one of them badly.
    led = [ticket for ticket in read.tickets.values() if ticket.lead is not None]
    assert (len(read.tickets), len(led)) == (13, 12)
    assert ratios(ending) == {
        "reply_rate": (13, 13),
        "portal_reply_rate": (3, 3),
        "public_reply_rate": (2, 3),
        "satisfaction_rate": (6, 7),
        "rated_rate": (7, 12),
        "on_time_rate": (in_time(led), 12),
        "transferred_rate": (3, 12),
        "whistle_rate": (1, 12),
        "held_rate": (1, 2),
        "repeat_rate": (3, 7),
        "bike_on_time_rate": (in_time([read["单车一"], read["单车二"]]), 2),
    }


async def messages_are_answered_in_public(story: Telling, read: Read) -> None:
    """Check that two messages are published, newest first; the third citizen did not agree."""
    published = (await answers(story.store, "heping")).tickets
    shown = [ticket.complaint.number for ticket in published]
    assert shown == [read[name].complaint.number for name in ("留言二", "留言一")]
    assert all(ticket.complaint.channel is Channel.PORTAL for ticket in published)
    assert published[0].outcome is Outcome.ANSWERED
    assert (published[1].reply or "").startswith("门禁控制器已更换")
    assert read["留言三"].outcome is Outcome.FINAL_REPLY


def handling(ticket: Ticket, n: int) -> Clock:
    return clock(ticket, ClockName.HANDLE, n)


def the_unit_above_stays_answerable(read: Read) -> None:
    """Check that the clocks of bureau, office and company run at the same time."""
    bikes = read["单车一"]
    assert [(a.unit, a.share, a.of) for a in bikes.assignments[:5]] == [
        (BUREAU, Share.LEAD, None),
        (OFFICE, Share.DELEGATE, 1),
        *((company, Share.DELEGATE, 2) for company in BIKES),
    ]
    bureau, office, late = (handling(bikes, n) for n in (1, 2, 5))
    assert late.stopped_at is not None
    for above in (bureau, office):
        assert above.started_at <= late.started_at
        assert above.stopped_at is not None
        assert above.stopped_at >= late.stopped_at
    assert late.limit == "1d"
    assert late.past_due
    assert (bikes.unit, (bikes.reply or "")[:5]) == (BUREAU, "已清理淤积")
    gate = read["留言一"]
    assert [a.unit for a in gate.assignments] == [STREET, COMMUNITY]
    assert (gate.reply or "").startswith("门禁控制器")


def what_comes_back_weighs_more(read: Read) -> None:
    """Check that the third report at a spot brings an order automatically, and a joint meeting."""
    numbers = [read[f"地锁{n}"].complaint.number for n in "一二三"]
    assert read["地锁二"].repeats == numbers[:1]
    assert set(read["地锁三"].repeats) == set(numbers[:2])
    assert [read[f"地锁{n}"].severity for n in "一二三"] == [0, 1, 2]
    lock, kinds = read["地锁三"], read.kinds("地锁三")
    assert kinds.index("supervision_ordered") < kinds.index("signed")
    assert [order.answer is not None for order in lock.orders] == [True]
    assert [a.unit for a in lock.assignments if a.share is Share.CO] == list(CALLED)
    minutes = lock.minutes[0]
    assert (minutes.units, minutes.residents, minutes.agreed) == (list(CALLED), 6, True)
    assert "第二百八十六条" in minutes.decision
    # A repeat at the spot, so the street verified the bureau's result.
    looked = [a.unit for a in read["单车二"].assignments if a.share is Share.VERIFY]
    assert looked == [STREET]
    assert read.kinds("单车二").count("closing_confirmed") == 1


def a_revisit_opens_it_again(read: Read) -> None:
    lock, kinds = read["地锁三"], read.kinds("地锁三")
    due = [c for c in lock.clocks if c.name is ClockName.REVISIT]
    assert [c.rule_id.rpartition("#")[2] for c in due] == [
        *("aftercare.revisits.1", "aftercare.revisits.2") * 2
    ]
    assert kinds.count("closed_on_watch") == 2
    again = kinds[kinds.index("revisited") :]
    assert again[:3] == ["revisited", "reopened", "assigned"]
    assert (lock.revisits, lock.recurred, lock.outcome) == (1, 1, Outcome.CLOSED)
    assert (read["留言一"].revisits, read["留言一"].recurred) == (1, 0)


def found_one_settled_all(read: Read) -> None:
    lock = read["地锁三"]
    assert lock.inspections == [read[name].complaint.number for name in INSPECTED]
    for name in INSPECTED:
        inspection = read[name]
        assert inspection.complaint.channel is Channel.INSPECTION
        assert inspection.complaint.follows == lock.complaint.number
        assert (inspection.unit, inspection.outcome) == (
            inspection.complaint.unit,
            Outcome.UNRATED,
        )
    assert len({read[name].unit for name in INSPECTED} - {STREET}) == 5


async def companies_are_assessed(story: Telling, read: Read) -> None:
    """Check every company's points, by the rules that begin with BK, from its crews' work."""
    earned = {unit: await _assessed(story, unit) for unit in BIKES}
    first, again = read["单车一"], read["单车二"]

    def cleared(ticket: Ticket, n: int) -> str:
        ended = ticket.assignment(n).ended_at
        assert ended is not None
        return "BK01" if ended <= handling(ticket, n).due_at else "BK02"

    assert earned[BIKES[0]] == Counter(["BK05", "BK05", cleared(first, 3), cleared(again, 4)])
    assert earned[BIKES[1]] == Counter(["BK05", "BK05", cleared(first, 4), "BK03"])
    assert earned[BIKES[2]] == Counter(["BK05", "BK02", "BK04"])
    # The office is scored for the late company, and the bureau for the repeat at the spot.
    assert "HP08" in [point.rule for point in await points_of(story, OFFICE)]
    spot = [p.number for p in await points_of(story, BUREAU) if p.rule == "BK06"]
    assert spot == [again.complaint.number]


async def _assessed(story: Telling, company: str) -> Counter[str]:
    return Counter(p.rule for p in await points_of(story, company) if p.rule.startswith("BK"))


async def the_street_is_judged_by_what_held(story: Telling) -> None:
    rules = Counter(point.rule for point in await points_of(story, STREET))
    assert (rules["HP17"], rules["HP18"], rules["HP20"]) == (1, 1, 1)
