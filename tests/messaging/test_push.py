"""Tests of web push: one sentence for the browser that asked, once, and only for it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.messaging.states import WayOut
from store.db.engine import Store
from store.db.message_tables import push_subscription
from store.messaging import choices, deliveries, subscriptions
from store.messaging.marks import Marks
from store.messaging.subscriptions import push_cipher
from store.tickets import erasure
from tests.messaging.house import PHONE, RING, House, MailSink, house
from tests.messaging.push_service import Device, PushService, push_service
from tests.store.stories import Story


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service(RING) as running:
        yield running


@pytest.fixture
async def pushing(store: Store, tmp_path: Path, service: PushService, sink: MailSink) -> House:
    made = house(store, tmp_path / "cities")
    made.ways = {WayOut.EMAIL: sink.way(), WayOut.PUSH: service.way(RING, made.now)}
    return made


async def _asks(house: House, story: Story, device: Device, phone: str | None = None) -> None:
    recipient = Marks(RING).of_phone(phone) if phone else None
    await subscriptions.keep(
        house.store, push_cipher(RING), story.number, recipient, device.subscription, house.at
    )


async def test_a_device_shows_the_number_and_one_sentence(
    pushing: House, service: PushService, sink: MailSink
) -> None:
    device, other = service.device("a"), service.device("b")
    story = await pushing.story(await pushing.citizen(), title="王小明家的路灯")
    await _asks(pushing, story, device)
    await pushing.happens(story.accepted(), story.classified(), story.assigned())
    await pushing.deliver()
    said = [device.read(body) for body in service.bodies["a"]]
    assert len(said) == 2 and all(story.number in one["text"] for one in said)
    assert all("王小明" not in json.dumps(one, ensure_ascii=False) for one in said)
    assert all(one["url"].endswith(f"/follow?number={story.number}") for one in said)
    assert all(story.number.encode() not in body for body in service.bodies["a"])
    with pytest.raises(Exception):  # noqa: B017  (the library's own kinds)
        other.read(service.bodies["a"][0])
    assert len(set(service.topics)) == 2
    assert sink.mails == [], "the city tries the device first"
    assert await deliveries.counts(pushing.store) == {"told": 2}


async def test_a_push_service_that_is_down_for_an_hour_gets_everything_once(
    pushing: House, service: PushService
) -> None:
    del pushing.ways[WayOut.EMAIL]
    device = service.device("a")
    story = await pushing.story(None)
    await _asks(pushing, story, device)
    await service.stop()
    await pushing.happens(story.accepted(), story.classified(), story.assigned())
    for _ in range(12):
        await pushing.deliver(1)
        pushing.pass_(minutes=5)
    assert service.bodies == {}
    await service.start()
    for _ in range(12):
        await pushing.deliver(2)
        pushing.pass_(minutes=10)
    assert len(service.bodies["a"]) == len(set(service.topics)) == 2
    assert await deliveries.counts(pushing.store) == {"told": 2}


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten_and_the_next_channel_tells(
    pushing: House, service: PushService, sink: MailSink, status: int
) -> None:
    story = await pushing.story(await pushing.citizen())
    await _asks(pushing, story, service.device("a"))
    service.answer = status
    await pushing.happens(story.accepted())
    await pushing.deliver()
    assert await subscriptions.count(pushing.store, story.number) == 0
    assert len(sink.mails) == 1
    await pushing.happens(story.classified(), story.assigned())
    await pushing.deliver()
    assert (service.requests, len(sink.mails)) == (1, 2)


async def test_an_address_in_the_house_is_not_asked(
    pushing: House, service: PushService, sink: MailSink
) -> None:
    pushing.ways[WayOut.PUSH] = service.way(RING, pushing.now, allow="")
    story = await pushing.story(await pushing.citizen())
    await _asks(pushing, story, service.device("a"))
    await pushing.happens(story.accepted())
    await pushing.deliver()
    assert (service.requests, len(sink.mails)) == (0, 1)


async def test_a_proved_phone_is_told_of_all_its_tickets_and_others_are_not(
    pushing: House, service: PushService
) -> None:
    first, second = [await pushing.story(await pushing.citizen(mail=None)) for _ in range(2)]
    stranger = await pushing.story(await pushing.citizen(phone="13900000009", mail=None))
    await _asks(pushing, first, service.device("a"), PHONE)
    for story in (first, second, stranger):
        await pushing.happens(story.accepted())
    await pushing.deliver()
    assert len(service.bodies["a"]) == 2


async def test_a_subscription_is_encrypted_and_goes_with_its_ticket(
    pushing: House, service: PushService
) -> None:
    story = await pushing.story(None)
    device = service.device("a")
    await _asks(pushing, story, device)
    rows = await pushing.store.rows(push_subscription.select())
    assert device.endpoint.encode() not in rows[0].sealed
    await choices.keep(
        pushing.store, choices.of_ticket(story.number), [WayOut.PUSH], "", pushing.at
    )
    await pushing.happens(*story.whole())
    await erasure.erase(pushing.store, story.number, pushing.at)
    assert await pushing.store.rows(push_subscription.select()) == []
    assert await choices.of(pushing.store, choices.of_ticket(story.number)) == (
        choices.ContactChoice()
    )


async def test_a_choice_with_an_access_code_holds_for_its_ticket_only(
    pushing: House, sink: MailSink
) -> None:
    first, second = [await pushing.story(await pushing.citizen()) for _ in range(2)]
    await choices.keep(
        pushing.store, choices.of_ticket(first.number), [WayOut.EMAIL], "", pushing.at
    )
    for story in (first, second):
        await pushing.happens(story.accepted())
    await pushing.deliver()
    assert [second.number in str(mail["Subject"]) for mail in sink.mails] == [True]
    mark = Marks(RING).of_phone(PHONE)
    await choices.keep(pushing.store, mark, [WayOut.EMAIL], "", pushing.at)
    await pushing.happens(second.classified(), second.assigned())
    await pushing.deliver()
    assert len(sink.mails) == 1, "the whole phone wants no more mails"
