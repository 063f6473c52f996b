"""Taking readings: judged by the rules of the city, and filed as tickets."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.filing.intake import ComplaintIn, take
from app.sensors.devices import register
from domain.model import Incoming, Instant, Recorded
from domain.pack.coordinates import in_wgs84
from domain.pack.pack import Pack
from domain.pack.sensors import Device, SensorKind
from domain.sensors.readings import AlarmState, DeviceReading, Value
from domain.sensors.tickets import place_of, text_of
from domain.ticket.complaint import Channel, Code, Crs, Place, cleaned
from packs.lead_cells import lead_cell
from store.sensors import readings
from store.sensors.causes import At, Cause
from store.sensors.readings import TakenReading
from store.sensors.register import resident_of

AHEAD = timedelta(minutes=5)
"""The time by which the clock of a device may be ahead."""

SHOWN = 500
"""The most readings of a ticket that are shown."""

_BEFORE = timedelta(days=1)

Point = tuple[
    Annotated[float, Field(ge=-180, le=180)],
    Annotated[float, Field(ge=-90, le=90)],
]
"""Longitude and latitude, as in GeoJSON."""


class ReadingIn(Incoming):
    """A reading of a device. `id` is the source's own: a reading sent twice counts once."""

    device: Code = Field(description="The device, by its code in the city's register.")
    id: Code = Field(description="The source's own number of the reading.")
    at: Instant = Field(description="When it was measured, by the device's clock.")
    value: Value
    lat: float | None = Field(
        None, ge=-90, le=90, description="Of a lead: its place, in the datum of its kind."
    )
    lon: float | None = Field(None, ge=-180, le=180)
    outline: tuple[Point, ...] = Field(
        (), max_length=200, description="Of a lead: corners of its area, longitude first."
    )
    note: Annotated[str, StringConstraints(max_length=500), AfterValidator(cleaned)] = Field(
        "", description="Of a lead: what was seen. Never anything about a person."
    )

    @model_validator(mode="after")
    def _whole(self) -> "ReadingIn":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        if 0 < len(self.outline) < 3:
            raise ValueError("an outline has three corners at least")
        return self

    def where(self, crs: Crs) -> At | None:
        """Return the place of a lead in WGS-84: its point, else the middle of its outline.

        `crs`: the datum that the source sends in.
        """
        corners = [in_wgs84(lat, lon, crs)[::-1] for lon, lat in self.outline]
        shape = str([list(corner) for corner in corners]) if corners else ""
        if self.lat is not None and self.lon is not None:
            return At(*in_wgs84(self.lat, self.lon, crs), shape)
        if not corners:
            return None
        lon, lat = (sum(one[axis] for one in corners) / len(corners) for axis in (0, 1))
        return At(lat, lon, shape)


class AlarmOut(Recorded):
    """An alarm of a device. `number`: its open ticket. `recovered_at`: closing is proposed."""

    alarm: str
    raised: bool
    number: str | None = None
    recovered_at: Instant | None = None


class ReadingOut(Recorded):
    """The result of taking a reading. `again`: it was known; `judged`: it did not come too late."""

    device: str
    id: str
    again: bool
    judged: bool
    alarms: list[AlarmOut]


class ReadingShown(Recorded):
    at: Instant
    taken_at: Instant
    value: float
    lat: float | None = None
    lon: float | None = None


class ReadingsOut(Recorded):
    """The readings behind a ticket; `device` is None where no sensor is its cause.

    `recovered_at`: since when they have recovered: closing is proposed, and nothing closes by
    itself. `above`, `below`, `recovers`: the limits of the alarm.
    """

    device: str | None = None
    kind: str = ""
    alarm: str = ""
    unit: str = ""
    lead: bool = False
    above: float | None = None
    below: float | None = None
    recovers: float | None = None
    recovered_at: Instant | None = None
    items: list[ReadingShown] = Field(default_factory=list)


