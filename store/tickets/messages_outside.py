"""The erasure of whom messages of a ticket went to."""

from typing import Any

from sqlalchemy import Connection, delete, select, update

from domain.messaging.states import DeliveryState, NoticeState
from store.db.message_tables import choice, delivery, notice, push_subscription

_N = notice.c
_OPEN = (NoticeState.NEW.value, NoticeState.WAITING.value, NoticeState.SENDING.value)


def forget(connection: Connection, number: str) -> None:
    """Forget whom messages of a ticket went to, and tell nothing more of it."""
    _stop(connection, _N.number == number)
    connection.execute(
        update(delivery).where(delivery.c.number == number).values(vendor_id=None, lane="")
    )
    connection.execute(delete(push_subscription).where(push_subscription.c.number == number))
    connection.execute(delete(choice).where(choice.c.recipient == f"ticket/{number}"))


def _stop(connection: Connection, which: Any) -> None:
    going = (DeliveryState.WAITING.value, DeliveryState.CLAIMED.value)
    stopped = select(_N.key).where(which, _N.state.in_(_OPEN))
    connection.execute(
        update(delivery)
        .where(delivery.c.notice.in_(stopped), delivery.c.state.in_(going))
        .values(state=DeliveryState.DROPPED.value, outcome="erased", claim=None)
    )
    connection.execute(
        update(notice)
        .where(which, _N.state.in_(_OPEN))
        .values(state=NoticeState.DROPPED.value, reason="erased")
    )
    connection.execute(update(notice).where(which).values(recipient=None, signature=None))
