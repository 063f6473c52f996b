"""Tests of likeness and topics on made-up complaints."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.topics.growing import GrowingTopic, place
from domain.topics.likeness import SURE, Sketch, likeness, most_alike
from domain.topics.lists import TopicsInMemory
from domain.topics.matter import matter_of
from domain.topics.terms import counted_terms, weighed

START = datetime(2026, 3, 1, tzinfo=UTC)


def _sketch(
    number: str, title: str, text: str, person: str = "", area: str | None = None, days: int = 0
) -> Sketch:
    weights = weighed(counted_terms(title, text), {}, 0)
    return Sketch(number, person or number, START + timedelta(days=days), weights, area)


def test_the_same_words_about_another_place_are_another_matter() -> None:
    here = _sketch("1", "阳光花园油烟扰民", "阳光花园楼下餐馆油烟太大")
    again = _sketch("2", "阳光花园油烟太大", "餐馆油烟扰民，阳光花园开不了窗")
    there = _sketch("3", "翠屏家园油烟扰民", "翠屏家园楼下餐馆油烟太大")
    assert likeness(here, again).score > 1.5 * likeness(here, there).score
    assert likeness(here, again).sure
    assert not likeness(here, there).sure


def test_another_street_and_a_year_make_two_complaints_less_alike() -> None:
    said = ("路灯不亮", "新华东街的路灯坏了")
    here = _sketch("1", *said, area="110112001")
    near = _sketch("2", *said, area="110112001003")
    away = _sketch("3", *said, area="110112002")
    later = _sketch("4", *said, area="110112001", days=400)
    assert likeness(here, near).same_area
    assert likeness(here, near).score > likeness(here, away).score
    assert likeness(here, near).score > likeness(here, later).score


def test_the_first_three_are_shown_and_what_they_share() -> None:
    one = _sketch("1", "滨河苑捆绑销售车位", "滨河苑买房必须买车位")
    others = [_sketch(f"{n}", "滨河苑车位捆绑销售", "不买车位不给签合同") for n in range(2, 7)]
    shown = most_alike(one, [*others, _sketch("9", "公交晚点", "等了四十分钟")])
    assert [each.number for each in shown] == ["2", "3", "4"]
    assert any("滨河苑" in word for word in shown[0].words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "灯",
        "😀" * 4000,
        "كوچىدىكى چىراغ بۇزۇلدى",
        "The street lamp is dark",
        "\u200b",
        "1" * 4000,
    ],
)
def test_what_has_little_to_compare_is_like_nothing(text: str) -> None:
    one = _sketch("1", "", text)
    other = _sketch("2", "路灯不亮", "新华东街的路灯坏了")
    assert likeness(one, other).score < SURE
    grown = TopicsInMemory()
    grown.add_all([one, other])
    assert grown.topic_of["1"] != grown.topic_of["2"]


def test_a_phone_is_no_term() -> None:
    terms = counted_terms("路灯不亮", "联系电话13800138000，身份证110101199003071234")
    assert not any(any(one.isdigit() for one in term) for term in terms)


def test_a_message_with_ten_problems_is_suggested_as_none_of_them() -> None:
    problems = ["路灯不亮", "井盖缺失", "油烟扰民", "公交晚点", "停水", "违建", "噪音", "垃圾"]
    ten = _sketch("1", "十个问题", "，".join([*problems, "停车", "漏水"]))
    single = _sketch("2", "油烟扰民", "楼下餐馆油烟太大，呛人")
    assert not likeness(ten, single).sure
    assert likeness(ten, single).score < 0.3


def test_two_topics_that_a_complaint_shows_to_be_one_become_the_larger() -> None:
    said = _sketch("1", "滨河苑捆绑销售车位", "滨河苑买房必须买车位").weights
    large, small = GrowingTopic("a", said, 1), GrowingTopic("b", said, 1)
    large.add(said)
    placing = place(said, [small, large])
    assert (placing.joins, placing.merged) == ("a", ("b",))


def test_complaints_with_an_estate_in_common_and_nothing_else_are_no_matter() -> None:
    matters = [
        "幼儿园收费太高",
        "不动产证办不下来",
        "水压太低",
        "麻将馆扰民",
        "电梯坏了",
        "门口乱停车",
    ]
    mixed = [_sketch(f"{n}", f"翡翠华庭{one}", one).weights for n, one in enumerate(matters)]
    assert not matter_of(mixed).one
    smoke = [_sketch(f"{n}", "翡翠华庭，餐馆油烟扰民", "油烟太大").weights for n in range(7)]
    assert matter_of(smoke).one
    assert "翡翠华庭" in "".join(matter_of(smoke).words)


def test_a_topic_of_nothing_has_no_name() -> None:
    assert matter_of([]).words == ()
    assert matter_of([{}, {}]).one is False
