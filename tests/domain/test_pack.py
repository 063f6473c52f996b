"""Tests of the models of a pack: what they refuse, and their look-ups."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from domain.deadlines.clocks import LevelKind
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Category, Responsibility, Unit, UnitQueue, matches
from domain.pack.pack import City, Pack, UnknownCategory, UnknownUnit
from domain.pack.policies import LevelRule, RatingPolicy, Tier
from domain.ticket.complaint import Kind
from domain.ticket.rules_snapshot import Rules
from packs.registry import default_root, load_pack

TONGZHOU = load_pack(default_root() / "tongzhou")
UNIT = {"code": "w", "name": "水务局", "name_en": "Water", "kind": "bureau", "level": "district"}
GRADES = [{"grade": grade, "zh": str(grade), "en": str(grade)} for grade in (5, 4, 3)]


def test_rules_are_the_packs_caps_and_its_version() -> None:
    assert TONGZHOU.rules() == Rules(
        pack="tongzhou",
        pack_version=TONGZHOU.version,
        returns=2,
        extensions=1,
        holds=1,
        reworks=2,
        call_backs=3,
        urges_per_day=3,
        facts_per_day=20,
        satisfied_from=3,
        co_handlers=8,
        fallback="gov",
        raise_level=True,
        ask_citizen=True,
        merge=True,
        desk_answers=[Kind.CONSULTATION, Kind.PRAISE, Kind.SUGGESTION],
        severity_urges=3,
        escalate_at=2,
        reason_codes=True,
        preconditions=True,
        ends_resume=True,
        rounds=True,
        traces=True,
        one_asked=True,
        incidents=True,
    )


def test_units_and_categories_are_found_by_code() -> None:
    assert TONGZHOU.unit("110112004").name == "玉桥街道"
    assert TONGZHOU.category("0303").tier == "utility"
    assert TONGZHOU.knows("0303")
    assert not TONGZHOU.knows("7777")
    assert not TONGZHOU.knows(None)


def test_an_unknown_unit_is_refused_with_a_stable_code() -> None:
    with pytest.raises(UnknownUnit) as refused:
        TONGZHOU.unit("moon")
    assert refused.value.code == "unknown_unit"
    assert str(refused.value) == "the city pack tongzhou has no unit 'moon'"
    assert isinstance(refused.value, KeyError)


def test_an_unknown_category_is_refused_with_a_stable_code() -> None:
    with pytest.raises(UnknownCategory) as refused:
        TONGZHOU.category("7777")
    assert refused.value.code == "unknown_category"
    assert str(refused.value) == "the city pack tongzhou has no category '7777'"


def test_reasons_are_listed_by_their_kind() -> None:
    assert TONGZHOU.reason_codes("refer")[:3] == ["110", "119", "120"]
    assert "not_ours" in TONGZHOU.reason_codes("return")
    assert "out_of_scope" in TONGZHOU.reason_codes("decline")


@pytest.mark.parametrize(
    ("queue", "name"), [("", "units"), ("own", "unit.w"), ("program", "unit.w")]
)
def test_a_unit_waits_with_everybody_or_apart(queue: str, name: str) -> None:
    unit = Unit.model_validate(UNIT | {"queue": queue})
    pack = TONGZHOU.model_copy(update={"units": (unit,)})
    assert pack.queue_of(unit) == pack.queue_of("w") == name
    assert unit.queue == UnitQueue(queue)


def test_the_queue_of_an_unknown_unit_is_refused() -> None:
    with pytest.raises(UnknownUnit):
        TONGZHOU.queue_of("moon")


@pytest.mark.parametrize(
    ("area", "street"),
    [
        ("110112004", "110112004"),
        ("110112004901", "110112004"),  # a community
        ("110112004901001", "110112004"),  # a cell
        ("110112", None),
        ("120101001", None),
        ("", None),
        (None, None),
    ],
)
def test_the_street_of_an_area_is_the_one_that_contains_it(
    area: str | None, street: str | None
) -> None:
    unit = TONGZHOU.street_of(area)
    assert (unit.code if unit else None) == street


@pytest.mark.parametrize(
    ("pattern", "code", "meant"),
    [
        ("0303", "0303", True),
        ("0303", "03031", False),
        ("03*", "0303", True),
        ("03*", "0403", False),
        ("03*", None, False),
        ("0303", None, False),
        ("*", "0303", True),
        ("*", None, True),
    ],
)
def test_a_pattern_is_a_code_its_beginning_or_all(
    pattern: str, code: str | None, meant: bool
) -> None:
    assert matches(pattern, code) is meant


def test_the_tiers_limit_comes_before_the_default_one() -> None:
    assert TONGZHOU.limit(ClockName.SIGN, "emergency") == (
        Limit.parse("10m"),
        "tiers.emergency",
    )
    assert TONGZHOU.limit(ClockName.SIGN, "general") == (Limit.parse("4h"), "limits")
    assert TONGZHOU.limit(ClockName.HANDLE, None) == (Limit.parse("7d"), "tiers.general")


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (Tier, {"name": "急", "name_en": "Urgent", "handel": "2h"}, "Extra inputs"),
        (Tier, {"name": "急", "name_en": "Urgent", "handle": "2 h"}, "not a limit"),
        (Unit, UNIT | {"kind": "office"}, "'district', 'street'"),
        (Unit, UNIT | {"code": "水务"}, "pattern"),
        (Category, {"code": "01", "name": "", "name_en": "x", "tier": "t"}, "at least 1"),
        (Responsibility, {"category": "0*1", "area": "*", "unit": "w"}, "pattern"),
        (Responsibility, {"category": "*", "area": "*", "unit": "@area"}, "pattern"),
        (City, TONGZHOU.city.model_dump() | {"zone": "Mars/Base"}, "not a time zone"),
        (City, TONGZHOU.city.model_dump() | {"clock_scale": 0}, "greater than 0"),
        (LevelRule, {"kind": "warn"}, "has an offset"),
        (LevelRule, {"kind": "warn", "offset": "100%"}, "before the start"),
        (LevelRule, {"kind": "due", "tells": ["mayor"]}, "'citizen', 'desk'"),
        (RatingPolicy, {"satisfied_from": 3, "grades": GRADES[::-1]}, "best first"),
        (RatingPolicy, {"satisfied_from": 1, "grades": GRADES}, "not one of the grades"),
    ],
)
def test_what_a_pack_may_not_say(
    model: type[BaseModel], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        model.model_validate(values)


def test_a_due_rung_may_be_shown_later_than_due_and_raise_the_ticket() -> None:
    plain, later = (
        LevelRule(kind=LevelKind.DUE),
        LevelRule.model_validate({"kind": "due", "offset": "1wh", "raises": True}),
    )
    assert (plain.offset, plain.raises) == (None, False)
    assert (later.offset, later.raises) == (Limit.parse("1wh"), True)


def test_the_rungs_of_a_ladder_only_rise() -> None:
    falling = [{"kind": "due"}, {"kind": "warn", "offset": "20%"}]
    with pytest.raises(ValidationError, match="warn, due, supervise, notice"):
        Pack.model_validate(TONGZHOU.model_dump() | {"ladder": {"handle": falling}})


def test_a_pack_survives_being_written_down() -> None:
    assert Pack.model_validate_json(TONGZHOU.model_dump_json()) == TONGZHOU
