"""Tests of categories and answerable units in the shipped pack of Tongzhou."""

from datetime import UTC, datetime

import pytest

from domain.pack.catalogue import Responsibility
from domain.pack.routing import CategorySuggestion, classify, route
from domain.ticket.complaint import Complaint, Place
from packs.registry import default_root, load_pack

TONGZHOU = load_pack(default_root() / "tongzhou")


def suggest(
    text: str,
    *,
    title: str = "",
    category: str | None = None,
    area: str | None = None,
    address: str = "",
) -> CategorySuggestion:
    complaint = Complaint(
        number="1",
        city="tongzhou",
        title=title,
        text=text,
        category=category,
        place=Place(area=area, address=address),
        filed_at=datetime(2026, 3, 2, 2, tzinfo=UTC),
    )
    return classify(TONGZHOU, complaint)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("小区旁边的河发黑发臭，河水很臭，夏天不敢开窗", "0301"),
        ("单元门口污水井冒污水，已经三天了", "0303"),
        ("楼下工地夜间施工到凌晨两点，施工噪音太大", "0501"),
        ("今天早上开始停水，家里没水做饭", "0401"),
        ("暖气不热，家里室温只有十四度", "0403"),
        ("路上井盖丢失，老人差点掉进去", "0202"),
        ("公司拖欠工资三个月", "1201"),
        ("小区门口违停严重，车辆乱停", "1301"),
    ],
)
def test_plain_words_are_understood(text: str, category: str) -> None:
    suggestion = suggest(text)
    assert (suggestion.category, suggestion.confident) == (category, True)


@pytest.mark.parametrize(
    "text",
    [
        "小区旁边的河发\u200b黑发\u2060臭，河\ufeff水很臭，夏天不敢开窗",
        "小区旁边的河 发黑 发臭，河 水 很臭",
        "小区旁边的河发　黑发\n臭，河水很臭",
    ],
    ids=ascii,
)
def test_words_are_understood_with_marks_and_blanks_in_them(text: str) -> None:
    assert suggest(text).category == "0301"


def test_a_street_is_found_in_a_text_with_marks_in_it() -> None:
    street = next(iter(TONGZHOU.streets))
    written = "\u200b".join(street.name)
    assert suggest("路灯不亮", address=f"{written} 12号").area == street.area


def test_a_category_the_citizen_gave_is_taken() -> None:
    suggestion = suggest("暖气不热", category="0105")
    assert (suggestion.category, suggestion.confident, suggestion.why) == (
        "0105",
        True,
        "named by the complainant",
    )


def test_a_category_the_pack_does_not_have_is_not_taken() -> None:
    assert suggest("暖气不热，供暖太差", category="7777").category == "0403"


def test_nothing_recognised_is_no_category() -> None:
    suggestion = suggest("你们好")
    assert (suggestion.category, suggestion.confident, suggestion.why) == (
        None,
        False,
        "no keyword found",
    )


def test_a_single_short_word_is_not_enough_to_be_sure() -> None:
    suggestion = suggest("井盖")
    assert (suggestion.category, suggestion.confident) == ("0203", False)


def test_in_the_title_a_word_counts_twice() -> None:
    assert suggest("请尽快处理", title="路灯坏了").confident


def test_two_matters_in_one_complaint_are_left_to_the_dispatcher() -> None:
    suggestion = suggest("门口小贩摆摊，广场舞的音响也开到很晚")
    assert not suggestion.confident
    assert "also" in suggestion.why


@pytest.mark.parametrize(
    ("text", "category"),
    [("楼道里有很重的燃气味，怀疑燃气泄漏", "0802"), ("三楼着火了，在冒浓烟", "0801")],
)
def test_an_emergency_is_recognised_at_once(text: str, category: str) -> None:
    suggestion = suggest(text)
    assert (suggestion.category, suggestion.confident) == (category, True)
    assert TONGZHOU.category(category).tier == "emergency"


