"""Tests of mistakes in a plug-in of messages: they end the one message, and not the step."""

from activities.message_ways import Begin, Parcel
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from store.messaging import deliveries
from tests.messaging.house import House, MailSink

_BAD = "13900000001"


class Clumsy:
    """A plug-in that fails for one citizen, before or after a message has left."""

    channel = WayOut.SMS
    receipts = False

    def __init__(self, *, begins: bool) -> None:
        self.begins, self.sent = begins, list[str]()

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        if not self.begins and parcel.to.endswith(_BAD):
            raise RuntimeError(parcel.to)
        assert await begin()
        if parcel.to.endswith(_BAD):
            raise RuntimeError(parcel.to)
        self.sent.append(parcel.to)
        return SendingOutcome(result=SendingResult.DELIVERED, code="sent")

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        raise RuntimeError(parcel_id)


async def _three_are_told(house: House) -> None:
    for phone in (_BAD, "13900000002", "13900000003"):
        story = await house.story(await house.citizen(phone=phone))
        await house.happens(story.accepted())


async def test_a_plugin_that_fails_before_it_sends_leaves_the_message_to_the_next_channel(
    mailing: House, sink: MailSink
) -> None:
    plugin = Clumsy(begins=False)
    mailing.ways[WayOut.SMS] = plugin
    await _three_are_told(mailing)
    await mailing.deliver()
    assert sorted(plugin.sent) == ["+8613900000002", "+8613900000003"]
    assert len(sink.mails) == 1, "the one that failed came by mail"
    assert await deliveries.counts(mailing.store) == {"told": 3}


async def test_a_plugin_that_fails_when_it_sends_may_have_sent(
    mailing: House, sink: MailSink
) -> None:
    plugin = Clumsy(begins=True)
    mailing.ways[WayOut.SMS] = plugin
    await _three_are_told(mailing)
    await mailing.deliver()
    assert (len(plugin.sent), sink.mails) == (2, [])
    assert await deliveries.counts(mailing.store) == {"told": 2, "unknown": 1}


async def test_a_plugin_that_fails_when_it_is_asked_holds_up_nobody(at_home: House) -> None:
    plugin = Clumsy(begins=True)
    at_home.ways[WayOut.SMS] = plugin
    for n in (2, 3, 4):
        story = await at_home.story(await at_home.citizen(phone=f"1390000000{n}"))
        await at_home.happens(story.accepted())
    worker = at_home.worker()
    await worker.decide()
    claimed = await deliveries.claim(at_home.store, [WayOut.SMS], "gone", 2, at_home.at)
    for one in claimed:
        assert await deliveries.begin(at_home.store, one, at_home.at)
    at_home.pass_(minutes=6)
    assert await worker.look_after() == 2
    await worker.send_due()
    assert await deliveries.counts(at_home.store) == {"unknown": 2, "told": 1}
    outcomes = [
        way.outcome
        for one in claimed
        for way in await deliveries.of_notice(at_home.store, one.notice)
    ]
    assert outcomes == ["error", "error"]
    assert len(plugin.sent) == 1


async def test_a_message_that_cannot_be_put_together_holds_up_nobody(mailing: House) -> None:
    for phone in (_BAD, "13900000002"):
        story = await mailing.story(await mailing.citizen(phone=phone))
        await mailing.happens(story.accepted())
    worker = mailing.worker()
    await worker.decide()
    written, asked = worker._composer.written, list[str]()

    async def once_broken(*given: object) -> object:
        asked.append("")
        if len(asked) == 1:
            raise TypeError("a template's own mistake")
        return await written(*given)  # type: ignore[arg-type]

    worker._composer.written = once_broken  # type: ignore[method-assign, assignment]
    await worker.send_due()
    assert await deliveries.counts(mailing.store) == {"failed": 1, "told": 1}