async def take_reading(
    context: AppContext, caller: Caller, city: str, body: ReadingIn
) -> ReadingOut:
    """Take a reading, and file a ticket for each cause that has none.

    Filing is done by the key of the cause: whoever fails here and sends the reading again gets
    the same ticket.

    Raises:
        Problem: not_your_city, not_in_this_city, unknown_device, reading_from_future,
            invalid_request
        KeyReused, UnknownCity, StoreUnavailable
    """
    await permit(context, caller, "take_reading")
    if not caller.serves(city):
        raise Problem("not_your_city")
    pack = context.packs.get(city)
    device, kind = await _known(context, pack, body)
    now = context.engine.clock.now()
    if body.at > now + AHEAD:
        raise Problem("reading_from_future")
    where = body.where(kind.crs) if kind.leads else None
    if kind.leads and where is None:
        raise Problem("invalid_request", "A lead needs a place: lat and lon, or an outline.")
    new = DeviceReading(id=body.id, at=body.at, value=body.value)
    taken = await readings.take(context.store, city, device.code, kind, new, now, where)
    numbers = {
        cause.id: await _number(context, caller, pack, device, kind, cause, body)
        for cause in (taken.open if taken.own is None else (taken.own,))
    }
    return _out(kind, body, taken, numbers)


async def _known(context: AppContext, pack: Pack, body: ReadingIn) -> tuple[Device, SensorKind]:
    if not pack.sensors.kinds:
        raise Problem("not_in_this_city")
    device = await register(context, pack).get(body.device)
    kind = pack.sensors.kind(device.kind) if device is not None else None
    if device is None or kind is None:
        raise Problem("unknown_device")
    return device, kind


async def _number(
    context: AppContext,
    caller: Caller,
    pack: Pack,
    device: Device,
    kind: SensorKind,
    cause: Cause,
    body: ReadingIn,
) -> str | None:
    """Return the ticket of a cause; one without is filed, if the city still has its alarm.

    Another reading may have filed it, and not have come to note it: what that one said stays.
    """
    rule = kind.alarm(cause.alarm)
    if cause.number is not None or rule is None:
        return cause.number
    complaint = ComplaintIn(
        city=pack.city.id,
        kind=rule.kind,
        channel=Channel.SENSOR,
        title=rule.title,
        text=text_of(kind, rule, device, body.value, body.note),
        category=rule.category,
        place=_place(context, pack, device, kind, cause),
        anonymous=not kind.personal,
        contact=resident_of(device) if kind.personal else None,
    )
    filed = await take(context, caller, complaint, f"sensor/{cause.id}", same=cause.id)
    await readings.name_ticket(context.store, cause.id, filed.receipt.number)
    return filed.receipt.number


def _place(
    context: AppContext, pack: Pack, device: Device, kind: SensorKind, cause: Cause
) -> Place:
    cell = lead_cell(context.packs, pack.city.id, cause.lat, cause.lon) if kind.leads else None
    return place_of(kind, device, cause.lat, cause.lon, cell)


def _out(
    kind: SensorKind, body: ReadingIn, taken: TakenReading, numbers: dict[str, str | None]
) -> ReadingOut:
    causes = taken.open if taken.own is None else (taken.own,)
    by_alarm = {cause.alarm: cause for cause in causes}
    alarms = []
    for rule in kind.alarms:
        cause = by_alarm.get(rule.code)
        alarms.append(
            AlarmOut(
                alarm=rule.code,
                raised=taken.state.alarms.get(rule.code, AlarmState()).raised,
                number=numbers.get(cause.id) if cause else None,
                recovered_at=cause.recovered_at if cause else None,
            )
        )
    return ReadingOut(
        device=body.device, id=body.id, again=taken.again, judged=taken.judged, alarms=alarms
    )


async def readings_of(context: AppContext, caller: Caller, number: str) -> ReadingsOut:
    """Return the readings behind a ticket; none where no sensor is its cause.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_readings", number)
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    cause = await readings.of_ticket(context.store, number)
    if cause is None:
        return ReadingsOut()
    pack = context.packs.get(cause.city)
    device = await register(context, pack).get(cause.device)
    kind = pack.sensors.kind(device.kind) if device is not None else None
    rule = kind.alarm(cause.alarm) if kind is not None else None
    rows = await readings.of_cause(context.store, cause, cause.opened_at - _BEFORE, SHOWN)
    return ReadingsOut(
        device=cause.device,
        kind=kind.code if kind else "",
        alarm=cause.alarm,
        unit=kind.unit if kind else "",
        lead=cause.lat is not None,
        above=rule.above if rule else None,
        below=rule.below if rule else None,
        recovers=rule.recovers if rule else None,
        recovered_at=cause.recovered_at if ticket.ended_at is None else None,
        items=[ReadingShown.model_validate(row.__dict__) for row in rows],
    )
