"""济南: snapshots (随手拍), river chiefs (河长), and supervision seen through to the end (督导)."""

import asyncio

from demo.stories import jinan_deadlines as deadlines
from demo.stories import jinan_several as several
from demo.stories import jinan_snapshots as snapshots
from demo.stories import jinan_supervision as supervision
from demo.stories.telling import Telling


async def play(story: Telling) -> None:
    """Play three weeks of the city."""
    await story.scene("济南：热线先分清，不归热线的说明去处")
    async with asyncio.TaskGroup() as meanwhile:
        await supervision.declined(story)
        await supervision.referred(story)
        await story.scene("退单两日为限、须说理由，不作声就是责任单位；黄牌提前一日，红牌超期次日")
        meanwhile.create_task(deadlines.silent(story))
        illegal = await deadlines.returned(story)
        await deadlines.extended(story)
        await story.scene("修路挂账定期复核，问市民时停表")
        meanwhile.create_task(deadlines.questions(story))
        await deadlines.link_road(story)
        await story.scene("随手拍：匿名也行，拍一块危险水泥块，一小时内清走")
        await snapshots.block(story)
        await story.scene("一堆垃圾六张照片：并单办理，各答各评；多人反映又三次催办，自动督办")
        await snapshots.heap(story)
        await story.scene("河长制：巡河发现、办理、回头看")
        await snapshots.rivers(story)
        await story.scene("停车难：居民议事会三个方案，投票定案，回头看")
        await several.parking(story)
        await story.scene("大集：一声哨响，多部门到场")
        await several.fair(story)
        await story.scene("督导：领导包片，问题清单，限时答复，第三方不打招呼核查")
        await supervision.areas(story)
        await story.scene("举报：被举报的单位看不到，办理单位不知道是谁")
        await supervision.report(story)
        await story.scene("重办仍不满意转督办，最终答复就此封存；办结后复发，原单接着办")
        await supervision.unhappy(story)
        await deadlines.parked_again(illegal)
        await story.scene("到期：红牌之后通报；不怪单位的申请剔除，另有人批")
