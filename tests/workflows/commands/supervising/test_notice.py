"""Tests of notices of criticism (通报)."""

from domain.commands.supervising.notice import Notice
from tests.support.desk import DISPATCHER, SUPERVISOR, file
from tests.support.engine import Engine


async def test_a_supervisor_names_a_unit_in_a_notice(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    notice = Notice(text="办理拖延，予以通报")
    assert await ticket.refused(DISPATCHER, notice) == "forbidden"
    await ticket.act(SUPERVISOR, notice)
    assert (await ticket.state(above_threshold)).notices == 1
