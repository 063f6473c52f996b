"""The states of a message and of its deliveries, the channels, and when to try again."""

from datetime import timedelta
from enum import StrEnum

from domain.model import Recorded


class WayOut(StrEnum):
    """The ways out of the house."""

    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"
    PUSH = "push"  # to browsers, by their own push services (RFC 8030)


class NoticeState(StrEnum):
    """The states of a message to one recipient. The last six are final."""

    NEW = "new"
    WAITING = "waiting"  # for the end of quiet hours, or for the next day's budget
    SENDING = "sending"  # a delivery is on its way
    TOLD = "told"
    UNKNOWN = "unknown"  # perhaps told: it is not sent again
    FAILED = "failed"
    DROPPED = "dropped"
    JOINED = "joined"  # told in another message
    KEPT = "kept"  # in the mailbox only: no channel was set


class DeliveryState(StrEnum):
    """The states of one delivery. `claimed`: a worker has it, and nothing has left yet."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"  # a vendor has it, and will say what became of it
    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DROPPED = "dropped"


class SendingResult(StrEnum):
    """The result of an attempt to send."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good: the next channel is tried
    LATER = "later"  # this message, and not the others
    AWAY = "away"  # the channel: nothing of it is sent for a while
    UNKNOWN = "unknown"  # it may have arrived


class SendingOutcome(Recorded):
    """The outcome of an attempt. `code`: a short word without personal data."""

    result: SendingResult
    code: str = ""
    vendor_id: str | None = None
    gone: tuple[str, ...] = ()  # subscriptions that a push service does not know any more


PHONE_CODE, JOINED, DIGEST = "phone_code", "joined", "digest"
INCIDENT_TOLD = "incident_told"
"""The messages that are of no event of a ticket."""

CODE_VALID = timedelta(minutes=10)
"""The time after which a one-time code is not sent any more."""

LEASE = timedelta(minutes=5)
"""The time after which a delivery that a worker took up is looked after by another."""

GIVEN_UP = timedelta(days=1)
"""The time for which one message is tried on one channel."""

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)


def next_attempt(attempts: int) -> timedelta:
    """Return how long one message waits after so many attempts: doubling, an hour at most."""
    return min(_FIRST * (1 << min(attempts - 1, 10)), _LONGEST)


def pause_of_channel(failures: int) -> timedelta:
    """Return how long a channel is left alone after so many failures in a row."""
    return min(_PAUSE * (1 << min(failures - 1, 10)), _LONGEST_PAUSE)
