"""Tests of the rules of messages: quiet hours, the day's budget, choices, the same words twice."""

from pathlib import Path

from activities.composing import Composer
from domain.activity_io import Projection
from domain.actors import SYSTEM
from domain.events import Fact
from domain.facts.intake import Answered
from domain.facts.merging import Merged, RepliedWithParent
from domain.messaging.states import NoticeState, WayOut
from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from store.db.engine import Store
from store.messaging import choices, deliveries, notices
from store.messaging.marks import Marks, SignedEnding
from store.tickets import erasure
from tests.messaging.house import (
    EMAIL,
    NAME,
    PHONE,
    RING,
    House,
    MailSink,
    house,
    in_pack,
    words,
)
from tests.store.stories import DESK, DISPATCHER, Story


def _house(store: Store, tmp_path: Path, sink: MailSink, messages: str) -> House:
    made = house(store, tmp_path / "cities", change=in_pack(f"[messages]\n{messages}"))
    made.ways[WayOut.EMAIL] = sink.way()
    return made


async def test_nobody_is_written_to_at_night(store: Store, tmp_path: Path, sink: MailSink) -> None:
    quiet = _house(store, tmp_path, sink, 'quiet = "21:00-08:00"')
    quiet.pass_(hours=13)  # 22:00 there
    story = await quiet.story(await quiet.citizen())
    await quiet.happens(story.accepted(), story.classified(), story.assigned())
    await quiet.deliver(4)
    assert sink.mails == []
    assert await deliveries.counts(store) == {"waiting": 2}
    quiet.pass_(hours=9, minutes=59)
    await quiet.deliver(4)
    assert sink.mails == []
    quiet.pass_(minutes=2)
    await quiet.deliver(6)
    assert ["受理" in words(mail) for mail in sink.mails] == [True, False]


async def test_what_is_over_the_days_budget_comes_in_one_message(
    store: Store, tmp_path: Path, sink: MailSink
) -> None:
    spare = _house(store, tmp_path, sink, 'quiet = "21:00-08:00"\nbudget = 2')
    person, another = await spare.citizen(), await spare.citizen(mail="wang@example.org")
    first, second = await spare.story(person), await spare.story(another)
    await spare.happens(first.accepted(), second.accepted())
    await spare.deliver(4)
    assert len(sink.mails) == 2
    await spare.happens(first.classified(), first.assigned())
    await spare.happens(second.classified(), second.assigned())
    await spare.deliver(4)
    assert len(sink.mails) == 2, "two tickets of one phone have one budget"
    spare.pass_(hours=23)
    await spare.deliver(6)
    assert len(sink.mails) == 3
    joined = words(sink.mails[2])
    assert first.number in joined and second.number in joined
    assert await deliveries.counts(store) == {"told": 3, "joined": 2}


async def test_a_call_counts_as_a_message(store: Store, tmp_path: Path, sink: MailSink) -> None:
    spare = _house(store, tmp_path, sink, "budget = 3")
    story = await spare.story(await spare.citizen())
    await spare.happens(*story.until_replied())
    await spare.deliver(6)
    assert len(sink.mails) == 2, "accepted, assigned, and a call: the answer comes tomorrow"
    spare.pass_(days=1, hours=2)
    await spare.deliver(4)
    assert "The lamp has been replaced." in words(sink.mails[2])


