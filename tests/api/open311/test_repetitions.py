"""A repetition is recognised for ten minutes, also where a span of them ends meanwhile."""

from datetime import UTC, datetime, timedelta

from app.open311.filing import REPEATED, key_of_repetition
from domain.ticket.complaint import Complaint
from store.tickets import intake
from tests.api.running_api import Api

JUST_BEFORE = datetime(2026, 3, 2, 0, 9, 59, tzinfo=UTC)
"""A second before one span of ten minutes ends, and the next begins."""


async def test_a_repetition_after_the_end_of_a_span_has_the_first_key(engineless_api: Api) -> None:
    context = engineless_api.context
    first = await key_of_repetition(context, "mark", JUST_BEFORE)
    assert await key_of_repetition(context, "other", JUST_BEFORE) != first
    complaint = Complaint(number="", city="tongzhou", text="路灯不亮", filed_at=JUST_BEFORE)
    await intake.register(
        context.store, complaint, None, None, first, "mark", lambda: "2603021234560"
    )
    seconds = timedelta(seconds=5)
    assert await key_of_repetition(context, "mark", JUST_BEFORE + seconds) == first
    last = JUST_BEFORE + REPEATED - seconds
    assert await key_of_repetition(context, "mark", last) == first
    assert await key_of_repetition(context, "mark", JUST_BEFORE + REPEATED) != first
