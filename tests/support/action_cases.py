"""Every action form, with a role that may send it and a ticket on which it can be sent."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain.actors import Role
from tests.api.running_api import GOOD, Api, Filed

ABLE: dict[str, Any] = {
    "features": dict.fromkeys(
        ("raise_level", "ask_citizen", "merge", "exclude", "intervene", "appoint", "settle_all"),
        True,
    ),
    "caps": {"returns": 1, "reworks": 0, "delegations": 2},
    "limits": {"arbitrate": "2d", "revisit": "1d", "aftercare": "30d", "appointment": "1h"},
    "ladder": {"arbitrate": [{"kind": "due", "tells": ["dispatcher"]}]},
    "aftercare": {"revisits": ["7d"]},
    "reasons": {"exclude": [{"code": "mistaken", "zh": "误评", "en": "Mistaken"}]},
}  # fmt: skip
"""The changes to Tongzhou's pack that enable everything any city does."""

BAD = {"contacted": True, "resolved": False, "grade": 1}
WHISTLE = {
    "ground": "beyond_street",
    "reason": "涉及规划。",
    "units": [{"unit": "planning", "task": "核实。"}],
}
EXTEND = {"by": "3d", "reason": "等配件。"}


# --- tickets to act on --------------------------------------------------------------------------

Ready = Callable[[Api], Awaitable[Filed]]


async def fresh(api: Api) -> Filed:
    return await api.file()


async def _reachable(api: Api) -> Filed:
    """Return an answered ticket whose citizen can be called."""
    return await api.handled(contact={"phone": "010-00012345"})


async def _hidden(api: Api) -> Filed:
    return await api.file(contact={"phone": "010-00012345"}, anonymous=True)


async def _praise(api: Api) -> Filed:
    return await api.unclear(kind="praise")


def _after(*acts: tuple[Role, str, Any]) -> Ready:
    """Return a maker of tickets on which `acts` were done through the API."""

    async def ready(api: Api) -> Filed:
        ticket = await api.file()
        for role, what, body in acts:
            by = ticket.by_unit(what, body) if role is Role.OFFICER else ticket.by(role, what, body)
            answer = await by
            assert answer.status_code == 200, answer.text
        return ticket

    return ready


async def _held(api: Api) -> Filed:
    hold = {"ground": "works", "until": _in_days(20).isoformat(), "reason": "大修。"}
    decide = {"approve": True, "reason": "同意。"}
    return await _after((Role.OFFICER, "hold", hold), (Role.SUPERVISOR, "decide", decide))(api)


async def _lead_done(api: Api) -> Filed:
    ticket = await _after((Role.OFFICER, "whistle", WHISTLE))(api)
    assert (await ticket.complete()).status_code == 200
    return ticket


async def _to_arbitrate(api: Api) -> Filed:
    back = {"ground": "not_ours", "reason": "不属于本单位职责。"}
    granted = {"approve": True, "reason": "同意。"}
    acts = ((Role.OFFICER, "return", back), (Role.DISPATCHER, "decide", granted))
    ticket = await _after(*acts)(api)
    await ticket.until_stage("arbitrate")
    return ticket


async def _rated(api: Api, rating: dict[str, Any], stage: str) -> Filed:
    ticket = await api.handled()
    assert (await ticket.rate(rating)).status_code in (200, 202)
    await ticket.until_stage(stage)
    return ticket


async def _watched(api: Api) -> Filed:
    return await _rated(api, GOOD, "aftercare")


async def _supervised(api: Api) -> Filed:
    return await _rated(api, BAD, "supervise")


async def _merged(api: Api) -> Filed:
    other, ticket = await api.file(), await api.file()
    body = {"into": other.number, "reason": "同一河段。"}
    assert (await ticket.by(Role.DISPATCHER, "merge", body)).status_code == 200
    return ticket


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _typed(at: datetime) -> str:
    """Format a date and time as a browser sends them."""
    return at.strftime("%Y-%m-%dT%H:%M")


# --- the cases ----------------------------------------------------------------------------------


class Case(NamedTuple):
    path: str
    role: Role
    ready: Ready
    typed: dict[str, Any]
    kind: str
    shown: tuple[str, ...] = ()
    """The texts on the page afterwards."""


_OFFICER, _DESK, _DISPATCHER, _SUPERVISOR = (
    Role.OFFICER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR,
)  # fmt: skip
WHY = {"reason": "情况属实，理由如下。"}

