"""The register of devices: those imported, beside those that the city's pack begins with.

An imported device hides one of the pack with its code. Where a device of a personal kind stands,
and whom it looks after, is encrypted: the database alone says only in which part of the city.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from domain.pack.sensors import Device
from store.db.engine import ResultRow, Store
from store.db.sensor_tables import device
from store.db.tables import Row
from store.secrets.device_seals import sealed, unsealed
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Person

_DEVICE = device.c
_AT_ONCE = 500
_KINDS = select(_DEVICE.code, _DEVICE.kind).where(
    _DEVICE.city == bindparam("city"), _DEVICE.code.in_(bindparam("codes", expanding=True))
)
_SEALED = ("name", "address", "lat", "lon", "resident", "phone")


@dataclass(frozen=True)
class DeviceChanges:
    """The changes of an import to the register: the codes, in order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    removed: list[str]


class Register:
    """The register of one city; `begins_with` are the devices of its pack."""

    def __init__(
        self, store: Store, ring: KeyRing, city: str, begins_with: Sequence[Device]
    ) -> None:
        self._store, self._ring, self._city, self._pack = store, ring, city, begins_with

    async def listed(self) -> list[Device]:
        """Return all devices, by code, without what is sealed: a list decrypts nobody's home."""
        rows = await self._store.rows(select(device).where(_DEVICE.city == self._city))
        found = {row.code: _device(dict(row._mapping)) for row in rows}
        return [one for _, one in sorted(({d.code: d for d in self._pack} | found).items())]

    async def get(self, code: str) -> Device | None:
        """Return the device of that code, if it is known."""
        row = await self._store.first(
            select(device).where(_DEVICE.city == self._city, _DEVICE.code == code)
        )
        if row is not None:
            return self._opened(row)
        return next((one for one in self._pack if one.code == code), None)

    async def change(
        self,
        devices: Sequence[Device],
        personal: Collection[str],
        *,
        replace: bool = False,
        dry_run: bool = False,
    ) -> DeviceChanges:
        """Import devices, and say what that changes. `personal`: the kinds that are sealed.

        `replace`: imported devices that are not among these are removed.
        """

        def work(connection: Connection) -> DeviceChanges:
            before = self._imported(connection)
            shown = {one.code: one for one in self._pack} | before
            new = {one.code: one for one in devices}
            gone = sorted(before.keys() - new.keys()) if replace else []
            changes = DeviceChanges(
                added=sorted(new.keys() - shown.keys()),
                changed=sorted(c for c in new.keys() & shown.keys() if new[c] != shown[c]),
                unchanged=sorted(c for c in new.keys() & shown.keys() if new[c] == shown[c]),
                removed=gone,
            )
            if dry_run:
                return changes
            for code in [*new, *gone]:
                connection.execute(
                    delete(device).where(_DEVICE.city == self._city, _DEVICE.code == code)
                )
            for one in devices:
                row = self._row(one, one.kind in personal)
                connection.execute(self._store.insert(device), row)
            return changes

        return await (self._store.read(work) if dry_run else self._store.write(work))

    def _imported(self, connection: Connection) -> dict[str, Device]:
        rows = connection.execute(select(device).where(_DEVICE.city == self._city)).all()
        return {row.code: self._opened(row) for row in rows}

    def _row(self, one: Device, personal: bool) -> Row:
        values = one.model_dump(exclude={"resident", "phone"})
        content = None
        if personal:
            own = {name: getattr(one, name) for name in _SEALED}
            content = sealed(self._ring, self._city, one.code, own)
            values |= {"name": "", "address": "", "lat": None, "lon": None}
        return values | {"city": self._city, "sealed": content, "key_id": self._ring.current}

    def _opened(self, row: ResultRow) -> Device:
        values = dict(row._mapping)
        if row.sealed is not None:
            values |= unsealed(self._ring, self._city, row.code, row.sealed)
        return _device(values)


def _device(values: Row) -> Device:
    # What was checked when it was imported is not checked again.
    fields = Device.model_fields
    return Device.model_construct(**{k: v for k, v in values.items() if k in fields})


def resident_of(device: Device) -> Person | None:
    """Return whom a device at a home looks after, as the vault keeps people."""
    person = Person(
        name=device.resident or None, phone=device.phone or None, address=device.address or None
    )
    return person if person.has_values else None


async def kinds_of(store: Store, city: str, codes: Sequence[str]) -> dict[str, str]:
    """Return the kinds of those devices that were imported."""

    def work(connection: Connection) -> dict[str, str]:
        found = dict[str, str]()
        for begin in range(0, len(codes), _AT_ONCE):
            some = {"city": city, "codes": codes[begin : begin + _AT_ONCE]}
            found |= {row.code: row.kind for row in connection.execute(_KINDS, some)}
        return found

    return await store.read(work)
