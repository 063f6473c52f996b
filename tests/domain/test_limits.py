"""Tests of limits as packs write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from domain.deadlines.clocks import Basis
from domain.deadlines.limits import Limit, Offset, Percent


class Rule(BaseModel):
    limit: Limit
    warn: Offset | None = None


@pytest.mark.parametrize(
    ("text", "basis", "length"),
    [
        ("20s", Basis.CALENDAR, timedelta(seconds=20)),
        ("30m", Basis.CALENDAR, timedelta(minutes=30)),
        ("2h", Basis.CALENDAR, timedelta(hours=2)),
        ("7d", Basis.CALENDAR, timedelta(days=7)),
        ("4wh", Basis.WORKING, timedelta(hours=4)),
    ],
)
def test_a_limit_is_a_number_and_a_unit(text: str, basis: Basis, length: timedelta) -> None:
    limit = Limit.parse(text)
    assert (limit.basis, limit.length) == (basis, length)


def test_a_working_day_has_no_length_of_its_own() -> None:
    limit = Limit.parse("5wd")
    assert limit.basis is Basis.WORKING
    with pytest.raises(ValueError, match="5wd has no length without a calendar"):
        _ = limit.length


@given(st.integers(1, 99999), st.sampled_from(["s", "m", "h", "d", "wh", "wd"]))
def test_what_was_read_is_written_back(amount: int, unit: str) -> None:
    assert str(Limit.parse(f"{amount}{unit}")) == f"{amount}{unit}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "d",
        "0d",
        "-1d",
        "1.5d",
        "07d",
        " 7d",
        "7d ",
        "7 d",
        "7D",
        "7w",
        "1d2h",
        "٣d",
        "100000s",
    ],
)
def test_what_is_no_limit_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a limit: write a whole number") as refused:
        Limit.parse(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", ["0%", "20", "1000%", "-5%", "5.5%", "%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a percentage"):
        Percent.parse(text)


def test_a_percentage_is_a_share_of_a_span() -> None:
    assert Percent.parse("20%").of(timedelta(days=5)) == timedelta(days=1)


def test_a_limit_in_a_model_is_its_text() -> None:
    rule = Rule.model_validate({"limit": "5wd", "warn": "20%"})
    assert (rule.limit, rule.warn) == (Limit.parse("5wd"), Percent.parse("20%"))
    assert rule.model_dump(mode="json") == {"limit": "5wd", "warn": "20%"}
    assert Rule.model_validate_json(rule.model_dump_json()) == rule
    assert Rule.model_json_schema()["properties"]["limit"]["type"] == "string"


@pytest.mark.parametrize("value", [5, None, 1.5, ["5wd"], "5 wd"])
def test_a_model_refuses_anything_else(value: object) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"limit": value})
    with pytest.raises(ValidationError):
        Rule.model_validate({"limit": "5wd", "warn": value or "x"})
