"""A city with incidents, and reports of one outage."""

from pathlib import Path
from typing import Any

from packs.registry import PackRegistry
from tests.support.cities import city_with

BEIYUAN = "110112003"
"""The street 北苑街道 of Tongzhou."""

DRY: dict[str, Any] = {
    "city": "tongzhou",
    "text": "新华西街突然停水了，家里一点水都没有，什么时候能来？",
    "place": {"area": BEIYUAN, "address": "新华西街 12 号"},
}
"""A report of the outage, which is surely one of it."""

LAMP: dict[str, Any] = {
    "city": "tongzhou",
    "text": "新华西街的路灯不亮，晚上很黑。",
    "category": "0301",
    "place": {"area": BEIYUAN, "address": "新华西街"},
}
"""A report from the same street about another matter."""

STATEMENT = "新华西街供水管爆裂，正在抢修，预计今晚十点恢复供水。"


def stormy(folder: Path, **policy: Any) -> PackRegistry:
    """Return Tongzhou with incidents, proposed from three reports on, and started at once."""
    rules = {"minutes": 10, "reports": 3, "times": 2, "starts": 50} | policy
    return city_with(folder, features={"merge": True}, incidents=rules)


def outage(began_at: str, **changes: Any) -> dict[str, Any]:
    """Return the body that declares the outage."""
    return {
        "title": "新华西街停水",
        "scope": {
            "categories": ["0401"],
            "areas": [BEIYUAN],
            "places": ["新华西街"],
            "words": ["停水", "没水"],
            "began_at": began_at,
        },
        "statement": STATEMENT,
    } | changes
