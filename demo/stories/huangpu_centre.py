"""黄埔: the district centre, services by appointment, and the citizen's decisions."""

from datetime import UTC, datetime, timedelta

from demo.stories.claims import must
from demo.stories.huangpu_street import STREET, YUNPU
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role

CENTRE, HONGSHAN = "centre", "440112002"
BY_SCIENCE_CITY = {"lat": 23.1655, "lon": 113.4555}
ON_CHANGZHOU = {"lat": 23.0735, "lon": 113.4205}


# --- raised levels, and intervention -------------------------------------------------------------


async def road(story: Telling) -> None:
    """Play a matter beyond any street: raised one level, and not further."""
    road = await story.file(
        "断头路",
        kind="help",
        channel="app",
        title="断头路何时打通",
        text="两个街道交界处的断头路多年没通。",
        category="0207",
        place={"area": STREET},
    )
    await road.with_unit(STREET)
    await road.by(STREET, "sign")
    await road.by(STREET, "raise-level", reason="跨两个街道，涉及征地和规划")
    await road.handled(CENTRE, "已列入今年道路计划，施工单位进场。")
    await road.rated(4)
    await road.closed()


async def left_lying(story: Telling) -> None:
    """Play a signed ticket left unhandled: yellow card, red card, then raised automatically."""
    hole = await story.file(
        "久拖",
        kind="help",
        channel="hotline",
        title="路面有大坑",
        text="路面破损，坑洼积水，骑车摔了两次。",
        category="0201",
        place={"area": HONGSHAN},
        contact={"phone": "13800000000"},
    )
    await hole.with_unit(HONGSHAN)
    await hole.by(HONGSHAN, "sign")
    await hole.by(HONGSHAN, "contact", reached=True, note="说马上来")
    await hole.with_unit(CENTRE)
    await hole.handled(CENTRE, "已连夜修补，并约谈街道责任人。")
    await hole.rated(3)
    await hole.closed()


async def smell(story: Telling) -> None:
    """Play departments without a lead: the centre names one and overrides a late share."""
    smell = await story.file(
        "异味",
        kind="complaint",
        channel="hotline",
        title="工业园刺鼻异味",
        text="园区傍晚有刺鼻塑料味，反映过多次。",
        category="0504",
        place={"area": YUNPU},
        contact={"phone": "13800008888"},
    )
    await smell.with_unit(YUNPU)
    await smell.by(YUNPU, "sign")
    calls = [{"unit": unit, "task": "到园区联合排查"} for unit in ("environment", "market")]
    reason = "园区企业多，街道单独查不清"
    await smell.by(YUNPU, "whistle", ground="joint_enforcement", reason=reason, units=calls)
    await smell.with_unit("environment")
    reason = "各家都到了，没人牵头：由生态环境分局主办"
    await smell.by(Role.DISPATCHER, "intervene", unit="environment", reason=reason)
    lead = await smell.until(
        "led by the named unit",
        lambda ticket: [a.unit for a in ticket.opened] == ["environment"],
    )
    must(lead.no_returns, "who was named by the centre could give it back")
    await smell.by("environment", "sign")
    await smell.by("environment", "contact", reached=True)
    calls = [{"unit": unit, "task": "核查证照与消防"} for unit in ("market", "fire")]
    reason = "查封须证照与消防依据"
    await smell.by("environment", "whistle", ground="joint_enforcement", reason=reason, units=calls)
    await smell.done("market", "两家无照，已查处。")
    await smell.done("environment", "已责令两家停产，加装废气处理设施，夜间巡查一月。")
    await smell.happened("share_handled", 2)
    reason = "主要问题已解决，消防复核另行跟踪，不再等待"
    await smell.by(Role.SUPERVISOR, "override", reason=reason)
    await smell.rated(4)
    await smell.closed()


# --- services ------------------------------------------------------------------------------------


async def permit(story: Telling) -> None:
    """Play a service request: the nearest centre makes an appointment, with a reminder."""
    permit = await story.file(
        "居住证",
        kind="service",
        channel="wechat",
        title="预约办理居住证",
        text="想约个时间办居住证续签。",
        category="0903",
        place=BY_SCIENCE_CITY,
        contact={"phone": "13800009999"},
    )
    centre = "services-science-city"
    await permit.with_unit(centre)
    await permit.by(centre, "sign")
    await permit.by(centre, "contact", reached=True)
    await permit.by(centre, "appoint", starts_at=_in(story, 3), text="请带身份证和租赁合同。")
    await permit.climbed("appointment", "warn")
    await permit.done(centre, "续签已办好，新证当场领取。")
    await permit.rated(5)
    await permit.closed()


async def nursing(story: Telling) -> None:
    """Play an appointment replaced by a later one."""
    nurse = await story.file(
        "上门护理",
        kind="service",
        channel="hotline",
        title="预约上门换药",
        text="老人行动不便，想请护士上门换药。",
        category="0904",
        place=ON_CHANGZHOU,
        contact={"phone": "13800001111"},
    )
    centre = "services-changzhou"
    await nurse.with_unit(centre)
    await nurse.by(centre, "sign")
    await nurse.by(centre, "contact", reached=True)
    await nurse.by(centre, "appoint", starts_at=_in(story, 20), text="下周上午。")
    await nurse.by(Role.DESK, "appoint", starts_at=_in(story, 40), text="家属要求改期。")
    await nurse.done(centre, "已上门换药，下次时间已约好。")
    await nurse.rated(4)
    await nurse.closed()


def _in(story: Telling, days: float) -> str:
    """Return the moment `days` days of the story from now."""
    return (datetime.now(UTC) + timedelta(seconds=days * story.day)).isoformat()


# --- the citizen's decisions ---------------------------------------------------------------------


async def unhappy(story: Telling) -> None:
    """Play an unsatisfied rating: reworked one level up, then a final reply."""
    property_ = await story.file(
        "物业",
        kind="complaint",
        channel="app",
        title="物业公司不作为",
        text="门禁坏了两个月，物业公司不修。",
        category="0701",
        place={"area": STREET},
        contact={"phone": "13800005555"},
    )
    await property_.handled(STREET, "已约谈物业。", resolved=False)
    await property_.rated(1, resolved=False)
    await property_.with_unit(CENTRE)
    await property_.handled(CENTRE, "物业已更换门禁，并公示维修基金。")
    await property_.rated(2)
    await property_.at("supervise")
    text = "门禁已恢复；减免物业费的要求没有依据，可循民事途径解决。特此最终答复。"
    await property_.by(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
    await property_.closed()


async def taken_back(story: Telling) -> None:
    """Play a withdrawal by the citizen."""
    dog = await story.file(
        "撤回",
        kind="complaint",
        channel="app",
        title="邻居遛狗不牵绳",
        text="小区里有人遛狗不牵绳。",
        category="1405",
        place={"area": STREET},
    )
    await dog.with_unit(STREET)
    await dog.citizen("withdraw", reason="已当面说好")
    await dog.closed()


async def back_again(story: Telling, creek: StoryTicket) -> None:
    """Play a problem that recurs after the end: a linked ticket follows."""
    values = {"text": "河涌又发臭了，和上次一样。"}
    receipt = await story.people.citizen(creek.number, creek.code, "recur", values)
    again = story.adopt("又臭了", receipt["number"], receipt["access_code"])
    await again.handled(STREET, "复查发现一处封堵松脱，已重做并加装流量计。")
    await again.rated(5)
    await again.closed()
