"""Tests that messages leave the house by e-mail, once, in order, and without personal data."""

from collections.abc import Sequence
from datetime import UTC, datetime

from domain.messaging.mails import MailEnvelope, mail
from domain.messaging.states import NoticeState, WayOut
from domain.messaging.texts import Written
from store.messaging import deliveries, notices
from store.tickets.mail_references import named_ticket
from store.tickets.tickets import state
from tests.messaging.house import EMAIL, NAME, PHONE, URL, House, MailSink, words


async def _states(house: House, keys: Sequence[str]) -> list[str]:
    found = [await notices.get(house.store, key) for key in keys]
    return [one.state.value for one in found if one is not None]


async def test_a_citizens_story_is_told_by_mail_in_both_languages(
    mailing: House, sink: MailSink
) -> None:
    story = await mailing.story(await mailing.citizen())
    await mailing.happens(*story.whole())
    await mailing.deliver(12)
    assert sink.recipients == [EMAIL] * len(sink.mails)
    told = [words(mail) for mail in sink.mails]
    assert len(told) == 4
    assert story.number in told[0]
    assert "已受理" in told[0] or "收到" in told[0]
    assert "The lamp has been replaced." in told[2]
    for sent, text in zip(sink.mails, told, strict=True):
        assert f"{URL}/follow?number={story.number}" in text
        assert NAME not in text and PHONE not in text
        assert sent["Content-Language"] == "zh-CN, en"
        assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        html = sent.get_body(("html",))
        assert html is not None and 'lang="en"' in html.get_content()


async def test_a_mail_can_be_answered_where_the_city_takes_mails(
    mailing: House, sink: MailSink
) -> None:
    """The reply goes to the city's own address, and its headers say which ticket it is about."""
    story = await mailing.story(await mailing.citizen())
    mailing.ways[WayOut.EMAIL] = sink.way({"example": "12345@example.org"})
    await mailing.happens(story.accepted())
    await mailing.deliver()
    (sent,) = sink.mails
    assert str(sent["Reply-To"]) == "12345@example.org"
    key = mailing.vault.ring.root_key
    assert await named_ticket(mailing.store, key, sent["Message-ID"]) == story.number


def test_the_link_that_ends_mails_is_on_the_wire_as_programs_read_it() -> None:
    """Encoded words are decoded by parsers of the tests, and by no provider's button."""
    link = f"https://12345.example.org/unsubscribe/{'Zm9v' * 40}"
    envelope = MailEnvelope(
        id="1" * 32,
        sender="hotline@example.org",
        sender_name="热线",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        unsubscribe=link,
    )
    made = mail(envelope, EMAIL, Written(subject="进展", texts={"zh": "您好"}))
    for content in (made.as_bytes(), made.as_string().encode()):
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        assert f"List-Unsubscribe: <{link}>".encode() in lines
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert max(map(len, lines)) < 998


async def test_nothing_is_told_twice(mailing: House, sink: MailSink) -> None:
    story = await mailing.story(await mailing.citizen())
    await mailing.happens(story.accepted())
    await mailing.deliver()
    await mailing.deliver()
    assert len(sink.mails) == 1
    assert await deliveries.counts(mailing.store) == {"told": 1}


async def test_without_a_way_out_it_stays_in_the_mailbox(at_home: House, sink: MailSink) -> None:
    story = await at_home.story(await at_home.citizen())
    await at_home.happens(story.accepted())
    await at_home.deliver()
    assert await deliveries.counts(at_home.store) == {NoticeState.KEPT.value: 1}
    assert await state(at_home.store, story.number) is not None
