"""Hand-overs to and from other cities, as a city's pack limits them."""

from pydantic import Field

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart, RetentionLimit
from domain.ticket.complaint import Code


class HandoverPolicy(PackPart):
    """移交. The rules by which tickets are handed over; a city without them hands none over.

    `window`: how long the other city may take to answer. `reason`: the code of `[reasons] refer`
    by which a ticket that is taken on there ends here. `most_hops`: how often a matter may be
    handed on; `shown_from`: from which time on supervisors are shown it.
    """

    window: RetentionLimit = Limit.parse("2d")
    reason: Code = "other_city"
    most_hops: int = Field(3, ge=1, le=10)
    shown_from: int = Field(2, ge=1, le=10)
