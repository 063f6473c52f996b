"""The page of a ticket: what it tells, to whom, and who complained only for a purpose."""

import pytest

from domain.actors import Role
from tests.api.house import Filed, House
from tests.support.staff_pages import at_desk, offered, refused, said, says

CONTACT = {"name": "王小明", "phone": "13800001234"}


async def test_a_unit_signs_contacts_and_hands_in_its_answer(house: House) -> None:
    ticket = await house.file()
    officer = await at_desk(house, Role.OFFICER, "water")
    page = await officer.ticket(ticket)
    assert page.status_code == 200
    assert {"sign", "contact", "complete", "return", "extend"} <= offered(page)
    assert "河水发黑发臭" in says(page)
    assert await officer.done(ticket, "sign") == "已签收。"
    assert await officer.done(ticket, "contact", {"reached": "yes", "note": "约好今天看。"})
    assert "约好今天看。" in says(await officer.ticket(ticket))
    assert await officer.done(ticket, "complete", {"reply": "已清淤。", "resolved": "yes"})
    assert (await ticket.until_stage("rate"))["reply"] == "已清淤。"
    assert (await ticket.kinds())[3:6] == ["signed", "contacted", "handled"]
