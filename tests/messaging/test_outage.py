"""Tests of servers that are away: everything comes once, in order, and without a storm."""

import random
from collections.abc import Callable

from domain.activity_io import Projection
from domain.messaging.states import WayOut
from store.messaging import deliveries
from tests.messaging.gateway import Gateway
from tests.messaging.house import House, MailSink, words
from tests.store.stories import Story

_TICKETS = 12


async def _an_hour_passes(house: House, stories: list[Story]) -> None:
    """Let things happen to every ticket for an hour, a worker stepping every few seconds."""
    dice = random.Random(7)
    waiting = [iter(_steps(story)) for story in stories]
    for _ in range(60):
        for story in dice.sample(waiting, 4):
            step = next(story, None)
            if step is not None:
                await house.happens(step())
        await house.deliver(2)
        house.pass_(minutes=1)
    for story in waiting:
        for step in story:
            await house.happens(step())


def _steps(story: Story) -> list[Callable[[], Projection]]:
    return [story.accepted, story.classified, story.assigned, story.signed, story.handled]


async def test_a_mail_server_is_away_for_an_hour(mailing: House, sink: MailSink) -> None:
    stories = [
        await mailing.story(await mailing.citizen(phone=None, mail=f"c{n}@example.org"))
        for n in range(_TICKETS)
    ]
    await sink.stop()
    await _an_hour_passes(mailing, stories)
    assert (await deliveries.health(mailing.store))[0].error == "no_connection"
    await sink.start()
    for _ in range(20):
        mailing.pass_(seconds=30)
        await mailing.deliver(2)
    assert len(set(sink.ids())) == len(sink.mails) == 2 * _TICKETS
    for n, story in enumerate(stories):
        told = [
            words(mail)
            for mail, to in zip(sink.mails, sink.recipients, strict=True)
            if to == f"c{n}@example.org"
        ]
        assert [story.number in text for text in told] == [True, True]
        assert ["2024年" in text for text in told] == [False, True], "in order"
    assert await deliveries.health(mailing.store) == []


async def test_a_gateway_is_away_for_an_hour_and_is_not_stormed(
    reaching: House, sms: Gateway
) -> None:
    del reaching.ways[WayOut.EMAIL]
    stories = [
        await reaching.story(await reaching.citizen(phone=f"138000000{n:02}", mail=None))
        for n in range(_TICKETS)
    ]
    sms.answer = 503
    await _an_hour_passes(reaching, stories)
    assert sms.requests <= 30, "a try every few minutes"
    sms.answer = None
    before = sms.requests
    for _ in range(20):
        reaching.pass_(seconds=30)
        await reaching.deliver(2)
    assert sms.requests - before == 2 * _TICKETS
    assert [len(texts) for texts in sms.phones.values()] == [2] * _TICKETS
    for texts in sms.phones.values():
        assert ["2024年" in text for text in texts] == [False, True]


async def test_one_mail_that_is_not_taken_for_now_holds_up_nobody_else(
    mailing: House, sink: MailSink
) -> None:
    sink.answer = "451 greylisted"
    first = await mailing.story(await mailing.citizen(phone=None, mail="a@example.org"))
    await mailing.happens(first.accepted())
    await mailing.deliver(1)
    sink.answer = None
    await mailing.happens(first.classified(), first.assigned())
    second = await mailing.story(await mailing.citizen(phone=None, mail="b@example.org"))
    await mailing.happens(second.accepted())
    await mailing.deliver(2)
    assert sink.recipients == ["b@example.org"], "what comes later to the first waits for its turn"
    mailing.pass_(minutes=1)
    await mailing.deliver(3)
    assert sink.recipients == ["b@example.org", "a@example.org", "a@example.org"]


async def test_a_server_that_says_nothing_after_the_mail_is_not_sent_it_again(
    mailing: House, sink: MailSink
) -> None:
    sink.vanish = True
    story = await mailing.story(await mailing.citizen())
    await mailing.happens(story.accepted())
    await mailing.deliver()
    mailing.pass_(hours=2)
    await mailing.deliver()
    assert len(sink.mails) == 1
    assert await deliveries.counts(mailing.store) == {"unknown": 1}
