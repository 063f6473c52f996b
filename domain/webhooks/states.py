"""The states of a webhook's subscription, and why the system disables one."""

from enum import StrEnum


class HookState(StrEnum):
    """The state of a subscription."""

    ACTIVE = "active"
    PAUSED = "paused"  # by somebody
    DISABLED = "disabled"  # by the system, see `Why`


class Why(StrEnum):
    """The reasons for which the system disables a subscription."""

    FAILING = "failing"  # for three days
    GONE = "gone"  # it answered 410
    TOO_OLD = "too_old"  # what it has to be sent next is deleted
    OWNER = "owner"  # whoever made it may not manage it any more
