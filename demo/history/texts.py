"""Complaints of a simulated history: texts with places for what differs, all invented.

`{at}` is a street with a place in it, `{street}` the street alone; the rest is drawn by `told`:
days, hours, floors, numbers of buildings. Each of them appears as citizens and operators write.
"""

from random import Random
from typing import NamedTuple

from demo.complaints import PLACES, TEXTS, Text
from demo.history.longer_texts import LONGER

PATTERNS = LONGER + TEXTS
"""Every complaint."""

HOURS = (
    "早上六点多",
    "早高峰",
    "中午",
    "下午四五点",
    "傍晚",
    "晚上九点以后",
    "夜里十一点",
    "凌晨两点",
)
_ESTATES = (
    "阳光里", "翠园", "福苑", "建新里", "清泉苑", "丰和家园", "安居里", "景明园", "华兴里",
    "友谊里", "锦程苑", "梧桐苑", "和平里", "光明楼", "新风里", "柳荫园", "东兴苑", "百合园",
    "康乐里", "枫林苑", "朝霞里", "嘉和园",
)  # fmt: skip
_SPOTS = ("", "东门", "西门", "南侧", "北门外", "底商门前")
_PLACES = PLACES + tuple(f"{estate}{spot}" for estate in _ESTATES for spot in _SPOTS)
_SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"


class ToldComplaint(NamedTuple):
    """The words of one complaint."""

    title: str
    text: str
    address: str


class ComplaintDetails(NamedTuple):
    """The details that differ between complaints about the same matter at the same place."""

    days: int
    time: str
    floor: int
    n: int


def details(dice: Random) -> ComplaintDetails:
    """Draw the details of one complaint."""
    return ComplaintDetails(
        days=dice.randint(2, 15),
        time=dice.choice(HOURS),
        floor=dice.randint(2, 18),
        n=dice.randint(1, 38),
    )


def told(pattern: Text, street: str, place: str, drawn: ComplaintDetails) -> ToldComplaint:
    """Return the complaint of this pattern at this place."""
    at = f"{street}{place}"
    words = {"street": street, "place": place, "at": at, **drawn._asdict()}
    return ToldComplaint(
        title=pattern.title.format(**words),
        text=pattern.text.format(**words),
        address=f"{at}{drawn.n}号",
    )


def places() -> tuple[str, ...]:
    """Return the places that streets have."""
    return _PLACES


def name(dice: Random) -> str:
    """Return a citizen's name as operators note it: a surname with a form of address."""
    return dice.choice(_SURNAMES) + dice.choice(("先生", "女士"))
