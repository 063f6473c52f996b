"""Tests of the mail door with a real SMTP client: mails become complaints, and prove nothing."""

import asyncio
import logging
import re
import smtplib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select
from temporalio.client import Client

from app.imports.mail_parts import MOST_LINES_OF_PARTS, BadMail, fitted, read_mail
from domain.actors import Role
from domain.messaging.mails import MailEnvelope, message_id
from domain.ticket.complaint import TEXT_LIMIT, Complaint
from runtime.names import ticket_workflow_id
from runtime.ports import free_port
from store.db import tables
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.tickets import intake
from store.tickets.mail_references import reference
from tests.api.running_api import Api, Filed, serve_api
from tests.support.desk import removed
from tests.support.engine import platform
from workers.mail_in import MOST_CONNECTIONS, MOST_OF_ONE_NETWORK, _network_of, serving_mail

CITY = "12345@tongzhou.example.org"
CITIZEN = "resident@example.org"
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15"
    b"\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff\xff\x7f\x00\t\xfb\x03\xfd\x05CE\xca\x00\x00\x00\x00"
    b"IEND\xaeB`\x82"
)


@dataclass
class Door:
    """The mail door of a running installation, and its API."""

    api: Api
    port: int

    async def send(
        self, content: bytes, sender: str = CITIZEN, recipient: str = CITY, peer: str = "127.0.0.1"
    ) -> tuple[int, str]:
        """Send a mail as it is, and return the server's last answer."""

        def sending() -> tuple[int, str]:
            with smtplib.SMTP(
                "127.0.0.1", self.port, timeout=60, source_address=(peer, 0)
            ) as client:
                client.ehlo()
                code, said = client.mail(sender)
                if code == 250:
                    code, said = client.rcpt(recipient)
                if code == 250:
                    code, said = client.data(re.sub(rb"\r?\n", b"\r\n", content))
                return code, said.decode()

        return await asyncio.to_thread(sending)

    async def complaints(self) -> list[Complaint]:
        rows = await self.api.store.rows(
            select(tables.intake.c.complaint).order_by(tables.intake.c.filed_at)
        )
        return [Complaint.model_validate_json(row.complaint) for row in rows]