def test_a_word_of_emergency_outweighs_any_other_but_is_confirmed() -> None:
    suggestion = suggest("物业公司不管楼道堆物，物业费照收，三楼正在着火", title="物业服务太差")
    assert (suggestion.category, suggestion.confident) == ("0801", False)
    assert "also 0701" in suggestion.why


def test_width_and_case_make_no_difference() -> None:
    pack = TONGZHOU.model_copy(
        update={
            "categories": (
                TONGZHOU.category("0405").model_copy(update={"keywords": ("PM2.5", "wi-fi")}),
            )
        }
    )
    complaint = Complaint(
        number="1", city="tongzhou", text="ＰＭ２．５ 和 WI-FI", filed_at=datetime.now(UTC)
    )
    assert classify(pack, complaint).why == "keywords PM2.5, wi-fi"


@pytest.mark.parametrize(
    ("area", "address", "text", "street"),
    [
        ("110112004", "", "路灯不亮", "110112004"),
        ("110112004901001", "", "路灯不亮", "110112004"),
        ("110112004", "永顺镇", "路灯不亮", "110112004"),  # the code precedes the words
        (None, "通州区玉桥街道某小区", "路灯不亮", "110112004"),
        (None, "", "于家务回族乡的路灯不亮", "110112209"),
        (None, "马驹桥商业街", "路灯不亮", "110112109"),
        (None, "永顺某小区", "宋庄镇的路灯", "110112104"),  # a full name precedes a short one
        (None, "新华大街 1 号", "路灯不亮", None),  # a road, not the street of that name
        (None, "北苑南路", "路灯不亮", None),
        (None, "", "从永顺镇到梨园镇的路灯都不亮", None),
        (None, "", "永顺的路灯不亮", None),
        ("999999999", "", "路灯不亮", None),
        (None, "", "路灯不亮", None),
    ],
)
def test_where_a_complaint_is(
    area: str | None, address: str, text: str, street: str | None
) -> None:
    assert suggest(text, area=area, address=address).area == street


@pytest.mark.parametrize(
    ("category", "area", "unit"),
    [
        ("0103", "110112001", "enforcement-zhongcang"),
        ("0103", "110112004", "110112004"),
        ("0101", "110112004", "110112004"),
        ("0101", None, "city-management"),
        ("0303", "110112004", "water"),
        ("0403", None, "heating"),
        ("0801", None, "emergency"),
        ("7777", "110112004", "gov"),
        (None, "110112004", "gov"),
        (None, None, "gov"),
    ],
)
def test_who_answers(category: str | None, area: str | None, unit: str) -> None:
    assert route(TONGZHOU, category, area).unit == unit


def test_the_first_row_that_covers_both_wins_and_is_named() -> None:
    rows = [("0303", "110112*", "water"), ("03*", "*", "river-station"), ("*", "*", "@street")]
    pack = TONGZHOU.model_copy(
        update={
            "responsibilities": tuple(
                Responsibility(category=category, area=area, unit=unit, line=line)
                for line, (category, area, unit) in enumerate(rows, 2)
            )
        }
    )
    routing = route(pack, "0303", "110112004")
    assert routing.unit == "water"
    assert routing.why == "tongzhou/responsibilities.csv:2 (0303, 110112*, water)"
    assert route(pack, "0303", None).unit == "river-station"
    assert route(pack, None, "110112004901").unit == "110112004"


def test_what_nobody_owns_is_the_district_governments() -> None:
    routing = route(TONGZHOU, None, None)
    assert routing.unit == TONGZHOU.city.fallback
    assert routing.why.startswith("tongzhou/city.toml#city.fallback")


def test_every_category_has_an_owner_in_every_street() -> None:
    for category in TONGZHOU.categories:
        for street in TONGZHOU.streets:
            routing = route(TONGZHOU, category.code, street.area)
            assert routing.unit != TONGZHOU.city.fallback, category
            assert TONGZHOU.unit(routing.unit).code == routing.unit
