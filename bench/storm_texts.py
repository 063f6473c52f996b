"""Reports of one outage as people and devices write them, among others that are nearly the same.

Each has its label: whether it is about the outage, else why it is not. The labels are what the
generator meant; nothing here knows how reports are judged.
"""

import random
from dataclasses import dataclass
from typing import Any

STREET, STREET_NAME = "110112003", "北苑街道"
ROAD = "新华西街"
OTHER_ROADS = (
    "新华东街",
    "北苑南路",
    "通朝大街",
    "吉祥路",
    "玉带河西街",
    "复兴南里",
    "滨河雅园小区",
)

SAME = "same"
"""The label of a report of the outage."""


@dataclass(frozen=True)
class StormReport:
    """A report as it is filed, and its label."""

    body: dict[str, Any]
    label: str


_OPENINGS = (
    "", "您好，", "12345吗，", "师傅你好，", "请问一下，", "反映个事，", "急！", "喂，",
    "投诉，", "麻烦问下，",
)  # fmt: skip
_WHERE = (
    f"{ROAD}{{n}}号", f"{ROAD}{{n}}号院", f"我家在{ROAD}{{n}}号楼", f"{STREET_NAME}{ROAD}",
    f"{ROAD}{{n}}号院{{m}}号楼", f"住{ROAD}这边", f"{ROAD}路口", f"{ROAD}北侧", f"{ROAD}整条街",
)  # fmt: skip
_DRY = (
    "停水了", "突然停水", "没水了", "断水了", "一点水都没有，停水了", "从刚才开始没水",
    "水龙头没水了", "自来水停水", "全楼停水", "没有通知就停水", "停水一个多小时了", "没水做饭",
    "没水洗澡", "停水停了半天", "水压低得上不来，现在没水了", "水管爆裂，停水了",
)  # fmt: skip
_WISHES = (
    "", "什么时候能来水？", "请尽快处理。", "几点恢复？", "家里有老人孩子，着急用水。",
    "到底什么情况？", "赶紧派人修一下。", "没人接电话。", "希望给个说法。", "整栋楼都这样。",
    "饭都做不了。", "物业说不知道。",
)  # fmt: skip


def outage(dice: random.Random, n: int) -> StormReport:
    """Write a report of the outage: by a device, or by somebody, who may not say where it is."""
    if n % 25 == 0:
        text = f"{ROAD}压力监测点 P-{dice.randint(1, 9)}：水压过低，读数 0.0{dice.randint(1, 9)}。"
        return StormReport(_body(text, ROAD, category="0401", channel="sensor", area=True), SAME)
    where = dice.choice(_WHERE).format(n=dice.randint(1, 99), m=dice.randint(1, 12))
    says = f"{dice.choice(_DRY)}，{dice.choice(_WISHES)}".rstrip("，")
    opening = dice.choice(_OPENINGS)
    if n % 20 == 1:  # says nowhere in the text; the form has it
        return StormReport(_body(f"{opening}家里{says}", where, area=dice.random() < 0.5), SAME)
    if n % 20 == 2:  # names no road at all
        return StormReport(_body(f"{opening}我家{says}", "", area=True), SAME)
    address = where if dice.random() < 0.5 else ""
    return StormReport(
        _body(f"{opening}{where}{says}", address, area=dice.random() < 0.6 or not address), SAME
    )


def near(dice: random.Random) -> StormReport:
    """Write a report that is nearly the same: another street, time or matter, or somebody in need.

    Or one that nobody may put with others unseen.
    """
    n, other = dice.randint(1, 99), dice.choice(OTHER_ROADS)
    label, text, address, more = dice.choice(
        [
            ("other place", f"{other}{n}号停水了，{dice.choice(_WISHES)}", other, {}),
            ("other place", f"{other}没水了，{ROAD}那边听说也停了。", other, {}),
            ("other place", f"我家{dice.choice(_DRY)}", other, {}),
            ("other time", f"{ROAD}{n}号每天晚上停水，已经半个月了。", ROAD, {}),
            ("other time", f"上周{ROAD}停水两次都没有通知，要个说法。", ROAD, {}),
            ("other time", f"{ROAD}前天停水后水表就不走了。", ROAD, {}),
            ("other time", f"请问{ROAD}明天会停水吗？", ROAD, {}),
            ("other matter", f"{ROAD}{n}号楼下路灯不亮，晚上很黑。", ROAD, {}),
            ("other matter", f"{ROAD}停电了，冰箱里的东西都要坏了。", ROAD, {}),
            ("other matter", f"{ROAD}污水井冒污水，路上都是脏水。", ROAD, {}),
            ("other matter", f"{ROAD}{n}号院自来水发黄，有味道。", ROAD, {}),
            ("other matter", f"{ROAD}垃圾堆了一地没人清运。", ROAD, {}),
            ("other matter", f"{ROAD}有人半夜施工噪声扰民。", ROAD, {}),
            ("danger", f"{ROAD}{n}号停水，电梯也停了，有人被困。", ROAD, {}),
            ("danger", f"{ROAD}停水，家里老人在家透析用不了水。", ROAD, {}),
            ("wrongdoing", f"举报{ROAD}供水站有人收钱才给修，故意停水。", ROAD, {"kind": "report"}),
            ("over", f"{ROAD}已经来水了，谢谢你们。", ROAD, {}),
            ("suggestion", f"建议{ROAD}停水提前发短信通知。", ROAD, {"kind": "suggestion"}),
        ]
    )  # fmt: skip
    return StormReport(_body(text, address, area=True, **more), label)


_MATTERS = (
    ("井盖松动，车一过就响。", "0203"), ("垃圾两天没人清运。", "0101"), ("路灯不亮。", "0204"),
    ("路面坑洼，下雨不好走。", "0201"), ("河水发黑发臭。", "0301"), ("半夜施工噪声扰民。", "0501"),
)  # fmt: skip
_STREETS = ("110112001", "110112002", STREET, "110112004", "110112121")


def ordinary(dice: random.Random) -> StormReport:
    """Write a report of something else somewhere, which a unit gets at once."""
    text, category = dice.choice(_MATTERS)
    road, street = dice.choice(OTHER_ROADS), dice.choice(_STREETS)
    body = _body(f"{road}{text}", road, area=True, category=category)
    body["place"]["area"] = street
    return StormReport(body, "ordinary")


def _body(text: str, address: str, *, area: bool, **more: Any) -> dict[str, Any]:
    place: dict[str, Any] = {"address": address} | ({"area": STREET} if area else {})
    return {"city": "tongzhou", "kind": "complaint", "text": text, "place": place, **more}
