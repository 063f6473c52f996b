"""Tests of the outbox: what a newcomer sees of messages, and sending anew what failed."""

from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from activities.composing import Composer
from activities.deliveries import Deliveries
from app.tickets.redaction import redacted
from domain.actors import Role
from domain.messaging.states import WayOut
from store.db.engine import Store
from store.tickets.outbox import MailboxNotifier
from tests.api.running_api import Api, serve_api
from tests.messaging.house import MailSink
from tests.support.engine import platform
from tests.support.staff_pages import AtDesk, at_desk, hidden, says

PHONE, EMAIL = "13900001111", "li@example.org"
OUTBOX = "/staff/admin/outbox"


async def _deliver(api: Api, sink: MailSink | None) -> None:
    context = api.context
    composer = Composer(
        context.store, context.packs, context.vault, redacted, context.settings.public_url
    )
    worker = Deliveries(context.store, composer, {WayOut.EMAIL: sink.way()} if sink else {})
    await MailboxNotifier().deliver(context.store, 100, datetime.now(UTC))
    for _ in range(3):
        await worker.step()


async def test_a_newcomer_sees_each_message_as_it_would_be_sent(
    client: Client, sqlite_store: Store, tmp_path: Path, sink: MailSink
) -> None:
    async with (
        platform(client, sqlite_store) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as api,
    ):
        ticket = await api.unclear(contact={"phone": PHONE, "email": EMAIL, "name": "李四"})
        await ticket.until_stage("triage")
        await _deliver(api, None)
        admin = await at_desk(api, Role.ADMIN)
        page = says(await admin.get(OUTBOX, city="tongzhou"))
        for words in (ticket.number, "仅在站内信箱", "尚未设置对外发送渠道"):
            assert words in page
        for personal in (PHONE, EMAIL, "李四", ticket.receipt["access_code"]):
            assert personal not in page
        desk = await at_desk(api, Role.DISPATCHER)
        assert (await desk.get(OUTBOX, city="tongzhou")).status_code == 403
        await _failed_ones_are_sent_anew(api, admin, sink)


async def _failed_ones_are_sent_anew(api: Api, admin: AtDesk, sink: MailSink) -> None:
    sink.refused.add(EMAIL)
    ticket = await api.unclear(contact={"email": EMAIL})
    await ticket.until_stage("triage")
    await _deliver(api, sink)
    shown = await admin.get(OUTBOX, state="failed", city="tongzhou")
    assert "未送达" in says(shown)
    assert "smtp_550" in says(shown)
    assert "l****@example.org" in says(shown)
    sink.refused.clear()
    fields = hidden(shown, f"{OUTBOX}/again")
    again = await admin.post(f"{OUTBOX}/again", {"message": fields["message"]})
    assert again.status_code == 303
    await _deliver(api, sink)
    assert sink.recipients == [EMAIL]
    assert "未送达" not in says(await admin.get(OUTBOX, state="failed", city="tongzhou"))
    repeated = await admin.post(f"{OUTBOX}/again", {"message": fields["message"]})
    assert repeated.status_code == 409
    assert "没有这样一条发送失败的消息" in says(repeated)
