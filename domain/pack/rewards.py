"""Rewarded snapshots (有奖随手拍): a city's rules, caps, signs of abuse, and prizes."""

from datetime import date

from pydantic import Field

from domain.deadlines.limits import Limit
from domain.pack.policies import Condition, PackPart, RetentionLimit, Words
from domain.ticket.complaint import Channel, Code, Kind, of_wrongdoing

MOST_POINTS = 100_000
"""The most points of one rule or of one prize."""


class RewardPolicy(PackPart):
    """`[rewards]`: which reports can earn points, how many, and which of them a person looks at.

    Without `channels` and `kinds` nothing is rewarded. Caps: `per_day` rewards for the reports that
    one person files on a day; `per_place` for one category at one place, which is `place_metres`
    wide, within `place_within`. Points can be spent for `valid`, and a prize fetched for
    `code_valid`. Signs of abuse hold a reward back: a picture like that of another report filed
    within `alike_within` before; an earlier report of the same category at the same place within
    `repeat_within`; more than `names_per_phone` names with one phone; more than `per_network`
    reports from one network on a day.
    """

    channels: tuple[Channel, ...] = ()
    kinds: tuple[Kind, ...] = ()
    per_day: int = Field(3, ge=1, le=100)
    per_place: int = Field(1, ge=1, le=100)
    place_within: RetentionLimit = Limit.parse("30d")
    place_metres: int = Field(50, ge=1, le=5000)
    valid: RetentionLimit = Limit.parse("365d")
    code_valid: RetentionLimit = Limit.parse("30d")
    alike_within: RetentionLimit = Limit.parse("30d")
    repeat_within: RetentionLimit = Limit.parse("2d")
    names_per_phone: int = Field(2, ge=1, le=100)
    per_network: int = Field(10, ge=1, le=1000)

    def channel_on_the_web(self, with_photo: bool) -> Channel:
        """Return the channel of a report on the web: with a photo a snapshot, if those count."""
        snapshot = with_photo and Channel.SNAPSHOT in self.channels
        return Channel.SNAPSHOT if snapshot else Channel.WEB

    def counts(self, channel: Channel, *kinds: Kind) -> bool:
        """Return whether a report of this channel, which has or had these kinds, can earn points.

        A report of wrongdoing (举报) never can: what is paid out for it could lead to who reported.
        """
        rewarded = channel in self.channels and all(kind in self.kinds for kind in kinds)
        return rewarded and not of_wrongdoing(*kinds)


class RewardRule(PackPart):
    """A rule of rewards.csv: the points for a ticket that has ended as `when` says.

    `when` is a CEL condition on the ticket `t`. Of the rules that hold the first one counts.
    `source`: the clause it rests on, or "illustrative".
    """

    code: Code
    name: Words
    name_en: Words
    when: Condition
    points: int = Field(ge=1, le=MOST_POINTS)
    source: Words


class Prize(PackPart):
    """A row of prizes.csv: `stock` pieces that the unit hands out for `points`, up to and on a day.

    `stock` counts all pieces there ever were: to add a hundred, raise it by a hundred.
    """

    code: Code
    name: Words
    name_en: Words
    points: int = Field(ge=1, le=MOST_POINTS)
    stock: int = Field(ge=0, le=10_000_000)
    unit: Code
    until: date
