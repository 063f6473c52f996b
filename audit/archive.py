"""The archive of histories, outside the engine: one object per ticket, with all of its runs.

An object is a line that names the format, a line with the manifest as JSON, and the runs, each
compressed and encrypted with the ticket's key (`runtime.compact_history`). The manifest is readable
and holds nothing personal.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import ValidationError
from temporalio.client import WorkflowHistory

from audit.errors import ArchiveDamaged, HistoryErased
from domain.model import Instant, Recorded
from runtime.codec import Keys, Unreadable
from runtime.compact_history import digest, restored
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.db.errors import BadKey, Erased
from store.files.objects import Objects
from store.tickets import history_archive
from store.tickets.history_archive import ArchiveEntry

_FORMAT = b"jiesu history 1\n"


class ArchivedRun(Recorded):
    """One run of the workflow. `follows`: the id of the run before, or empty. `since`: the version
    of its first event. `sha256`: of its history, as the engine had it. `bytes`: here."""

    id: str
    follows: str
    events: int
    since: int
    sha256: str
    bytes: int


class Manifest(Recorded):
    """The readable part of an object: its content, and the finding when it was written.

    `record`: the SHA-256 of the ticket's state and events in the record, once it has ended.
    `key_id`: the key of the ring that wrapped the ticket's key. `release`: of the program that
    replayed it; `pack`: of the city's rules that the ticket was handled by.
    """

    number: str
    version: int
    finding: str
    release: str
    pack: str | None = None
    key_id: int | None = None
    record: str | None = None
    at: Instant
    runs: list[ArchivedRun]


@dataclass(frozen=True)
class ArchivedStory:
    """The archived runs of a ticket, with the manifest. `parts`: the runs, still encrypted."""

    manifest: Manifest
    parts: Sequence[bytes]

    @property
    def runs(self) -> Sequence[ArchivedRun]:
        return self.manifest.runs

    def written(self) -> bytes:
        """Return the object's content."""
        line = self.manifest.model_dump_json(exclude_none=True).encode() + b"\n"
        return b"".join([_FORMAT, line, *self.parts])


def parsed(content: bytes) -> ArchivedStory:
    """Return the story in an object. Raises ArchiveDamaged."""
    if not content.startswith(_FORMAT):
        raise ArchiveDamaged("an archived history has another format")
    line, _, rest = content.removeprefix(_FORMAT).partition(b"\n")
    try:
        manifest = Manifest.model_validate_json(line)
    except ValidationError as error:
        raise ArchiveDamaged("an archived history has no readable manifest") from error
    parts, at = list[bytes](), 0
    for run in manifest.runs:
        parts.append(rest[at : at + run.bytes])
        at += run.bytes
    if at != len(rest):
        raise ArchiveDamaged("an archived history is not complete")
    return ArchivedStory(manifest, parts)


class HistoryArchive:
    """The archive of one installation: objects, their register in the store, and the keys."""

    def __init__(self, store: Store, objects: Objects, keys: Keys) -> None:
        self.store = store
        self.objects = objects
        self.keys = keys

    async def story(self, number: str) -> ArchivedStory | None:
        """Return what is archived of the ticket.

        Raises:
            ArchiveDamaged: it was changed, or is missing although it was written.
            ObjectsUnavailable, StoreUnavailable
        """
        kept = await history_archive.held(self.store, number)
        if kept is None or not kept.key:
            return None
        try:
            content = await self._content(kept.key)
        except KeyError:
            raise ArchiveDamaged(f"the archived history of {number} is missing") from None
        if sha256(content).hexdigest() != kept.sha256:
            raise ArchiveDamaged(f"the archived history of {number} was changed")
        return parsed(content)

    async def history(self, story: ArchivedStory, n: int) -> WorkflowHistory:
        """Return the history of run `n`, counted from 0.

        Raises:
            HistoryErased, ArchiveDamaged
        """
        run, number = story.runs[n], story.manifest.number
        try:
            history = await restored(story.parts[n], ticket_workflow_id(number), self.keys)
        except Erased as error:
            raise HistoryErased(f"{number} was erased; its history cannot be read") from error
        except (Unreadable, BadKey) as error:
            raise ArchiveDamaged(f"the archived history of {number}: {error}") from error
        if digest(history) != run.sha256:
            raise ArchiveDamaged(f"the archived history of {number} differs from its digest")
        return history

    async def histories(self, story: ArchivedStory) -> AsyncIterator[WorkflowHistory]:
        """Yield the history of each archived run, oldest first."""
        for n in range(len(story.runs)):
            yield await self.history(story, n)

    async def write(self, story: ArchivedStory, version: int, *, final: bool) -> bool:
        """Write the story in place of what was kept of the ticket; return whether it is kept.

        It may be interrupted anywhere, and then be done again: what was kept before stays until the
        new object is complete, and an object that is not is deleted by a maintenance job. False:
        the ticket was erased meanwhile, or another export of it was faster; the object is deleted.
        """
        number, content = story.manifest.number, story.written()
        key = f"{number[:6]}/{number}-{secrets.token_hex(8)}"
        await history_archive.enter(self.store, key, number, datetime.now(UTC))
        await self.objects.put(key, content)
        if await self._content(key) != content:
            raise ArchiveDamaged(f"the archived history of {number} was not stored as written")
        kept = ArchiveEntry(
            key=key,
            number=number,
            version=version,
            runs=frozenset(run.id for run in story.runs),
            finding=story.manifest.finding,
            sha256=sha256(content).hexdigest(),
            bytes=len(content),
        )
        stays = await history_archive.keep(self.store, kept, key, datetime.now(UTC), final=final)
        if not stays:
            await self.objects.drop(key)
        return stays

    async def held(self, number: str) -> ArchiveEntry | None:
        """Return the register's entry of the ticket."""
        return await history_archive.held(self.store, number)

    async def _content(self, key: str) -> bytes:
        return b"".join([piece async for piece in await self.objects.get(key)])
