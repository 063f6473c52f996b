"""Tests of messages to the members of an incident when its public statement changes."""

from typing import Any

from domain.actors import Actor, Role
from domain.incident.incident import Incident, IncidentState, MemberState
from domain.ticket.complaint import Kind
from store.db.incident_tables import member
from store.incidents import book
from store.messaging import deliveries
from tests.messaging.house import House, MailSink, words
from tests.store.stories import Story

DESK = Actor(role=Role.DESK, id="desk-1")


async def _incident(house: House, first: str) -> str:
    made = Incident.model_validate(
        {
            "id": "INC1", "city": "example", "state": IncidentState.OPEN, "title": "停水",
            "statement": "已派人检修。", "lead": first, "version": 1, "made_at": house.at,
            "declared_at": house.at,
            "scope": {"categories": ["lamp"], "areas": ["U1"], "began_at": house.at},
        }
    )  # fmt: skip
    assert await book.put(house.store, made, DESK)
    return made.id


async def _joins(house: House, incident: str, story: Story) -> None:
    values: dict[str, Any] = {
        "number": story.number,
        "incident": incident,
        "city": "example",
        "state": MemberState.MEMBER.value,
        "channel": "web",
        "reasons": "[]",
        "filed_at": house.at,
        "joined_at": house.at,
        "told": 1,
        "read": 1,
        "attempts": 0,
        "by": "",
        "error": "",
    }
    known = {name: value for name, value in values.items() if name in member.c}
    await house.store.change(member.insert().values(**known))


async def _says(house: House, incident: str, text: str) -> None:
    await book.change(
        house.store, incident, DESK, house.at, lambda one: one.model_copy(
            update={"statement": text}
        )
    )  # fmt: skip


async def test_each_member_hears_once_of_a_new_statement_and_reports_of_wrongdoing_never(
    mailing: House, sink: MailSink
) -> None:
    ours = [await mailing.story(await mailing.citizen()) for _ in range(2)]
    other = await mailing.story(await mailing.citizen(phone=None, mail="b@example.org"))
    report = await mailing.story(
        await mailing.citizen(phone=None, mail="c@example.org"), kind=Kind.REPORT
    )
    for story in (*ours, other, report):
        await mailing.happens(story.accepted())
    await mailing.deliver()
    incident = await _incident(mailing, ours[0].number)
    for story in (*ours, other, report):
        await _joins(mailing, incident, story)
    before = len(sink.mails)
    await _says(mailing, incident, "预计今晚恢复供水。")
    await _says(mailing, incident, "预计今晚恢复供水。")
    await mailing.deliver()
    told = sink.mails[before:]
    assert sorted(sink.recipients[before:]) == ["b@example.org", "wang@example.org"]
    assert all("预计今晚恢复供水" in words(mail) for mail in told)
    await _says(mailing, incident, "明早恢复。")
    await _says(mailing, incident, "已恢复。")
    await mailing.deliver()
    assert ["已恢复" in words(mail) for mail in sink.mails[before + 2 :]] == [True, True]
    counts = await deliveries.counts(mailing.store)
    assert counts["dropped"] >= 4
