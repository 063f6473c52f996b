"""Tests of `jiesu audit exposures`: what earlier versions may have shown, in a filled store."""

from domain.activity_io import Projection
from domain.facts.merging import Merged
from domain.facts.wrongdoing import Accused
from domain.ticket.complaint import Kind
from store.db import tables
from store.db.engine import Store
from tests.cli.test_commands import empty
from tests.store.stories import DESK, DISPATCHER, Story, complaint, project
from tests.support.jiesu_command import Terminal

__all__ = ["empty"]

PHONE = "13800138000"


def _about(kind: Kind = Kind.COMPLAINT, **more: object) -> Story:
    filed = complaint(city="tongzhou").model_copy(update={"kind": kind, **more})
    return Story(filed)


def _led(story: Story, unit: str, accused: list[str] | None = None) -> list[Projection]:
    """Return the projections of a ticket of `unit`; `accused`: as earlier versions stored it."""
    life = [story.accepted(), story.classified(), story.assigned(unit)]
    if accused is not None:
        story.ticket.accused = life[-1].ticket.accused = accused
    return life


def _answered(story: Story, unit: str) -> list[Projection]:
    return [*_led(story, unit), story.signed(), story.handled(), story.replied()]


async def _registered(store: Store, story: Story, key: str) -> None:
    filed = story.ticket.complaint
    row = {
        "number": filed.number,
        "city": filed.city,
        "idempotency_key": key,
        "fingerprint": "",
        "complaint": filed.model_dump_json(),
        "filed_at": filed.filed_at,
    }
    await store.change(store.insert(tables.intake), row)


async def test_what_earlier_faults_may_have_touched_is_listed_and_nothing_else(
    empty: Terminal,
) -> None:
    store = Store.open(empty.settings.store)
    given, unsaid, merged, other = _about(Kind.REPORT), _about(Kind.REPORT), *_two()
    first, follower, inspection = _about(Kind.REPORT), _about(), _about()
    told, safe = _about(public=True, text=f"请打 {PHONE} 找我"), _about(public=True, text="没事")
    clean, kept = _about(Kind.REPORT), _about(Kind.REPORT)
    lives = [
        _led(given, "river-station", ["water"]),
        _led(unsaid, "market"),
        _led(other, "water"),
        [
            *_led(merged, "police", ["water"]),
            merged.tell(
                Merged(parent=other.number, category="lamp", tier="normal", reason="一件事"),
                by=DISPATCHER,
            ),
        ],
        [*_led(first, "police", ["water"])],
        [*_answered(follower, "water"), follower.rated(5)],
        _led(inspection, "river-station"),
        _answered(told, "police"),
        _answered(safe, "police"),
        [
            clean.accepted(),
            clean.tell(Accused(), by=DESK),
            clean.classified(),
            clean.assigned("water"),
        ],
        [
            kept.accepted(),
            kept.tell(Accused(accused=["water"], covered=["water", "river-station"]), by=DESK),
            kept.classified(),
            kept.assigned("police"),
        ],
    ]
    try:
        await project(store, *lives)
        await _registered(store, follower, f"recur/{first.number}/abc")
        await _registered(store, inspection, f"settle:{first.number}-7:river-station")
    finally:
        await store.close()
    found = await empty.json("audit", "exposures")
    reports = {
        (one["number"], one["how"]): (one["units"], one["other"]) for one in found["reports"]
    }
    assert reports == {
        (given.number, "given"): (["river-station"], None),
        (unsaid.number, "unsaid"): (["market"], None),
        (merged.number, "merged"): (["water"], other.number),
        (first.number, "followed"): (["water"], follower.number),
        (first.number, "inspected"): (["river-station"], inspection.number),
    }
    (rating,) = found["ratings"]
    assert (rating["number"], rating["follows"], rating["unit"], rating["grade"]) == (
        follower.number,
        first.number,
        "water",
        5,
    )
    assert [(one["number"], one["fields"]) for one in found["answers"]] == [(told.number, ["text"])]
    said = await empty.jiesu("audit", "exposures")
    assert said.code == 0, said.err
    for number in (given.number, unsaid.number, merged.number, follower.number, told.number):
        assert number in said.out
    assert clean.number not in said.out
    assert kept.number not in said.out
    assert PHONE not in said.out
    assert "5 reports, 1 ratings, 1 published answers" in said.out


def _two() -> tuple[Story, Story]:
    return _about(Kind.REPORT), _about()


async def test_an_empty_store_has_nothing_to_look_at(empty: Terminal) -> None:
    said = await empty.jiesu("audit", "exposures")
    assert said.out.strip() == "0 reports, 0 ratings, 0 published answers to look at"
    assert await empty.json("audit", "exposures") == {"reports": [], "ratings": [], "answers": []}
