"""Tests of the doors of messages: the gateway's receipts, a citizen's choices, a test."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from activities.composing import Composer
from activities.deliveries import Deliveries
from activities.message_gateways import ways_of
from activities.push_way import public_key
from app.tickets.redaction import redacted
from domain.actors import Role
from runtime.settings import Settings
from store.db.engine import Store
from store.messaging import choices, deliveries, subscriptions
from store.messaging.marks import Marks
from store.tickets.outbox import MailboxNotifier
from tests.api.running_api import Api, Filed, serve_api
from tests.messaging.gateway import SECRET, Gateway, receipt_headers
from tests.messaging.house import MailSink, words
from tests.messaging.push_service import CONTACT, Device
from tests.support.engine import platform
from tests.support.staff_pages import AtDesk, at_desk, says

PHONE, EMAIL = "13900001111", "li@example.org"
RECEIPTS = "/api/v1/receipts/sms"


def _settings(api: Api, sink: MailSink, sms: Gateway) -> Settings:
    """Set the ways out that the tests' servers are."""
    values: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": sink.port,
        "smtp_security": "none",
        "mail_from": "hotline@example.org",
        "sms_url": f"http://127.0.0.1:{sms.port}/messages",
        "sms_secret": SecretStr(SECRET),
        "outbound_allow": "127.0.0.1",
        "public_url": "https://12345.example.org",
    }
    for name, value in values.items():
        setattr(api.context.settings, name, value)
    return api.context.settings


async def _deliver(api: Api) -> None:
    context = api.context
    settings = context.settings
    composer = Composer(context.store, context.packs, context.vault, redacted, settings.public_url)
    await MailboxNotifier().deliver(context.store, 100, datetime.now(UTC))
    worker = Deliveries(context.store, composer, ways_of(settings, context.vault.ring))
    for _ in range(4):
        await worker.step()


async def _receipt(api: Api, said: object, **signed: Any) -> httpx.Response:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = receipt_headers(body, signed.pop("at", datetime.now(UTC)), **signed)
    return await api.http.post(RECEIPTS, content=body, headers=headers)


async def test_receipts_choices_and_a_test(
    client: Client, sqlite_store: Store, tmp_path: Path, sink: MailSink, sms: Gateway
) -> None:
    async with (
        platform(client, sqlite_store) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as api,
    ):
        assert (await _receipt(api, {})).status_code == 404, "no gateway is set"
        admin, desk = await at_desk(api, Role.ADMIN), await at_desk(api, Role.DISPATCHER)
        _settings(api, sink, sms)
        ticket = await api.unclear(contact={"phone": PHONE, "email": EMAIL})
        await ticket.until_stage("triage")
        await _deliver(api)
        (key,) = sms.keys
        await _forged_ones_are_refused(api, key)
        assert await deliveries.counts(api.store) == {"told": 1}
        # Gateways say more than is asked for, and name the reason in words, with a number in them.
        lost = {"id": key, "status": "failed", "reason": f"空号 {PHONE}", "operator": "x"}
        assert (await _receipt(api, lost)).json() == {"recorded": True}
        assert (await _receipt(api, lost)).json() == {"recorded": False}
        assert (await _receipt(api, {**lost, "status": "delivered"})).json()["recorded"] is False
        assert (await _receipt(api, {**lost, "id": "f" * 32})).json() == {"recorded": False}
        await _deliver(api)
        assert [ticket.number in words(mail) for mail in sink.mails] == [True]
        await _a_citizen_chooses(api, ticket, sink, sms)
        await _a_device_is_notified(api, ticket)
        api.context.settings.public_url = ""
        await _a_test_is_sent(admin, desk, sink)


async def _forged_ones_are_refused(api: Api, key: str) -> None:
    said = {"id": key, "status": "delivered"}
    old = datetime.now(UTC) - timedelta(minutes=6)
    other = {"secret": "another"}  # pragma: allowlist secret
    for signed in (other, {"at": old}, {"at": old + timedelta(hours=1)}):
        answer = await _receipt(api, said, **signed)
        assert (answer.status_code, answer.json()["code"]) == (401, "receipt_not_signed")
    body = json.dumps(said).encode()
    headers = receipt_headers(b"another body", datetime.now(UTC))
    assert (await api.http.post(RECEIPTS, content=body, headers=headers)).status_code == 401
    assert (await api.http.post(RECEIPTS, content=body)).status_code == 401
    strange = {"Jiesu-Timestamp": "-1²", "Jiesu-Signature": "v1="}
    latin = [(name.encode(), value.encode("latin-1")) for name, value in strange.items()]
    assert (await api.http.post(RECEIPTS, content=body, headers=latin)).status_code == 401
    for nonsense in (b"", b"[]", b"\xff", b'{"id": 1}', b'{"id": "x", "status": "perhaps"}'):
        assert (await _receipt(api, nonsense)).status_code == 422


