"""The models of triage that a city's tickets made, and the record of which was in use.

The record is only added to: the last entry of a city names the model in use. A file is read again
only when that changes.

Errors:
    BadModel (see `domain.insight.model`)  the stored file cannot be used
    UnknownModel `unknown_model`           the city has no model of that version
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Connection, bindparam, func, insert, select

from domain.insight.model import BadModel, TriageModel, read_model
from store.db.engine import Store
from store.db.locks import lock
from store.db.model_tables import triage_model, triage_model_change

_MODEL, _CHANGE = triage_model.c, triage_model_change.c
_ACTIVE = (
    select(_CHANGE.version, _CHANGE.at, _CHANGE.by, _CHANGE.purpose)
    .where(_CHANGE.city == bindparam("city"))
    .order_by(_CHANGE.n.desc())
    .limit(1)
)
_FILE = select(_MODEL.file).where(
    _MODEL.city == bindparam("city"), _MODEL.version == bindparam("version")
)
LOOK_AGAIN = timedelta(seconds=30)
"""The time that a process uses a model without asking whether another one was put to use."""


class UnknownModel(LookupError):
    """A version that no model of the city has."""

    code = "unknown_model"

    def __init__(self, city: str, version: str) -> None:
        super().__init__(f"{city} has no model {version}")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model of a city without its file. `active`: it is in use."""

    version: str
    tickets: int
    measured: dict[str, float]
    made_at: datetime
    made_by: str
    active: bool


@dataclass(frozen=True, slots=True)
class ModelChange:
    """An entry of the record: what was put to use, when, by whom and why."""

    version: str | None
    at: datetime
    by: str
    purpose: str


async def keep(store: Store, file: bytes, city: str, at: datetime, by: str) -> str:
    """Store a model, unless it is stored already; return its version.

    Raises:
        BadModel, StoreUnavailable
    """
    model = await asyncio.to_thread(read_model, file, city)
    row = {
        "city": city,
        "version": model.version,
        "file": file,
        "tickets": model.head.tickets,
        "measured": json.dumps(model.head.measured),
        "made_at": at,
        "made_by": by,
    }
    await store.change(store.insert(triage_model).on_conflict_do_nothing(), row)
    return model.version


async def activate(
    store: Store, city: str, version: str | None, at: datetime, by: str, purpose: str
) -> None:
    """Put a model to use, or with None none any more, and enter it in the record.

    Raises:
        UnknownModel, BadModel, StoreUnavailable
    """
    if version is not None:
        await load(store, city, version)

    def work(connection: Connection) -> None:
        lock(store, connection, f"triage models/{city}")
        last = select(func.max(_CHANGE.n)).where(_CHANGE.city == city)
        row = {
            "id": secrets.token_hex(8),
            "city": city,
            "n": (connection.execute(last).scalar() or 0) + 1,
            "version": version,
            "at": at,
            "by": by,
            "purpose": purpose,
        }
        connection.execute(insert(triage_model_change), row)

    await store.write(work)


async def in_use(store: Store, city: str) -> ModelChange | None:
    """Return the last entry of a city's record, None without one."""
    row = await store.first(_ACTIVE, {"city": city})
    return None if row is None else ModelChange(row.version, row.at, row.by, row.purpose)


async def load(store: Store, city: str, version: str) -> TriageModel:
    """Return a stored model.

    Raises:
        UnknownModel, BadModel, StoreUnavailable
    """
    row = await store.first(_FILE, {"city": city, "version": version})
    if row is None:
        raise UnknownModel(city, version)
    return await asyncio.to_thread(read_model, bytes(row.file), city, version)


async def models(store: Store, city: str) -> Sequence[StoredModel]:
    """Return the models of a city, the newest first."""
    active = await in_use(store, city)
    columns = [column for column in triage_model.c if column.name not in ("file", "city")]
    query = select(*columns).where(_MODEL.city == city)
    rows = await store.rows(query.order_by(_MODEL.made_at.desc(), _MODEL.version))
    return [
        StoredModel(
            version=row.version,
            tickets=row.tickets,
            measured=json.loads(row.measured),
            made_at=row.made_at,
            made_by=row.made_by,
            active=active is not None and active.version == row.version,
        )
        for row in rows
    ]


class ActiveModels:
    """The models in use, each read once in a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._models: dict[str, TriageModel | None] = {}
        self._asked: dict[str, float] = {}
        self.problems: dict[str, str] = {}

    async def of(self, city: str) -> TriageModel | None:
        """Return the model in use in a city; None if there is none, or it cannot be used.

        Raises:
            StoreUnavailable
        """
        asked = self._asked.get(city)
        if asked is not None and monotonic() - asked < LOOK_AGAIN.total_seconds():
            return self._models.get(city)
        change = await in_use(self._store, city)
        version = change.version if change is not None else None
        known = self._models.get(city)
        if version is None:
            self._models[city] = None
        elif known is None or known.version != version:
            try:
                self._models[city] = await load(self._store, city, version)
                self.problems.pop(city, None)
            except (BadModel, UnknownModel) as error:
                self._models[city] = None
                self.problems[city] = f"{error.code}: {error}"
        self._asked[city] = monotonic()
        return self._models[city]
