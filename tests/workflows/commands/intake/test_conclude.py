"""Tests of ending a ticket without a unit, or with the last word."""

import pytest

from domain.commands.intake.conclude import Conclude
from tests.support.desk import DESK, complaint, file
from tests.support.engine import Engine


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("answered", None), ("declined", "court"), ("referred", "110")],
)
async def test_what_needs_no_unit_ends_at_once(
    engine: Engine, outcome: str, reason: str | None
) -> None:
    new_complaint = complaint(title="", text="管管吧", category=None, kind="consultation")
    ticket, _ = await file(engine.client, new_complaint)
    city = engine.packs.get("tongzhou")
    if reason is not None:
        kind = "decline" if outcome == "declined" else "refer"
        reason = city.reason_codes(kind)[0]
    conclude = Conclude.model_validate(
        {"outcome": outcome, "reason": reason, "text": "请拨打110。"}
    )
    await ticket.act(DESK, conclude)
    end = await ticket.handle.result()
    assert (end.stage, end.outcome) == ("ended", outcome)


async def test_the_desk_answers_what_it_may(engine: Engine) -> None:
    unclear = {"title": "", "text": "想问一下", "category": None}
    filed, _ = await file(engine.client, complaint(kind="consultation", **unclear))
    await filed.act(DESK, Conclude(outcome="answered", text="日落后开灯。"))
    await filed.until_stage("ended")
    praised, _ = await file(engine.client, complaint(kind="praise", **unclear))
    thanks = Conclude(outcome="answered", text="谢谢您。", unit="community-zhongcang-1")
    await praised.act(DESK, thanks)
    assert (await praised.events(engine))[-1].fact.model_dump()["unit"] == "community-zhongcang-1"
    accused, _ = await file(engine.client, complaint(kind="complaint", **unclear))
    answer = Conclude(outcome="answered", text="知道了。")
    assert await accused.refused(DESK, answer) == "not_for_desk"