def mail(text: str = "路灯不亮，请维修。", subject: str = "路灯", **headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {"From": f"王 <{CITIZEN}>", "To": CITY, "Message_ID": "<m1@example.org>"}
    for name, value in (given | {"Subject": subject} | headers).items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


@pytest.fixture
async def door(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Door]:
    """Serve a mail door on each database in turn."""
    port = free_port()
    async with (
        platform(client, store) as running,
        serve_api(
            tmp_path, store, client, running.packs, mail_addresses={CITY: "tongzhou"}, mail_mb=1
        ) as api,
        serving_mail(api.context, api.context.settings, port),
    ):
        yield Door(api, port)


async def test_a_mail_becomes_a_complaint_and_its_sender_is_in_the_vault(door: Door) -> None:
    sent = mail()
    sent.add_attachment(PICTURE, maintype="image", subtype="png", filename="灯.png")
    assert (await door.send(sent.as_bytes()))[0] == 250
    (complaint,) = await door.complaints()
    assert (complaint.channel.value, complaint.title) == ("mail", "路灯")
    assert complaint.text == "路灯不亮，请维修。"
    assert len(complaint.files) == 1
    assert CITIZEN not in complaint.model_dump_json()
    assert complaint.person is not None
    person = await intake.person_of(door.api.store, door.api.context.vault, complaint.person)
    assert person is not None
    assert (person.email, person.name) == (CITIZEN, "王")
    assert complaint.filed_by is not None
    assert complaint.filed_by.role is Role.CITIZEN


async def test_no_log_says_who_wrote_or_what(
    door: Door, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert (await door.send(mail("我家的秘密").as_bytes()))[0] == 250
        assert (await door.send(mail("").as_bytes(), recipient="secret@example.org"))[0] == 550
    told = caplog.text + "".join(capsys.readouterr())
    for personal in (CITIZEN, "秘密", "secret@example.org"):
        assert personal not in told


async def test_the_same_mail_again_is_one_complaint(door: Door) -> None:
    answers = [await door.send(mail().as_bytes()) for _ in range(2)]
    answers += await asyncio.gather(*(door.send(mail().as_bytes()) for _ in range(3)))
    assert {code for code, _ in answers} == {250}
    assert len(await door.complaints()) == 1
    assert (await door.send(mail(Message_ID="<m2@example.org>").as_bytes()))[0] == 250
    assert len(await door.complaints()) == 2
    without = [mail(text) for text in ("没有编号的邮件一", "没有编号的邮件二")]
    for one in without:
        del one["Message-ID"]
        assert (await door.send(one.as_bytes()))[0] == 250
    assert len(await door.complaints()) == 4


async def _ticket(door: Door) -> Filed:
    ticket = await door.api.file()
    await ticket.until_stage("handle")
    return ticket


async def _added(door: Door, ticket: Filed) -> list[str]:
    """Return what the citizen added to the ticket."""
    auditor = await door.api.token(Role.AUDITOR)
    events = await door.api.http.get(f"{ticket.path}/events", headers=auditor)
    facts = [event["fact"] for event in events.json()]
    return [fact["text"] for fact in facts if fact["kind"] == "facts_added"]


async def _reference(door: Door, ticket: Filed) -> str:
    context = door.api.context
    return await reference(context.store, context.vault.ring.root_key, ticket.number)


async def test_an_answer_to_a_message_of_ours_is_a_fact_on_its_ticket(door: Door) -> None:
    """The subject may be another: programs for mail repeat the Message-ID."""
    ticket = await _ticket(door)
    ours = MailEnvelope(
        id="0a1b",
        sender="hotline@example.org",
        sender_name="",
        at=datetime.now(UTC),
        reply_to=CITY,
        reference=await _reference(door, ticket),
    )
    reply = mail("门锁又坏了。", subject="谢谢", In_Reply_To=message_id(ours))
    assert (await door.send(reply.as_bytes()))[0] == 250
    assert await _added(door, ticket) == ["门锁又坏了。"]


async def test_a_reply_with_the_reference_is_a_fact_on_its_ticket(door: Door) -> None:
    ticket = await _ticket(door)
    named = await _reference(door, ticket)
    reply = mail(
        "今天又发臭了。\n\n在 2026年3月5日 写道：\n> 已受理",
        subject=f"回复：您的诉求 [#{named}]",
    )
    assert (await door.send(reply.as_bytes()))[0] == 250
    assert len(await door.complaints()) == 1
    assert await _added(door, ticket) == ["今天又发臭了。"]
    assert (await door.send(reply.as_bytes()))[0] == 250
    assert await _added(door, ticket) == ["今天又发臭了。"]


async def test_who_answers_their_own_mail_has_one_ticket(door: Door) -> None:
    """The mail about it has not come yet, or is not what they answer."""
    assert (await door.send(mail().as_bytes()))[0] == 250
    more = mail("在北门东侧。", In_Reply_To="<m1@example.org>", Message_ID="<m2@example.org>")
    assert (await door.send(more.as_bytes()))[0] == 250
    again = mail(
        "还没修。", References="<m1@example.org> <m2@example.org>", Message_ID="<m3@x.org>"
    )
    assert (await door.send(again.as_bytes()))[0] == 250
    rows = await door.api.store.rows(select(tables.intake.c.number))
    (number,) = (row.number for row in rows)
    assert await _added(door, Filed(door.api, {"number": number})) == ["在北门东侧。", "还没修。"]


async def test_another_sender_who_had_a_copy_gets_a_ticket_of_their_own(door: Door) -> None:
    assert (await door.send(mail().as_bytes()))[0] == 250
    other = mail("我也是。", In_Reply_To="<m1@example.org>", Message_ID="<m2@example.org>")
    other.replace_header("From", "colleague@example.org")
    assert (await door.send(other.as_bytes()))[0] == 250
    assert len(await door.complaints()) == 2


async def test_answers_go_where_the_mail_says(door: Door) -> None:
    sent = mail(Reply_To="王 <wang@example.org>")
    assert (await door.send(sent.as_bytes()))[0] == 250
    strange = mail(Reply_To="nobody at all", Message_ID="<m2@example.org>")
    assert (await door.send(strange.as_bytes()))[0] == 250
    emails = []
    for complaint in await door.complaints():
        assert complaint.person is not None
        person = await intake.person_of(door.api.store, door.api.context.vault, complaint.person)
        assert person is not None
        emails.append(person.email)
    assert emails == ["wang@example.org", CITIZEN]


async def test_a_reference_that_somebody_made_up_opens_nothing(door: Door) -> None:
    ticket = await _ticket(door)
    for n, named in enumerate(
        (f"{ticket.number}.{'0' * 24}", ticket.number, f"{'1' * 13}.{'a' * 24}")
    ):
        sent = mail(subject=f"Re: [#{named}]", Message_ID=f"<x{n}@example.org>")
        code, said = await door.send(sent.as_bytes())
        assert code == 250
        assert ticket.number not in said
    assert "facts_added" not in await ticket.kinds()
    assert len(await door.complaints()) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example.org>"},
        {"From": CITY},
    ],
)
async def test_what_machines_send_is_no_complaint(door: Door, headers: dict[str, str]) -> None:
    assert (await door.send(mail(**headers).as_bytes()))[0] == 250
    assert await door.complaints() == []


