"""A small learned model, made from made-up messages by what trains real ones."""

from datetime import UTC, datetime
from functools import lru_cache

import pytest

from domain.ticket.complaint import Kind

CITY = "langfang"
SAYINGS: dict[str, list[str]] = {
    "0204": ["路灯坏了", "路灯不亮", "路灯一闪一闪", "晚上没有路灯照明", "灯杆倒了路灯灭着"],
    "0101": ["垃圾没人清运", "垃圾桶满了", "垃圾堆在路边发臭", "生活垃圾乱倒", "保洁不清扫垃圾"],
    "0402": ["停电半天了", "经常停电跳闸", "电压太低带不动空调", "变压器老是停电", "停电没有通知"],
}
_PLACES = ["小区门口", "学校旁边", "菜市场里", "村口", "三号楼下", "公园北门", "车站对面", "胡同里"]
ASKED = {Kind.COMPLAINT: "请尽快处理", Kind.CONSULTATION: "请问该找哪个部门咨询"}
_SINCE = ["好几天", "一个星期", "从昨晚开始", "一直没人管"]


@lru_cache
def learned_file(city: str = CITY) -> bytes:
    """Return a model's file; skip the test where the extra `insight` is not installed."""
    pytest.importorskip("sklearn")
    from app.triage.matrix import Labelled
    from app.triage.training import learn_from_messages

    messages = [
        Labelled(
            "",
            f"{place}{said}，{since}，{ASKED[kind]}",
            category,
            f"26030{count:08}",
            kind=kind,
        )
        for count, (category, said, place, since, kind) in enumerate(
            (category, said, place, since, (Kind.COMPLAINT, Kind.CONSULTATION)[count % 2])
            for category, sayings in SAYINGS.items()
            for said in sayings
            for place in _PLACES
            for count, since in enumerate(_SINCE)
        )
    ]
    return learn_from_messages(messages, city, datetime(2026, 3, 2, tzinfo=UTC))
