"""Tests of the day's digest: once a day, by mail or chat, with numbers and nothing personal."""

from datetime import timedelta
from pathlib import Path

import pytest

from activities.message_ways import Begin, Parcel
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from store.db.engine import Store
from store.messaging import deliveries
from tests.messaging.house import House, MailSink, house, in_pack, words


class Chat:
    """A chat that keeps what is written to it."""

    channel = WayOut.CHAT
    receipts = False

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        assert await begin()
        self.said.append((parcel.to, parcel.written.texts["zh"]))
        return SendingOutcome(result=SendingResult.DELIVERED, code="chat")

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        return None


@pytest.fixture
async def duty(store: Store, tmp_path: Path, sink: MailSink) -> House:
    made = house(store, tmp_path / "cities", change=in_pack('[messages]\ndigest = "09:30"'))
    made.ways = {WayOut.EMAIL: sink.way(), WayOut.CHAT: Chat()}
    made.staff = {"example/U1": "u1@example.org", "example/supervisor": "wecombot://secret"}
    return made


async def test_what_burns_is_told_once_a_day(duty: House, sink: MailSink) -> None:
    story = await duty.story(None)
    await duty.happens(story.accepted(), story.classified(), story.assigned(hours=3))
    await duty.deliver()
    assert sink.mails == [], "it is nine there"
    duty.pass_(minutes=31)
    await duty.deliver()
    await duty.deliver()
    (mail,) = sink.mails
    assert story.number in words(mail)
    assert "lamp is dark" not in words(mail)
    chat = duty.ways[WayOut.CHAT]
    assert isinstance(chat, Chat)
    ((to, said),) = chat.said
    assert to == "wecombot://secret" and "1 件" in said
    duty.at += timedelta(days=1)
    await duty.deliver()
    assert len(sink.mails) == 2
    assert await deliveries.counts(duty.store) == {"told": 4, "dropped": 2}


async def test_nothing_burns_and_nobody_is_written_to(duty: House, sink: MailSink) -> None:
    duty.pass_(hours=2)
    await duty.deliver()
    assert (sink.mails, await deliveries.counts(duty.store)) == ([], {})