async def test_a_bounce_is_no_complaint(door: Door) -> None:
    assert (await door.send(mail().as_bytes(), sender=""))[0] == 250
    assert await door.complaints() == []


async def test_what_will_not_do_is_refused_with_its_own_code(door: Door) -> None:
    assert (await door.send(mail().as_bytes(), recipient="other@example.org"))[0] == 550
    assert (await door.send(mail("x\n" * 2**20).as_bytes()))[0] == 552
    assert (await door.send(mail("", subject="").as_bytes()))[0] == 554
    many = b"Subject: x\r\n\r\n" + b"--b\r\n" * (MOST_LINES_OF_PARTS + 1)
    assert (await door.send(many))[0] == 554
    assert await door.complaints() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?x-unknown?B?/////w==?=\r\n"
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xc4\xe3",
        b"Content-Type: multipart/mixed\r\n\r\n--\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b'Content-Type: text/plain; charset="\r\n',
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!not base64!!!!",
        b"Content-Type: message/rfc822\r\n\r\n" * 2 + b"Subject: x\r\n\r\ny",
        b'Subject: a\r\n b\r\n\tc\r\nFrom: "a\r\n b" <x@y.example>\r\n\r\ntext',
        b"From: a@b.example, c@d.example\r\nSubject: " + b"x" * 900 + b"\r\n\r\ntext",
        b"Content-Type: text/html\r\n\r\n<script>x</script><p>a<p>b" + b"<div>" * 20_000,
    ],
)
async def test_no_mail_breaks_the_door(door: Door, content: bytes) -> None:
    code, said = await door.send(content)
    assert code in (250, 500, 554), said
    assert (await door.send(mail().as_bytes()))[0] == 250


async def test_nothing_is_answered_with_250_that_is_not_registered(door: Door) -> None:
    with patch("app.imports.mail.take", side_effect=StoreUnavailable("away")):
        assert (await door.send(mail().as_bytes()))[0] == 451
    assert await door.complaints() == []
    assert (await door.send(mail().as_bytes()))[0] == 250
    assert len(await door.complaints()) == 1


