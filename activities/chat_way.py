"""Staff chats (WeCom, DingTalk, Feishu and others) through the extra `chat`, which is Apprise.

A chat is written to at most once: none of them can be asked.
"""

from importlib.util import find_spec

from activities.message_ways import Begin, NotBegun, Parcel
from domain.messaging.states import SendingOutcome, SendingResult, WayOut


def is_installed() -> bool:
    """Return whether the extra is there."""
    return find_spec("apprise") is not None


class ChatWay:
    """The way by Apprise. The address is one of its own: wecombot://…, dingtalk://…, feishu://…"""

    channel = WayOut.CHAT
    receipts = False

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        import apprise  # an extra, and slow to load

        chat = apprise.Apprise()
        if not chat.add(parcel.to):
            return SendingOutcome(result=SendingResult.REFUSED, code="bad_chat_address")
        written = parcel.written
        text = "\n\n".join(part for part in (*written.texts.values(), written.link) if part)
        if not await begin():
            raise NotBegun
        sent = await chat.async_notify(title=written.subject, body=text)
        if sent:
            return SendingOutcome(result=SendingResult.DELIVERED, code="chat")
        return SendingOutcome(result=SendingResult.LATER, code="chat_refused")

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        return None
