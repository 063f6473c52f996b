"""Staff chats (WeCom, DingTalk, Feishu and others) through the extra `chat`, which is Apprise.

A chat is written to at most once: none of them can be asked.
"""

from importlib.util import find_spec

from activities.message_ways import Begin, NotBegun, Parcel
from domain.messaging.states import Channel, Outcome, Result


def is_installed() -> bool:
    """Return whether the extra is there."""
    return find_spec("apprise") is not None


class ChatWay:
    """The way by Apprise. The address is one of its own: wecombot://…, dingtalk://…, feishu://…"""

    channel = Channel.CHAT
    receipts = False

    async def send(self, parcel: Parcel, begin: Begin) -> Outcome:
        import apprise  # an extra, and slow to load

        chat = apprise.Apprise()
        if not chat.add(parcel.to):
            return Outcome(result=Result.REFUSED, code="bad_chat_address")
        written = parcel.written
        text = "\n\n".join(part for part in (*written.texts.values(), written.link) if part)
        if not await begin():
            raise NotBegun
        sent = await chat.async_notify(title=written.subject, body=text)
        if sent:
            return Outcome(result=Result.DELIVERED, code="chat")
        return Outcome(result=Result.LATER, code="chat_refused")

    async def ask(self, parcel_id: str) -> Outcome | None:
        return None
