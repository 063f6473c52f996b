"""Sensors of a city: kinds of devices, when one of them raises an alarm, and the devices known."""

from typing import Self

from pydantic import Field, model_validator

from domain.deadlines.limits import Limit
from domain.pack.directory import PlaceName, ShortLine, Telephone
from domain.pack.policies import PackPart, RetentionLimit, Words
from domain.ticket.complaint import Code, Crs, Kind

MOST_OF_PACK = 500
"""The most devices of a pack: more are imported."""


class AlarmRule(PackPart):
    """The rule by which readings become a ticket, and by which they have recovered.

    Raised `above` or `below` a value, after so many `readings` in a row that go on for at least
    `lasting`. Recovered once they are on the other side of `recovers` for at least
    `recovered_for`: between the two values nothing changes (hysteresis). Without `recovers` each
    reading is an event that passes, such as a button that is pressed. The ticket gets `category`,
    whose tier sets its clocks, `kind` and `title`.
    """

    code: Code
    name: Words
    name_en: Words
    above: float | None = None
    below: float | None = None
    readings: int = Field(1, ge=1, le=100)
    lasting: RetentionLimit | None = None
    recovers: float | None = None
    recovered_for: RetentionLimit | None = None
    category: Code
    kind: Kind = Kind.COMPLAINT
    title: Words

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.above is not None and self.below is not None:
            raise ValueError("above and below: an alarm has one of them")
        if self.recovered_for is not None and self.recovers is None:
            raise ValueError("recovered_for: recovers is missing")
        if self.recovers is not None:
            if self.above is None and self.below is None:
                raise ValueError("recovers: neither above nor below is set")
            over = self.above is not None and self.recovers > self.above
            under = self.below is not None and self.recovers < self.below
            if over or under:
                raise ValueError("recovers: a value that recovers would still be an alarm")
        return self

    @property
    def passes(self) -> bool:
        """True if each alarm is an event, and no state that could recover."""
        return self.recovers is None

    def alarms(self, value: float) -> bool:
        """Return whether a value is beyond the limit."""
        if self.above is not None:
            return value > self.above
        return self.below is None or value < self.below

    def recovered(self, value: float) -> bool:
        """Return whether a value is back on the good side."""
        if self.recovers is None:
            return False
        return value < self.recovers if self.above is not None else value > self.recovers


class SensorKind(PackPart):
    """A kind of devices. Their readings are one number, `field`, in `unit`.

    `interval`: how often a device reports; one that says nothing for longer is shown as silent.
    `late`: how late a reading may come and still be judged. `personal`: who has such a device is
    personal data: its place is sealed, and no pack names one. `leads`: each message is a lead with
    a place of its own, as from a satellite; one within `same_within` metres of a lead whose ticket
    is open is attached to that. `crs`: the datum of the points of leads. `source`: the clause it
    rests on, or "illustrative".
    """

    code: Code
    name: Words
    name_en: Words
    field: Code = "value"
    unit: str = Field("", max_length=20)
    interval: RetentionLimit | None = None
    late: RetentionLimit = Limit.parse("1d")
    personal: bool = False
    leads: bool = False
    same_within: int = Field(50, ge=1, le=5000)
    crs: Crs = Crs.WGS84
    alarms: tuple[AlarmRule, ...] = Field(min_length=1)
    source: Words

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        codes = [rule.code for rule in self.alarms]
        if len(set(codes)) < len(codes):
            raise ValueError("alarms: a code is there twice")
        bounded = [rule.above is not None or rule.below is not None for rule in self.alarms]
        if self.leads and (len(codes) > 1 or any(bounded)):
            raise ValueError("leads: they have one alarm, without above and below")
        if not self.leads and not all(bounded):
            raise ValueError("alarms: above or below is missing")
        if self.leads and self.personal:
            raise ValueError("personal: leads have no device at a person's place")
        return self

    def alarm(self, code: str) -> AlarmRule | None:
        """Return the alarm of that code, if there is one."""
        return next((rule for rule in self.alarms if rule.code == code), None)


class Sensors(PackPart):
    """The whole of sensors.toml."""

    kinds: tuple[SensorKind, ...] = ()

    def kind(self, code: str) -> SensorKind | None:
        """Return the kind of that code, if there is one."""
        return next((kind for kind in self.kinds if kind.code == code), None)


class Device(PackPart):
    """A device of the register. `area`: the division that it stands in; empty for a satellite.

    Of a device of a personal kind, address, point, name and phone are sealed: `resident` and
    `phone` are those of whom it looks after.
    """

    code: Code
    kind: Code
    name: PlaceName
    area: Code | None = None
    address: ShortLine = ""
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    resident: ShortLine = ""
    phone: Telephone = ""
    source: ShortLine = ""

    @model_validator(mode="after")
    def _whole_point(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self