async def test_one_sender_sends_so_many_mails(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    port, limits = free_port(), {"limit_mail": "2/hour", "limits_exempt": []}
    settings: dict[str, Any] = limits | {"mail_addresses": {CITY: "tongzhou"}}
    async with (
        serve_api(tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", **settings) as api,
        serving_mail(api.context, api.context.settings, port),
    ):
        door = Door(api, port)
        codes = [
            (await door.send(mail(Message_ID=f"<m{n}@example.org>").as_bytes()))[0]
            for n in range(3)
        ]
        assert codes == [250, 250, 450]
        other = mail(Message_ID="<other@example.org>").as_bytes()
        assert (await door.send(other, sender="another@example.org"))[0] == 250
        own = mail(Message_ID="<own@example.org>").as_bytes()
        answer = await door.send(own, peer="127.0.0.2")
        assert answer[0] == 250, "who names a sender elsewhere does not shut that sender out"


# --- reading ----------------------------------------------------------------------------------


def test_html_is_read_and_scripts_are_not() -> None:
    page = "<style>p{}</style><p>河水&nbsp;发臭</p><script>alert(1)</script><br>请治理"
    content = f"Content-Type: text/html; charset=utf-8\r\n\r\n{page}".encode()
    text = read_mail(content, CITIZEN).text
    assert "alert" not in text
    assert "p{}" not in text
    assert text.startswith("河水")
    assert text.endswith("请治理")


def test_ten_thousand_parts_are_refused_and_deep_ones_do_no_harm() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    with pytest.raises(BadMail, match=r"^554"):
        read_mail(head + part * 10_000, CITIZEN)
    assert read_mail(head + part * 1_000, CITIZEN).left_out == 900
    deep = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n".encode()
        for n in range(2_000)
    )
    try:
        read_mail(deep + b"\r\n\r\nx", CITIZEN)
    except BadMail as bad:
        assert bad.reply.startswith("554")


def test_a_header_adds_no_line() -> None:
    content = b"Subject: =?utf-8?B?YQ0KQmNjOiB4QHkuZXhhbXBsZQ==?=\r\n\r\ntext"
    assert "\n" not in read_mail(content, CITIZEN).title
    assert "\r" not in read_mail(content, CITIZEN).title


def test_a_long_mail_is_taken_in_part_and_says_so() -> None:
    text = fitted("长" * 10_000, ["附件“a.exe”未收录：unsupported_file"])
    assert len(text) <= TEXT_LIMIT
    assert "unsupported_file" in text
    assert "来信过长" in text


async def test_one_address_keeps_no_other_out(door: Door) -> None:
    async def opened(peer: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, local_addr=(peer, 0))
        return reader, writer, await reader.readline()

    held = [await opened("127.0.0.2") for _ in range(MOST_OF_ONE_NETWORK)]
    assert [greeting[:3] for _, _, greeting in held] == [b"220"] * MOST_OF_ONE_NETWORK
    for _ in range(2 * MOST_CONNECTIONS):
        reader, writer, _ = refused = await opened("127.0.0.2")
        assert b"421" in refused[2] + await reader.read()
        writer.close()
    assert (await door.send(mail().as_bytes(), peer="127.0.0.3"))[0] == 250
    for _, writer, _ in held:
        writer.close()
        await writer.wait_closed()
    assert (await door.send(mail(Message_ID="<m2@x>").as_bytes(), peer="127.0.0.2"))[0] == 250


async def test_a_connection_that_is_never_silent_ends(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.mail_in.LONGEST", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while await reader.readline():
                writer.write(b"NOOP\r\n")
                await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("peer", "share"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("::ffff:192.0.2.7", 1, 0, 0), "192.0.2.7"),
        (("2001:db8::1", 1, 0, 0), "2001:db8::/64"),
        (("2001:db8::ffff:1", 1, 0, 0), "2001:db8::/64"),
        (None, ""),
    ],
)
def test_whose_share_a_connection_is_of(peer: Any, share: str) -> None:
    assert _network_of(peer) == share


async def test_a_reply_is_taken_once_though_the_ticket_ended_before_the_mail_came_again(
    door: Door, client: Client
) -> None:
    ticket = await door.api.handled()
    reply = mail("还是不亮。", "Re: 路灯", In_Reply_To=f"<{await _reference(door, ticket)}@x>")
    before = len(await door.complaints())
    with patch("app.imports.mail.mails.keep", side_effect=StoreUnavailable("away")):
        assert (await door.send(reply.as_bytes()))[0] == 451, "it died before this was noted"
    assert "facts_added" in await ticket.kinds()
    assert (await ticket.rate()).status_code == 200
    await ticket.until_stage("ended")
    known = await client.get_workflow_handle(ticket_workflow_id(ticket.number)).describe()
    assert known.run_id is not None
    await removed(client, ticket.number, known.run_id)
    assert (await door.send(reply.as_bytes()))[0] == 250
    assert len(await door.complaints()) == before, "it was added, and is no complaint of its own"
    other = mail(
        "还是不亮。",
        "Re: 路灯",
        In_Reply_To=f"<{await _reference(door, ticket)}@x>",
        Message_ID="<m9@example.org>",
    )
    assert (await door.send(other.as_bytes()))[0] == 250
    assert len(await door.complaints()) == before + 1, "what is said anew of an ended one is"