async def test_who_wants_no_mail_gets_none_and_by_a_link_that_cannot_be_made_up(
    mailing: House, sink: MailSink
) -> None:
    story = await mailing.story(await mailing.citizen())
    await mailing.happens(story.accepted())
    await mailing.deliver()
    link = str(sink.mails[0]["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
    marks = Marks(RING)
    ending = marks.read_link(link)
    assert ending is not None and ending.channel is WayOut.EMAIL
    for forged in ("", ".", link[:-2] + "AA", marks.link(SignedEnding("0" * 32, WayOut.SMS))[:-1]):
        assert marks.read_link(forged) is None
    await choices.without(mailing.store, ending.recipient, ending.channel, mailing.at)
    await mailing.happens(story.classified(), story.assigned())
    await mailing.deliver()
    assert len(sink.mails) == 1
    assert await deliveries.counts(mailing.store) == {"told": 1, "dropped": 1}


async def test_the_same_words_about_merged_tickets_are_told_once(
    mailing: House, sink: MailSink
) -> None:
    person = await mailing.citizen()
    parent = await mailing.story(None)
    stories = [await mailing.story(person) for _ in range(2)]
    for story in stories:
        await mailing.happens(story.accepted(), story.classified())
        await mailing.happens(_merged(story, _same(parent.number)))
    await mailing.deliver(6)
    before = len(sink.mails)
    for story in stories:
        told = RepliedWithParent(parent=parent.number, text="Repaired.", resolved=True)
        await mailing.happens(_merged(story, told))
    await mailing.deliver(6)
    assert ["Repaired." in words(mail) for mail in sink.mails[before:]] == [True]
    assert (await deliveries.counts(mailing.store))["dropped"] == 2


def _same(parent: str) -> Fact:
    return Merged(parent=parent, category="lamp", tier="normal", reason="the same lamp")


def _merged(story: Story, fact: Fact) -> Projection:
    return story.tell(fact, by=DISPATCHER if isinstance(fact, Merged) else SYSTEM)


async def test_a_report_of_wrongdoing_is_not_spoken_of(mailing: House, sink: MailSink) -> None:
    story = await mailing.story(
        await mailing.citizen(), kind=Kind.REPORT, title="The foreman takes bribes"
    )
    await mailing.happens(story.accepted(), story.answered())
    await mailing.deliver(5)
    for mail in sink.mails:
        said = words(mail) + str(mail["Subject"])
        assert story.number in said
        assert "timer" not in said and "bribes" not in said and "foreman" not in said


async def test_an_erased_ticket_is_not_spoken_of_and_leaves_no_trace_of_whom(
    store: Store, tmp_path: Path, sink: MailSink
) -> None:
    quiet = _house(store, tmp_path, sink, 'quiet = "21:00-08:00"')
    story = await quiet.story(await quiet.citizen())
    await quiet.happens(story.accepted())
    await quiet.deliver()
    quiet.pass_(hours=13)
    await quiet.happens(story.answered())
    await quiet.deliver()
    await erasure.erase(store, story.number, quiet.at)
    quiet.pass_(days=1)
    await quiet.deliver(4)
    assert len(sink.mails) == 1
    assert await deliveries.counts(store) == {"told": 1, "dropped": 1}
    found = await notices.page(store, "example", None, None, 10)
    assert [(one.recipient, one.number) for one in found.items] == [(None, story.number)] * 2


async def test_phones_in_an_answer_are_covered_and_headers_cannot_be_made(
    mailing: House, sink: MailSink
) -> None:
    story = await mailing.story(await mailing.citizen(), title="Lamp\r\nBcc: all@example.org")
    await mailing.happens(
        story.accepted(), story.tell(_answer(f"Ask {PHONE}\r\nBcc: x@y.org"), by=DESK)
    )
    await mailing.deliver(4)
    for mail in sink.mails:
        assert mail["Bcc"] is None
        assert mail["To"] == EMAIL
        assert PHONE not in words(mail) and NAME not in words(mail)


def _answer(text: str) -> Fact:
    return Answered(text=text)


async def test_what_the_city_calls_itself_cannot_make_a_header(
    mailing: House, sink: MailSink
) -> None:
    pack = mailing.packs.get("example")
    named = pack.city.model_copy(update={"name": "示例\r\nBcc: all@example.org"})
    hostile = pack.model_copy(update={"city": named})

    class Hostile(Composer):
        def pack(self, city: str) -> Pack:
            return hostile

    worker = mailing.worker()
    old = worker._composer
    worker._composer = Hostile(mailing.store, mailing.packs, mailing.vault, old._cover, mailing.url)
    story = await mailing.story(await mailing.citizen())
    await mailing.happens(story.accepted())
    for _ in range(3):
        await worker.step()
    (mail,) = sink.mails
    assert mail["Bcc"] is None
    assert (await deliveries.counts(mailing.store)) == {NoticeState.TOLD.value: 1}


async def test_a_poisoned_message_stops_no_other(
    store: Store, tmp_path: Path, sink: MailSink
) -> None:
    broken = house(store, tmp_path / "cities")
    broken.ways[WayOut.EMAIL] = sink.way()
    pack = broken.packs.get("example")
    texts = {
        language: {**known, "assigned": "{0.__class__}{nothing}"}
        for language, known in pack.messages.items()
    }
    hostile = pack.model_copy(update={"messages": texts})

    class Hostile(Composer):
        def pack(self, city: str) -> Pack:
            return hostile

    worker = broken.worker()
    worker._composer = Hostile(
        store, broken.packs, broken.vault, worker._composer._cover, broken.url
    )
    story = await broken.story(await broken.citizen())
    await broken.happens(*story.until_replied())
    for _ in range(6):
        await worker.step()
    assert len(sink.mails) == 2
    assert "The lamp has been replaced." in words(sink.mails[1])
    assert await deliveries.counts(store) == {"told": 2, "failed": 1}
