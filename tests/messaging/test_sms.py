"""Tests of text messages: once, whatever a gateway answers; receipts; the next channel."""

import pytest

from domain.messaging.states import NoticeState, SendingOutcome, SendingResult, WayOut
from store.identity import phone_codes
from store.messaging import deliveries, endings, notices
from store.messaging.deliveries import Delivery
from store.secrets.encryption import Cipher
from store.tickets.outbox import MailboxNotifier
from tests.messaging.gateway import Gateway
from tests.messaging.house import EMAIL, PHONE, House, MailSink, words

TO = f"+86{PHONE}"


async def _sent(house: House, key: str) -> list[Delivery]:
    return await deliveries.of_notice(house.store, key)


async def _accepted(house: House, **who: str | None) -> str:
    """File a ticket, and return the key of the message that says so."""
    story = await house.story(await house.citizen(**who))
    await house.happens(story.accepted())
    return f"{story.number}-accepted--citizen"


async def test_a_text_message_is_short_signed_and_has_a_key(
    reaching: House, sms: Gateway, sink: MailSink
) -> None:
    key = await _accepted(reaching)
    await reaching.deliver()
    (text,) = sms.phones[TO]
    assert key[:13] in text
    assert text.endswith(f"/follow?number={key[:13]}")
    assert sink.mails == []
    (one,) = await _sent(reaching, key)
    assert (one.state, one.vendor_id) == ("accepted", "v-1")
    assert sms.keys == [one.id]


@pytest.mark.parametrize("answer", ["nonsense", "silence", 500, 503, 429, 401])
async def test_whatever_a_gateway_answers_the_citizen_gets_it_once(
    reaching: House, sms: Gateway, answer: int | str
) -> None:
    reaching.ways[WayOut.SMS] = sms.way(reaching.now, seconds=0.5)
    sms.answer = answer
    await _accepted(reaching)
    await reaching.deliver(1)
    sms.answer = None
    for _ in range(4):
        reaching.pass_(minutes=2)
        await reaching.deliver(2)
    assert [len(texts) for texts in sms.phones.values()] == [1]
    assert await deliveries.counts(reaching.store) == {"told": 1}


async def test_what_a_gateway_takes_and_does_not_deliver_comes_by_mail(
    reaching: House, sms: Gateway, sink: MailSink
) -> None:
    sms.answer = "nothing"
    key = await _accepted(reaching)
    await reaching.deliver()
    reaching.pass_(hours=5)
    await reaching.deliver()
    assert sink.mails == []
    reaching.pass_(hours=2)
    await reaching.deliver()
    assert [one.outcome for one in await _sent(reaching, key)] == ["no_receipt", "smtp_250"]
    assert len(sink.mails) == 1
    assert key[:13] in words(sink.mails[0])


async def test_a_refused_number_and_a_bouncing_address_end_as_failed(
    reaching: House, sms: Gateway, sink: MailSink
) -> None:
    sms.answer = 422
    sink.refused.add(EMAIL)
    key = await _accepted(reaching)
    await reaching.deliver(4)
    outcomes = {one.channel: one.outcome for one in await _sent(reaching, key)}
    assert outcomes == {WayOut.SMS: "http_422", WayOut.EMAIL: "smtp_550"}
    told = await notices.get(reaching.store, key)
    assert told is not None and told.state is NoticeState.FAILED


async def test_who_left_no_address_that_is_one_is_not_written_to(
    reaching: House, sms: Gateway, sink: MailSink
) -> None:
    key = await _accepted(reaching, phone="01012345678", mail="wang@localhost.x_y")
    await reaching.deliver()
    told = await notices.get(reaching.store, key)
    assert told is not None and (told.state, told.reason) == ("dropped", "no_contact")
    assert (sms.requests, sink.mails) == (0, [])


async def test_a_receipt_is_recorded_once(reaching: House, sms: Gateway, sink: MailSink) -> None:
    key = await _accepted(reaching)
    await reaching.deliver()
    (one,) = await _sent(reaching, key)
    lost = SendingOutcome(result=SendingResult.REFUSED, code="receipt_failed")
    for recorded in (True, False):
        given = await endings.receipt(
            reaching.store, one.id, lost, (WayOut.SMS, WayOut.EMAIL), reaching.at
        )
        assert given is recorded
    await reaching.deliver()
    assert len(sink.mails) == 1
    arrived = SendingOutcome(result=SendingResult.DELIVERED, code="receipt")
    assert not await endings.receipt(reaching.store, one.id, arrived, (), reaching.at)


async def test_a_receipt_may_come_before_the_answer(reaching: House, sms: Gateway) -> None:
    reaching.ways[WayOut.SMS] = sms.way(reaching.now, seconds=0.5)
    sms.answer = "silence"
    key = await _accepted(reaching)
    await reaching.deliver(1)
    (one,) = await _sent(reaching, key)
    assert one.state == "waiting"
    arrived = SendingOutcome(result=SendingResult.DELIVERED, code="receipt")
    assert await endings.receipt(reaching.store, one.id, arrived, (), reaching.at)
    requests = sms.requests
    reaching.pass_(hours=1)
    await reaching.deliver()
    assert sms.requests == requests
    told = await notices.get(reaching.store, key)
    assert told is not None and told.state is NoticeState.TOLD


async def test_a_one_time_code_goes_by_text_message_and_only_while_it_is_valid(
    reaching: House, sms: Gateway
) -> None:
    await _accepted(reaching, mail=None)
    await reaching.deliver()
    cipher = Cipher(reaching.vault.ring.root_key, "people")
    phone_hash = reaching.vault.phone_hash(PHONE)

    async def ask() -> None:
        await phone_codes.issue(
            reaching.store, cipher, PHONE, phone_hash, lambda text: text, reaching.at
        )
        await MailboxNotifier().deliver(reaching.store, 10, reaching.at)

    await ask()
    await reaching.deliver()
    assert "验证码" in sms.phones[TO][-1]
    sms.answer = 500
    await ask()
    await reaching.deliver(1)
    sms.answer = None
    reaching.pass_(minutes=11)
    await reaching.deliver()
    assert len(sms.phones[TO]) == 2
    assert (await deliveries.counts(reaching.store))["dropped"] == 1
