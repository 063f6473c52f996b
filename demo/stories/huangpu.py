"""黄埔: the street first; no refused orders, every call answered (令行禁止、有呼必应)."""

import asyncio

from demo.stories import huangpu_centre as centre
from demo.stories import huangpu_street as street
from demo.stories.telling import Telling


async def play(story: Telling) -> None:
    """Play a fortnight of the district."""
    await story.scene("黄埔：街道先接，小事不出网格，琐事不出社区，大事不出街道")
    async with asyncio.TaskGroup() as meanwhile:
        creek = await street.creek(story)
        meanwhile.create_task(centre.left_lying(story))
        await street.trifle(story)
        await street.neighbours(story)
        await story.scene("传感器、求助键直达街道，分钟计时，昼夜不停")
        await street.outfall(story)
        await street.sos(story)
        await story.scene("令行禁止：接令不拒单、不讲条件，拒了也记下来")
        await street.refusing(story)
        await story.scene("污水倒灌：街道和水务同时应哨，查因、定案、施工")
        await street.sewage(story)
        await story.scene("区指挥中心：只管街道办不了的，可提级、可介入、可指定主办")
        await centre.road(story)
        await centre.smell(story)
        await story.scene("黄埔智慧生活：要服务，找最近的中心，约好时间")
        meanwhile.create_task(centre.permit(story))
        await centre.nursing(story)
        await story.scene("市民说了算：不满意提一级再办，撤回随市民，复发有新单接续")
        await centre.unhappy(story)
        await centre.taken_back(story)
        await centre.back_again(story, creek)
        await story.scene("到期：拖着不办的红牌提级，没人评的如实记作未评")
