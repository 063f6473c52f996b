"""Services by appointment (预约办事): what can be booked where, and how often it may be moved."""

from typing import Self

from pydantic import Field, model_validator

from domain.deadlines.limits import Limit
from domain.pack.directory import ListedPlace
from domain.pack.policies import PackPart, RetentionLimit, Words
from domain.ticket.complaint import Code

MOST_AHEAD = 90
"""The most days ahead that can be booked: no festival is known much longer before."""


class Service(PackPart):
    """A service that residents book a time for.

    It is done at the `places` of the directory, and at those that take care of one of the
    `categories`. An appointment takes `minutes`; `at_once` of them can be served at one place at
    the same time. It is booked at most `days_ahead`, and at least `notice` before; `remind` before
    it begins the resident is reminded; they may move it `moves` times. `bring`: what to bring.
    `source`: the clause it rests on, or "illustrative".
    """

    code: Code
    name: Words
    name_en: Words
    places: tuple[Code, ...] = ()
    categories: tuple[Code, ...] = ()
    minutes: int = Field(ge=5, le=240)
    at_once: int = Field(1, ge=1, le=100)
    days_ahead: int = Field(14, ge=1, le=MOST_AHEAD)
    notice: RetentionLimit = Limit.parse("1h")
    remind: RetentionLimit = Limit.parse("24h")
    moves: int = Field(2, ge=0, le=20)
    bring: str = Field("", max_length=200)
    bring_en: str = Field("", max_length=200)
    source: Words

    @model_validator(mode="after")
    def _done_somewhere(self) -> Self:
        if not self.places and not self.categories:
            raise ValueError("neither places nor categories: it is done nowhere")
        return self

    def is_done_at(self, place: ListedPlace) -> bool:
        """Return whether a place is competent for it."""
        return place.code in self.places or any(map(place.serves, self.categories))


class Services(PackPart):
    """The whole of services.toml; without `services` nothing can be booked.

    One phone may have `per_phone` appointments ahead. Who did not come `no_shows` times within
    `no_shows_within` books nothing until `pause` after the last of them. Names and phones are
    deleted `keep` after the appointment.
    """

    services: tuple[Service, ...] = ()
    per_phone: int = Field(3, ge=1, le=50)
    no_shows: int = Field(3, ge=1, le=20)
    no_shows_within: RetentionLimit = Limit.parse("90d")
    pause: RetentionLimit = Limit.parse("14d")
    keep: RetentionLimit = Limit.parse("180d")

    def service(self, code: str) -> Service | None:
        """Return the service of that code, if there is one."""
        return next((one for one in self.services if one.code == code), None)
