"""济南: residents' snapshots and river keepers' findings."""

from datetime import UTC, datetime, timedelta

from demo.stories.claims import must
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role

LONGDONG, BEIYUAN = "370102012", "370105014"
EVALUATORS = "evaluators"
"""The third party that verifies on site, before filing and before closing."""
TOOK_PART = ("照片一", "照片二", "照片三", "照片四", "照片五")
"""Snapshots of one heap by five residents; a sixth is of another."""
OTHER = "照片六"


async def block(story: Telling) -> None:
    """Play an anonymous snapshot: number and code suffice to follow it and to rate it."""
    ticket = await story.file(
        "水泥块",
        kind="help",
        channel="snapshot",
        title="路边水泥块露出钢筋",
        text="转弯处一块水泥墩，钢筋外露，骑车很危险。",
        category="0801",
        anonymous=True,
        place={"area": LONGDONG, "lat": 36.63654, "lon": 117.09911},
    )
    await filed(ticket)
    await ticket.by(LONGDONG, "sign")
    await ticket.by(LONGDONG, "contact", reached=False, note="匿名，未留电话")
    await ticket.by(LONGDONG, "step", step="guard", note="先围挡", evidence=["block/before.jpg"])
    await ticket.done(LONGDONG, "水泥块已清走。")
    await ticket.happened("closing_refuted")  # closing requires a photo taken afterwards
    await ticket.with_unit(LONGDONG)
    await ticket.by(LONGDONG, "sign")
    await ticket.by(LONGDONG, "step", step="remove", evidence=["block/after.jpg"])
    pair = ["block/before.jpg", "block/after.jpg"]
    await ticket.done(LONGDONG, "水泥块已清走，弯道补了反光桩。", evidence=pair)
    await ticket.checked(EVALUATORS, "现场核查：已清走。")
    await ticket.rated(5)
    await ticket.closed()


async def heap(story: Telling) -> None:
    """Play merged snapshots of one heap: one handling, an answer and a rating for each."""
    together = [await _photo(story, name) for name in TOOK_PART]
    for photo in together:
        await filed(photo)
    other = await _photo(story, OTHER)
    await filed(other)
    await other.by(BEIYUAN, "sign")
    await other.by(BEIYUAN, "contact", reached=True)
    parent = await _photo(story, "垃圾堆")
    await filed(parent)
    await parent.by(BEIYUAN, "sign")
    await parent.by(BEIYUAN, "contact", reached=True)
    for photo in (*together, other):
        reason = "同一处垃圾堆，并案办理"
        await photo.by(Role.DISPATCHER, "merge", into=parent.number, reason=reason)
    await parent.happened("severity_raised")  # many complainants
    await other.by(Role.DISPATCHER, "unmerge", reason="照片六是马路对面另一堆，单独办理")
    await other.at("handle")
    await other.by(BEIYUAN, "sign")
    await other.by(BEIYUAN, "contact", reached=True)
    for text in ("三天了", "还没清", "天热招苍蝇"):
        await parent.citizen("urge", text=text)
    often = await parent.refused(Role.DESK, "urge", text="又打来催")
    must(often == "urged_too_often", f"a fourth urge in a day was answered with {often}")
    await parent.happened("supervision_ordered")  # automatically
    await parent.by(BEIYUAN, "answer-order", order=1, answer="今晚清完，增设两个桶站。")
    await parent.done(BEIYUAN, "垃圾已清运，增设桶站并安排巡查。", evidence=["heap/after.jpg"])
    await parent.checked(EVALUATORS, "现场核查：已清运，桶站已设。")
    await parent.rated(4)
    await parent.closed()
    await _each_rates(together)
    await other.done(BEIYUAN, "对面一堆也已清运。", evidence=["heap/other.jpg"])
    await other.checked(EVALUATORS, "现场核查：已清运。")
    await other.rated(5)
    await other.closed()


