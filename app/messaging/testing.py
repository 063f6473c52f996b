"""Sending a test: a message of the city's templates, filled in with a sample, to one address."""

import secrets
from string import Formatter
from typing import Annotated, Literal

import structlog
from pydantic import AfterValidator, Field

from activities.message_gateways import ways_of
from activities.message_ways import Parcel
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from domain.messaging.addresses import mail_address, sms_number
from domain.messaging.states import SendingOutcome, WayOut
from domain.messaging.texts import Written, link_to, moment
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from store.secrets.phones import normal_phone

logger = structlog.stdlib.get_logger("jiesu.api")

_NUMBER = "2603021234560"


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not an address")
    return text.strip()


class TestIn(Incoming):
    """The message, and where to send it. The address is kept nowhere."""

    template: Code
    channel: Literal["email", "sms"]
    to: Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_one_line)]


async def send_test(
    context: AppContext, caller: Caller, pack: Pack, test: TestIn
) -> SendingOutcome:
    """Send a message filled in with a sample, at once; return what the other side said.

    Raises:
        Problem: channel_not_set, bad_address, no_such_message
    """
    await permit(context, caller, "send_test_message")
    if not caller.serves(pack.city.id):
        raise Problem("not_your_city")
    channel = WayOut(test.channel)
    way = ways_of(context.settings, context.vault.ring).get(channel)
    if way is None:
        raise Problem("channel_not_set")
    to = _address(channel, test.to)
    if to is None:
        raise Problem("bad_address")
    parcel = Parcel(
        id=secrets.token_hex(16),
        to=to,
        written=_sample(context, pack, test.template),
        at=context.now(),
        sender_name=pack.city.name,
    )

    async def begin() -> bool:
        return True

    outcome = await way.send(parcel, begin)
    logger.info("test sent", channel=channel.value, outcome=outcome.code, by=caller.id)
    return outcome


def _address(channel: WayOut, text: str) -> str | None:
    if channel is WayOut.EMAIL:
        return mail_address(text)
    try:
        return sms_number(normal_phone(text))
    except ValueError:
        return None


def _sample(context: AppContext, pack: Pack, template: str) -> Written:
    due = moment(context.now(), pack.calendar.tz, "zh")
    texts = {}
    for language, messages in pack.messages.items():
        raw = messages.get(template)
        if raw is None:
            continue
        chinese = language == "zh"
        unit, category = pack.units[0], pack.categories[0]
        values = {
            "number": _NUMBER,
            "city": pack.city.name if chinese else pack.city.name_en,
            "title": "小区门口路灯不亮" if chinese else "The street lamp at the gate is dark",
            "unit": unit.name if chinese else unit.name_en,
            "category": category.name if chinese else category.name_en,
            "due": due if chinese else moment(context.now(), pack.calendar.tz, "en"),
            "text": "已更换灯具，恢复照明。" if chinese else "The lamp was replaced.",
        }
        texts[language] = Formatter().vformat(raw, (), values)
    if not texts:
        raise Problem("no_such_message")
    subject = f"【{pack.city.name}】测试 / Test"
    return Written(subject, texts, link_to(context.settings.public_url, _NUMBER))