async def _a_citizen_chooses(api: Api, ticket: Filed, sink: MailSink, sms: Gateway) -> None:
    receipt = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    wrong = await api.http.post("/message-choices", data=receipt | {"code": "00000000"})
    assert wrong.status_code in (401, 403, 404, 422)
    english = {"Accept-Language": "en", "Accept": "text/html"}
    shown = await api.http.post("/message-choices", data=receipt, headers=english)
    assert shown.text.count(" checked") == 2
    wanted = {"sms": "yes", "language": "en"}
    keep = "/message-choices/keep"
    kept = await api.http.post(keep, data=receipt | wanted, headers=english)
    assert "Kept, for this request." in says(kept)
    marks = Marks(api.context.vault.ring)
    assert await choices.of(api.store, marks.of_phone(PHONE)) == choices.ContactChoice()
    false = await api.http.post(keep, data=receipt | wanted | {"proof": "000000"}, headers=english)
    assert false.status_code == 401
    assert await choices.of(api.store, marks.of_phone(PHONE)) == choices.ContactChoice()
    sent = await api.http.post(keep, data=receipt | wanted | {"send": "yes"}, headers=english)
    assert "A code was sent" in says(sent)
    await _deliver(api)
    code = re.findall(r"\b\d{6}\b", sms.phones[f"+86{PHONE}"][-1])[0]
    kept = await api.http.post(keep, data=receipt | wanted | {"proof": code}, headers=english)
    assert "Kept. It is so for all requests with your phone." in says(kept)
    another = await api.unclear(contact={"phone": PHONE, "email": EMAIL})
    await another.until_stage("triage")
    await _deliver(api)
    assert len(sink.mails) == 1
    text = sms.phones[f"+86{PHONE}"][-1]
    assert another.number in text and "See: https://12345.example.org" in text
    link = (
        str(sink.mails[0]["List-Unsubscribe"]).strip("<>").removeprefix("https://12345.example.org")
    )
    asked = await api.http.get(link, headers=english)
    assert "No more e-mails about your requests?" in says(asked)
    ended = await api.http.post(
        link,
        content=b"List-Unsubscribe=One-Click",
        headers=english | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert "You get no more e-mails" in says(ended)
    back = await api.http.post(f"{link}/again", headers=english)
    assert "No more e-mails about your requests?" in says(back)
    assert (await api.http.get(f"{link}x", headers=english)).status_code == 404


async def _a_test_is_sent(admin: AtDesk, desk: AtDesk, sink: MailSink) -> None:
    form = {"template": "accepted", "channel": "email", "to": "me@example.org"}
    page = says(await admin.post("/staff/admin/outbox/test", form))
    assert "邮件服务器已接收" in page
    assert sink.recipients[-1] == "me@example.org"
    for bad in ("nobody", "a@b", "me@example.org\r\nBcc: all@example.org", "<me@example.org>"):
        answer = await admin.post("/staff/admin/outbox/test", form | {"to": bad})
        assert answer.status_code == 422
    count = len(sink.mails)
    assert (await desk.post("/staff/admin/outbox/test", form)).status_code == 403
    assert len(sink.mails) == count


async def _a_device_is_notified(api: Api, ticket: Filed) -> None:
    receipt = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    english = {"Accept-Language": "en", "Accept": "text/html"}
    device = Device("http://127.0.0.1:9/send/a")
    asked = {"subscription": json.dumps({"endpoint": device.endpoint, "keys": device.keys})}
    shown = await api.http.post("/follow", data=receipt, headers=english)
    assert "data-push=" not in shown.text
    refused = await api.http.post("/push", data=receipt | asked, headers=english)
    assert refused.status_code == 409
    api.context.settings.push_contact = CONTACT
    shown = await api.http.post("/follow", data=receipt, headers=english)
    assert "Nothing is lost" in says(shown)
    assert f'data-push="{public_key(api.context.vault.ring)}"' in shown.text
    inside = json.dumps({"endpoint": "https://10.0.0.1/a", "keys": device.keys})
    for nonsense in ("", "[]", "{}", inside):
        bad = {"subscription": nonsense}
        answer = await api.http.post("/push", data=receipt | bad, headers=english)
        assert answer.status_code == 422
    kept = await api.http.post("/push", data=receipt | asked, headers=english)
    assert "This device is notified from now on." in says(kept)
    assert await subscriptions.count(api.store, ticket.number) == 1
    ended = await api.http.post("/push/end", data=receipt, headers=english)
    assert "No device is notified" in says(ended)
    assert await subscriptions.count(api.store, ticket.number) == 0