def test_headers_without_encoded_words_are_read() -> None:
    """Many programs write a subject or a name just as it is, in UTF-8 or in GBK."""
    for charset in ("utf-8", "gbk"):
        content = (
            b"From: "
            + "张三".encode(charset)
            + b" <z@example.org>\r\nSubject: "
            + "井盖坏了".encode(charset)
            + b"\r\n\r\nx"
        )
        read = read_mail(content, CITIZEN)
        assert (read.title, read.name, read.sender) == ("井盖坏了", "张三", "z@example.org")


def test_a_comma_in_an_encoded_name_does_not_cost_the_address() -> None:
    content = b"From: =?utf-8?B?5byg77yMIOS4iSwgTGk=?= <z@example.org>\r\n\r\nx"
    read = read_mail(content, "bounces+17@list.example")
    assert (read.sender, read.answer_to) == ("z@example.org", "z@example.org")
    assert read.name.endswith(", Li")


def test_a_name_of_a_file_in_encoded_words_is_read() -> None:
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n"
        b'Content-Disposition: attachment; filename="=?gb2312?B?1dXGrC5wbmc=?="\r\n\r\n'
        b"x\r\n--b--\r\n"
    )
    (file,) = read_mail(content, CITIZEN).files
    assert file.name == "照片.png"


def test_the_html_is_read_where_the_plain_text_says_nothing() -> None:
    part = "--b\r\nContent-Type: {}; charset=utf-8\r\n\r\n{}\r\n"
    content = (
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        + part.format("text/plain", " \u3000 \r\n")
        + part.format("text/html", "<p>河水发臭</p>")
        + "--b--\r\n"
    ).encode()
    assert read_mail(content, CITIZEN).text == "河水发臭"


def test_a_container_without_parts_is_read_as_words() -> None:
    read = read_mail("Content-Type: multipart/mixed\r\n\r\n路灯不亮".encode(), CITIZEN)
    assert (read.text, read.files) == ("路灯不亮", [])


def test_a_byte_lost_on_the_way_costs_a_character_and_not_the_text() -> None:
    said = "新华西街的井盖破损，请尽快处理。" * 20
    for charset in ("utf-8", "gb2312"):
        head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
        body = bytearray(said.encode(charset))
        del body[len(said.encode(charset)) - 4]
        text = read_mail(head + bytes(body), CITIZEN).text
        assert text[:200] == said[:200]
    long = "井盖破损" * 100_000
    cut = read_mail(b"Content-Type: text/plain; charset=utf-8\r\n\r\nx" + long.encode(), CITIZEN)
    assert cut.text == ("x" + long)[:200_000]


def test_a_charset_that_nobody_writes_in_takes_no_time() -> None:
    """Each is one of the library's; some take a time that grows with the square of the text."""
    body = b"a" * 400_000 + b"-" + b"b" * 400_000
    began = time.process_time()
    for charset in ("punycode", "idna", "unicode_escape", "zlib", "undefined", "no-such"):
        head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
        assert read_mail(head + body, CITIZEN).text.startswith("aaa")
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "subject", ["自动回复：【热线】工单有新进展", "Automatic reply: News", "Out of Office: News"]
)
def test_a_reply_that_only_its_subject_shows_as_automatic_is_left(subject: str) -> None:
    assert read_mail(mail(subject=subject).as_bytes(), CITIZEN).by_machine == "auto_reply"


@pytest.mark.parametrize(
    "subject", ["自动回复系统坏了", "回复：自动回复：工单", "Auto repair shop"]
)
def test_a_subject_about_automatic_replies_is_a_citizens(subject: str) -> None:
    assert read_mail(mail(subject=subject).as_bytes(), CITIZEN).by_machine == ""
