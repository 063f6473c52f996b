"""The records of files, and the tickets they belong to. Their bytes: `store.files.objects`."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from domain.actors import Role
from domain.ticket.files import FileKind, Purpose
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.errors import TooManyFiles, UnknownFile

_FILE = tables.file.c


@dataclass(frozen=True)
class FileRow:
    """One file. `bytes` and `sha256` are of the stored content, which may not be the upload's.

    `network`: the fingerprint of a citizen's network, while the file belongs to no ticket.
    """

    id: str
    key: str
    kind: FileKind
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    sha256: str
    purpose: Purpose
    uploaded_at: datetime
    uploaded_by: Role
    uploader: str
    number: str | None
    expires_at: datetime | None
    network: str | None = None


@dataclass(frozen=True)
class Claim:
    """A request to attach a file. `uploader` None: the caller proved that it is theirs."""

    id: str
    uploader: str | None


@dataclass(frozen=True)
class Attaching:
    """The files to attach, the time, and how many files of each kind a ticket may have."""

    claims: Sequence[Claim]
    caps: Mapping[FileKind, int]
    now: datetime


_ROW = select(*(_FILE[field.name] for field in fields(FileRow)))
_ONE = _ROW.where(_FILE.id == bindparam("id"))
_OF_TICKET = _ROW.where(_FILE.number == bindparam("number")).order_by(_FILE.uploaded_at, _FILE.id)
_WAITING = select(func.coalesce(func.sum(_FILE.bytes), 0)).where(_FILE.number.is_(None))


def _file_row(row: ResultRow) -> FileRow:
    values = dict(row._mapping)
    values["kind"], values["purpose"] = FileKind(values["kind"]), Purpose(values["purpose"])
    values["uploaded_by"] = Role(values["uploaded_by"])
    return FileRow(**values)


async def record(store: Store, file: FileRow) -> None:
    """Insert the record of a new file."""
    row = {field.name: getattr(file, field.name) for field in fields(FileRow)}
    await store.change(store.insert(tables.file), row)


async def get(store: Store, file_id: str) -> FileRow | None:
    """Return the file of this id."""
    row = await store.first(_ONE, {"id": file_id})
    return None if row is None else _file_row(row)


async def of_ticket(store: Store, number: str) -> list[FileRow]:
    """Return the files of a ticket, in the order of upload."""
    return [_file_row(row) for row in await store.rows(_OF_TICKET, {"number": number})]


async def waiting_bytes(store: Store) -> int:
    """Return the total size of the files that belong to no ticket (yet)."""
    return int((await store.rows(_WAITING))[0][0])


def attach(connection: Connection, number: str, wanted: Attaching) -> list[str]:
    """Attach files to the ticket in the caller's transaction; return the ids of the new ones.

    Attaching a file to the same ticket again is allowed, to another ticket it is not.

    Raises:
        UnknownFile: one does not exist, has expired, or is somebody else's or another ticket's.
        TooManyFiles
    """
    if not wanted.claims:
        return []
    ids = sorted({claim.id for claim in wanted.claims})
    files = {row.id: _file_row(row) for row in connection.execute(_ROW.where(_FILE.id.in_(ids)))}
    for claim in wanted.claims:
        file = files.get(claim.id)
        if file is None or not _may(file, claim, number, wanted.now):
            raise UnknownFile("no such file, or it may not be attached here")
    fresh = [file for file in files.values() if file.number is None]
    _count(connection, number, fresh, wanted.caps)
    new = [file.id for file in fresh]
    taken = (
        update(tables.file)
        .where(_FILE.id.in_(new), _FILE.number.is_(None))
        .values(number=number, expires_at=None, network=None)
    )
    if new and connection.execute(taken).rowcount != len(new):  # another call was first
        raise UnknownFile("no such file, or it may not be attached here")
    return new


def _may(file: FileRow, claim: Claim, number: str, now: datetime) -> bool:
    if claim.uploader is not None and (not file.uploader or file.uploader != claim.uploader):
        return False
    if file.number is not None:
        return file.number == number
    return file.expires_at is not None and now < file.expires_at


def _count(
    connection: Connection,
    number: str,
    fresh: Collection[FileRow],
    caps: Mapping[FileKind, int],
) -> None:
    statement = select(_FILE.kind, func.count()).where(_FILE.number == number).group_by(_FILE.kind)
    values = {FileKind(kind): count for kind, count in connection.execute(statement)}
    for kind, count in Counter(file.kind for file in fresh).items():
        if values.get(kind, 0) + count > caps[kind]:
            raise TooManyFiles(f"at most {caps[kind]} files of the kind {kind} a ticket")


async def attach_to(store: Store, number: str, wanted: Attaching) -> list[str]:
    """Attach files as `attach` does, in a transaction of its own."""
    return await store.write(lambda connection: attach(connection, number, wanted))


async def release(store: Store, number: str, ids: Collection[str], expires_at: datetime) -> None:
    """Detach files from the ticket, after the request they came with was refused."""
    given_back = (
        update(tables.file)
        .where(_FILE.id.in_(ids), _FILE.number == number)
        .values(number=None, expires_at=expires_at)
    )
    await store.change(given_back)


def let_go(connection: Connection, number: str, at: datetime) -> None:
    """Detach all files from a ticket in the caller's transaction; they expire at `at`."""
    connection.execute(
        update(tables.file).where(_FILE.number == number).values(number=None, expires_at=at)
    )


async def expired(store: Store, now: datetime, limit: int) -> list[FileRow]:
    """Return the files that nobody attached in time, the first expired first."""
    statement = _ROW.where(_FILE.expires_at <= now).order_by(_FILE.expires_at).limit(limit)
    return [_file_row(row) for row in await store.rows(statement)]


async def forget(store: Store, file_id: str) -> None:
    """Delete the record of an expired file, after its object was deleted."""
    await store.change(
        delete(tables.file).where(_FILE.id == file_id, _FILE.expires_at.is_not(None))
    )
