"""Supervision lists (督导清单): a city's leaders with their areas, and what their lists take up."""

from typing import Annotated

from pydantic import AfterValidator, Field

from domain.deadlines.limits import Limit, LimitUnit
from domain.pack.policies import Condition, PackPart, Words
from domain.ticket.complaint import Code

_DAYS = (LimitUnit.DAYS, LimitUnit.WORKING_DAYS)


def _whole_days(limit: Limit) -> Limit:
    if limit.unit not in _DAYS:
        raise ValueError(f"{limit}: a list counts whole days: d or wd")
    return limit


DayLimit = Annotated[Limit, AfterValidator(_whole_days)]
"""A limit in days or working days."""


class Leader(PackPart):
    """A post (never a person) that sees to the problems of an area or of some units.

    `areas`: divisions, with all that is inside them. `units`: units, with all that are under them.
    `unit`: the one whose officers act for the post.
    """

    code: Code
    name: Words
    name_en: Words
    areas: tuple[Code, ...] = ()
    units: tuple[Code, ...] = ()
    unit: Code


class ListRule(PackPart):
    """A rule that puts tickets on lists by itself. `when`: a CEL condition on the ticket `t`."""

    code: Code
    name: Words
    name_en: Words
    when: Condition


class SupervisionPolicy(PackPart):
    """`[supervision]`: the lists of a city; one without leaders has none.

    `deadline`: until when something is rectified, if nobody says a day. `revisits`: when somebody
    looks whether it holds, counted from the result; after the last of them it is settled.
    """

    deadline: DayLimit = Limit.parse("5wd")
    revisits: tuple[DayLimit, ...] = Field(
        (Limit.parse("7d"), Limit.parse("30d"), Limit.parse("90d")), min_length=1, max_length=10
    )
    leaders: tuple[Leader, ...] = ()
    rules: tuple[ListRule, ...] = ()

    def leader(self, code: str) -> Leader | None:
        """Return the leader of that code, if there is one."""
        return next((one for one in self.leaders if one.code == code), None)
