"""The complaint, with its place: the only input of a ticket.

Names, phones, e-mail and home addresses are not here: they stay in the vault and are referred to by
`person`. The text of the complaint and the place it is about are here.
"""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from domain.actors import Role
from domain.canonical import says_nothing, written_plainly
from domain.model import Incoming, Instant, Recorded

TEXT_LIMIT = 4000
"""The most characters of a complaint's text (as in Open311 GeoReport v2)."""


class Kind(StrEnum):
    CONSULTATION = "consultation"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬
    SERVICE = "service"  # 服务预约


def of_wrongdoing(*kinds: Kind) -> bool:
    """Return whether it is a report of wrongdoing (举报), by all the kinds that it has or had.

    Staff may classify a report as something else; who reported stays protected nevertheless.
    """
    return Kind.REPORT in kinds


def followed_as(kind: Kind, reports: bool) -> Kind:
    """Return the kind of a ticket that follows one of `kind`: a report of wrongdoing stays one."""
    return Kind.REPORT if reports else kind


class Channel(StrEnum):
    HOTLINE = "hotline"  # 电话
    WEB = "web"  # 网站
    APP = "app"  # 客户端
    WECHAT = "wechat"  # 微信
    GRID = "grid"  # 网格员
    PART_TIME_GRID = "part_time_grid"  # 兼职网格员
    SENSOR = "sensor"  # 卫星、传感
    OFFLINE = "offline"  # 说事箱、说事点、来访
    SNAPSHOT = "snapshot"  # 随手拍
    MAIL = "mail"  # 电子邮件
    PORTAL = "portal"  # 政民零距离: messages on the city's portal
    PROACTIVE = "proactive"  # 未诉先办
    INSPECTION = "inspection"  # 举一反三
    OPEN311 = "open311"  # 开放接口: other programs, by GeoReport v2
    OTHER = "other"


def clean_text(text: str) -> str:
    """Clean `text` for storage: NFC, Unix line ends, no control or bidi-override characters.

    Emoji, right-to-left scripts and markup stay: they are the citizen's words, and the code that
    shows a text has to escape it.
    """
    text = _LINE_END.sub("\n", text)
    return _UNWANTED.sub("", unicodedata.normalize("NFC", text)).strip()


_LINE_END = re.compile("\r\n?")
# Control characters but newline and tab; and characters that reorder the following text, which
# only serve to mislead readers.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def cleaned(text: str, info: ValidationInfo) -> str:
    """Clean an optional text: one of which nobody would see anything is empty."""
    text = clean_text(text)
    return "" if _is_new(info) and says_nothing(text) else text


def required(text: str, info: ValidationInfo) -> str:
    """Clean a text that has to say something.

    Raises:
        ValueError: nobody would see anything of it.
    """
    text = cleaned(text, info)
    if not text:
        raise ValueError("the text is empty")
    return text


def _is_new(info: ValidationInfo) -> bool:
    """Return whether the text comes from outside: only then it is judged by today's rule.

    Records of the store and of the engine are read as JSON; what was taken once stays readable.
    """
    return info.mode != "json"


Text = Annotated[str, StringConstraints(max_length=TEXT_LIMIT), AfterValidator(required)]
"""Free text, cleaned, never empty, at most `TEXT_LIMIT` characters."""

Title = Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)]
Code = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,32}$"), BeforeValidator(written_plainly)
]
"""A code of a city, unit or category, however wide it was typed."""


class Crs(StrEnum):
    """The datum of a point: WGS-84, or the Chinese map services' (`domain.pack.coordinates`).

    CGCS2000, the national datum, differs from WGS-84 by centimetres and counts as the same.
    """

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"

    @classmethod
    def _missing_(cls, value: object) -> "Crs | None":
        """Take the usual spellings: WGS-84, CGCS2000, GCJ-02, BD09LL and the like."""
        return (
            _SPELLINGS.get(_BETWEEN.sub("", value.casefold())) if isinstance(value, str) else None
        )


_BETWEEN = re.compile(r"[\s:_-]+")
_SPELLINGS = {
    "wgs84": Crs.WGS84,
    "cgcs2000": Crs.WGS84,
    "epsg4326": Crs.WGS84,
    "epsg4490": Crs.WGS84,
    "gcj02": Crs.GCJ02,
    "bd09": Crs.BD09,
    "bd09ll": Crs.BD09,
}


class Place(Incoming):
    """The place of the problem (not the citizen's home). Every part may be missing."""

    area: Code | None = Field(None, description="Division code of the street, community or cell.")
    address: Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)] = ""
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    crs: Crs = Crs.WGS84

    @model_validator(mode="before")
    @classmethod
    def _not_swapped(cls, values: Any) -> Any:
        """Say the likely intention of a latitude beyond 90, as China's longitudes are."""
        if isinstance(values, dict):
            lat, lon = _degrees(values.get("lat")), _degrees(values.get("lon"))
            if lat is not None and lon is not None and 90 < abs(lat) <= 180 and abs(lon) <= 90:
                raise ValueError(f"lat and lon are swapped, it seems: is it lat {lon}, lon {lat}?")
        return values

    @model_validator(mode="after")
    def _whole_point(self, info: ValidationInfo) -> Self:
        """Refuse half a point of a new complaint: nobody could go there."""
        if _is_new(info) and (self.lat is None) != (self.lon is None):
            raise ValueError("a point needs both lat and lon")
        return self


def _degrees(value: object) -> float | None:
    """Return a number as it may be given in JSON or a form; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


class Filer(Recorded):
    """The one who filed a complaint: a citizen, an account or a program of staff, or the system.

    `account`: the id of the account or token, empty for a citizen and the system. `program`: it was
    a token.
    """

    role: Role
    account: str = ""
    unit: str | None = None
    program: bool = False


class Complaint(Recorded):
    """A registered complaint: the input of `TicketWorkflow`.

    `unit`: the intended one, if it was known (an inspection). `follows`: the earlier ticket about
    the same matter. `topic`: the common problem (共性问题) it was opened for. `public`: the citizen
    agreed that question and answer are published, without names. `files`: ids of the files uploaded
    with it. `by_hand`: a person does the triage; the machine only suggests. `filed_by`: None
    for one from before that was recorded. `reachable`: a phone or an e-mail address was left; None,
    from before the field existed: if there is a `person`. `accused`, `kept_from`: those of the
    ticket that it follows, if that was a report of wrongdoing (see `Ticket`). `taken_over_at`: when
    it came from another system, which had had it since `filed_at`; None: it was filed here.
    """

    number: str
    city: str
    kind: Kind = Kind.COMPLAINT
    accused: list[str] | None = None
    kept_from: list[str] = Field(default_factory=list)
    channel: Channel = Channel.WEB
    title: str = ""
    text: str
    category: str | None = None
    unit: str | None = None
    follows: str | None = None
    topic: str | None = None
    public: bool = False
    place: Place = Field(default_factory=Place)
    anonymous: bool = False
    person: str | None = None
    reachable: bool | None = None
    files: list[str] = Field(default_factory=list)
    by_hand: bool = False
    filed_by: Filer | None = None
    filed_at: Instant
    taken_over_at: Instant | None = None

    @property
    def received_at(self) -> datetime:
        """The moment from which it was here: what is due at the centre is counted from then."""
        return self.taken_over_at or self.filed_at

    @property
    def of_wrongdoing(self) -> bool:
        """True if a person has to say whom it accuses, or has said so of the one it follows."""
        return of_wrongdoing(self.kind) or bool(self.kept_from)