async def _photo(story: Telling, name: str) -> StoryTicket:
    return await story.file(
        name,
        kind="complaint",
        channel="snapshot",
        title="垃圾堆没人清",
        text="院墙外垃圾堆成山，照片为证。",
        category="0101",
        anonymous=name == "照片二",
        place={"area": BEIYUAN, "address": f"北园大街路边，见{name}"},
    )


async def _each_rates(together: list[StoryTicket]) -> None:
    """Rate each ticket; the one of the unsatisfied resident is reworked alone."""
    *content, unhappy = together
    for grade, photo in zip((5, 4, 5, 3), content, strict=True):
        await photo.rated(grade)
        await photo.closed()
    await unhappy.rated(2, resolved=False)
    await unhappy.happened("reworked")
    await unhappy.with_unit(BEIYUAN)
    await unhappy.handled(BEIYUAN, "墙根残留已补清并冲洗。", evidence=["heap/corner.jpg"])
    await unhappy.checked(EVALUATORS, "现场核查：墙根已干净。")
    await unhappy.rated(4)
    await unhappy.closed()


# --- rivers --------------------------------------------------------------------------------------


async def rivers(story: Telling) -> None:
    """Play three findings on the bank: two solved, one of them twice, and one held for works."""
    await _floating(story)
    await _muddy(story)
    await _embankment(story)


async def _floating(story: Telling) -> None:
    """Play a solution that does not hold at the revisit."""
    rubbish = await _on_the_bank(story, "漂浮物", "小清河边漂浮垃圾", "0302")
    keepers = "river-keepers"
    await rubbish.handled(keepers, "已打捞。")
    await rubbish.checked(EVALUATORS, "现场核查：水面干净。")
    await rubbish.rated(5)
    await rubbish.closed()
    note = "上游又漂来一片"
    await rubbish.by(keepers, "revisit", holds=False, note=note, evidence=["river/revisit.jpg"])
    await rubbish.with_unit(keepers)
    await rubbish.handled(keepers, "上游加设拦污网，再次打捞。")
    await rubbish.checked(EVALUATORS, "现场核查：拦污网已设。")
    await rubbish.rated(5)
    await rubbish.closed()
    await rubbish.by(keepers, "revisit", holds=True, note="一月后复看，水面干净")


async def _muddy(story: Telling) -> None:
    muddy = await _on_the_bank(story, "浑水", "支流河水浑浊", "0301")
    await muddy.handled("river-station", "上游工地违规排水，已制止。")
    await muddy.checked(EVALUATORS, "现场核查：水已变清。")
    await muddy.rated(4)
    await muddy.closed()


async def _embankment(story: Telling) -> None:
    """Play a hold until the dry season, still open when the story ends."""
    bank = await _on_the_bank(story, "护坡", "护坡塌了一段", "0307")
    station = "river-station"
    await bank.with_unit(station)
    await bank.by(station, "sign")
    await bank.by(station, "contact", reached=True)
    until = (datetime.now(UTC) + timedelta(seconds=170 * story.day)).isoformat()
    await bank.by(station, "hold", ground="works", until=until, reason="须待枯水期施工")
    await bank.by(Role.SUPERVISOR, "decide", approve=True, reason="先设围挡，枯水期开工")
    ticket = await bank.look()
    must(ticket.assignments[0].pause is not None, "a hold that was granted holds nothing")


async def _on_the_bank(story: Telling, name: str, title: str, category: str) -> StoryTicket:
    return await story.file(
        name,
        kind="complaint",
        channel="grid",
        title=title,
        text=f"巡河发现：{title}。",
        category=category,
        place={"area": BEIYUAN},
    )


async def filed(photo: StoryTicket) -> None:
    """Wait until it is filed with its unit; verify it on site first if sampled."""
    ticket = await photo.until("filed", lambda ticket: ticket.stage in ("verify", "handle"))
    if ticket.stage == "verify":
        await photo.by(EVALUATORS, "sign")
        await photo.done(EVALUATORS, "现场核查：属实。")
        await photo.at("handle")