CASES = (
    Case("sign", _OFFICER, fresh, {}, "signed", ("已签收",)),
    Case("contact", _OFFICER, fresh, {"reached": "no", "note": "无人接听"}, "contacted",
         ("无人接听", "未联系上")),
    Case("complete", _OFFICER, fresh, {"reply": "已清淤。", "resolved": "yes"}, "handled",
         ("已清淤。",)),
    Case("answer-order", _OFFICER, _after((_SUPERVISOR, "supervise", {"text": "请整改。"})),
         {"order": "1", "answer": "已增派人手。"}, "order_answered", ("已增派人手。",)),
    Case("review", _OFFICER, _held, {"note": "路面铺设中。", "resume": "no"}, "reviewed",
         ("路面铺设中。",)),
    Case("ask", _OFFICER, fresh, {"question": "是几号楼？"}, "citizen_asked",
         ("是几号楼？", "时限暂停")),
    Case("return", _OFFICER, fresh, {"ground": "not_ours"} | WHY, "return_asked",
         ("不属于本单位职责", WHY["reason"])),
    Case("extend", _OFFICER, fresh, {"by": "3", "by_in": "wd"} | WHY, "extension_asked",
         ("3 个工作日",)),
    Case("hold", _OFFICER, fresh,
         {"ground": "works", "until": _typed(_in_days(20))} | WHY, "hold_asked",
         (WHY["reason"],)),
    Case("exclude", _OFFICER, _supervised, {"ground": "mistaken", "records": "录音-118"} | WHY,
         "exclusion_asked", ("误评",)),
    Case("whistle", _OFFICER, fresh,
         {"ground": "beyond_street", "unit_1": "市规自委分局", "task_1": "核实红线。",
          "unit_2": "区园林绿化局 · landscaping", "task_2": "移植绿篱。", "limit_2": "3",
          "limit_2_in": "d"} | WHY, "whistled", ("市规自委分局", "移植绿篱。")),
    Case("delegate", _OFFICER, fresh, {"unit": "river-station", "task": "今天内清理。"},
         "delegated", ("今天内清理。",)),
    Case("release", _OFFICER, _after((_OFFICER, "whistle", WHISTLE)), {"assignment": "2"} | WHY,
         "released", (WHY["reason"],)),
    Case("override", _OFFICER, _lead_done, WHY, "overridden", (WHY["reason"],)),
    Case("raise-level", _OFFICER, fresh, WHY, "level_raised", (WHY["reason"],)),
    Case("triage", _DISPATCHER, _praise,
         {"category": "黑臭水体", "kind": "complaint", "unit": "区水务局", "note": "已核对"},
         "classified", ("黑臭水体", "投诉")),
    Case("accuse", _DESK, fresh, {"units": ["区水务局", "police"], "note": "来电人点名。"},
         "taken_from_accused", ("区水务局", "从被举报单位收回")),
    Case("decide", _SUPERVISOR, _after((_OFFICER, "extend", EXTEND)), {"approve": "yes"} | WHY,
         "extension_granted", (WHY["reason"],)),
    Case("reassign", _DISPATCHER, fresh, {"unit": "区住房城乡建设委"} | WHY, "reassigned",
         ("区住房城乡建设委", WHY["reason"])),
    Case("reclassify", _DESK, fresh, {"category": "0204", "longer": "no"} | WHY, "reclassified",
         ("路灯", "原分类：黑臭水体", WHY["reason"])),
    Case("arbitrate", _DISPATCHER, _to_arbitrate,
         {"unit": "housing", "text": "由住建牵头。", "units": ["water", "区住房城乡建设委"]},
         "arbitrated", ("由住建牵头。", "协调会")),
    Case("intervene", _DISPATCHER, fresh, {"unit": "emergency"} | WHY, "intervened",
         ("区应急局",)),
    Case("unmerge", _DISPATCHER, _merged, WHY, "unmerged", (WHY["reason"],)),
    Case("conclude", _DESK, _praise,
         {"outcome": "answered", "text": "谢谢您的表扬。", "unit": "区水务局"}, "answered",
         ("谢谢您的表扬。",)),
    Case("supervise", _SUPERVISOR, fresh, {"text": "请三日内报结果。"}, "supervision_ordered",
         ("请三日内报结果。", "尚未回复")),
    Case("notice", _SUPERVISOR, fresh, {"text": "超期未答复。"}, "publicly_noticed",
         ("超期未答复。",)),
    Case("minutes", _OFFICER, fresh,
         {"what": "deliberation", "text": "逐一讨论。", "units": ["water", "北苑街道"],
          "residents": "21", "title_1": "增划车位", "pros_1": "当月可完成\n省钱",
          "cons_1": "占绿化带", "votes_1": "15", "title_2": "错时共享", "decision": "采用第一案。",
          "agreed": "yes"}, "minutes_kept", ("增划车位", "15 票", "北苑街道", "采用第一案。")),
    Case("settle-all", _DISPATCHER, fresh, {"text": "排查河道。", "units": ["market"]},
         "inspections_opened", ("排查河道。",)),
    Case("appoint", _DESK, fresh, {"starts_at": _typed(_in_days(3)), "text": "请带证件。"},
         "appointed", ("请带证件。",)),
    Case("revisit", _DESK, _watched, {"holds": "yes", "note": "河水清澈。"}, "revisited",
         ("河水清澈。", "效果保持")),
    Case("recur", _DESK, _watched, {"text": "又发黑了。"}, "reopened", ("又发黑了。",)),
    Case("call-back", _DESK, _reachable,
         {"reached": "yes", "resolved": "yes", "grade": "4", "contacted": "yes",
          "words": "挺好", "note": "语气平和"}, "called_back", ("满意", "挺好", "语气平和")),
    Case("facts", _DESK, fresh, {"text": "今天更臭了。"}, "facts_added", ("今天更臭了。",)),
    Case("open-contact", _DESK, _hidden, {}, "contact_opened", ("市民同意向承办单位公开联系方式",)),
    Case("leave-contact", _DESK, fresh, {"phone": "010-00012345", "name": "王芳"}, "contact_left",
         ("市民补留联系方式",)),
    Case("urge", _DESK, fresh, {"text": "市民着急。"}, "urged", ("市民着急。",)),
    Case("withdraw", _DESK, fresh, {"reason": "已经好了。"}, "withdrawn", ("已经好了。",)),
)  # fmt: skip
