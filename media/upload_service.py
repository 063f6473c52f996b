"""The upload service: receives, examines, stores and records files."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import IO

from domain.actors import Actor
from domain.ticket.files import FileKind, Purpose
from media.errors import FileRefused
from media.receive import MB, Piece, arrive
from media.sandbox import Examined, Sandbox
from media.signed_links import LinkSigner
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import ObjectsUnavailable
from store.files import files
from store.files.files import FileRow
from store.files.objects import Objects, thumbnail_key

_FORM = 64 * 1024
_READ = 1024 * 1024


@dataclass(frozen=True)
class Taken:
    """A stored file, and where it was taken, if known: the location is stored nowhere."""

    row: FileRow
    location: tuple[float, float] | None


@dataclass(frozen=True)
class Uploads:
    """The upload service of an application."""

    settings: Settings
    store: Store
    objects: Objects
    key: bytes

    @cached_property
    def megabytes(self) -> Mapping[FileKind, int]:
        own_settings = self.settings
        return {
            FileKind.PHOTO: own_settings.photo_mb,
            FileKind.VIDEO: own_settings.video_mb,
            FileKind.VOICE: own_settings.voice_mb,
            FileKind.DOCUMENT: own_settings.document_mb,
        }

    @cached_property
    def caps(self) -> Mapping[FileKind, int]:
        """The most files of each kind that a ticket may have."""
        own_settings = self.settings
        return {
            FileKind.PHOTO: own_settings.photos_per_ticket,
            FileKind.VIDEO: own_settings.videos_per_ticket,
            FileKind.VOICE: own_settings.voices_per_ticket,
            FileKind.DOCUMENT: own_settings.documents_per_ticket,
        }

    @cached_property
    def signer(self) -> LinkSigner:
        return LinkSigner(self.key, link_minutes=self.settings.file_link_minutes)

    @cached_property
    def _chamber(self) -> Sandbox:
        return Sandbox(
            self.settings.home / "uploads",
            places=self.settings.examinations,
            megapixels=self.settings.photo_megapixels,
        )

    @property
    def waits(self) -> timedelta:
        """The time for which a file that belongs to no ticket is stored."""
        return timedelta(hours=self.settings.unattached_hours)

    async def take(
        self,
        pieces: AsyncIterator[Piece],
        purpose: Purpose,
        uploader: Actor,
        network: str | None = None,
    ) -> Taken:
        """Receive, examine and store a file. `network`: the fingerprint of where it comes from.

        Raises:
            FileRefused: refused, with the code; nothing is stored.
            ObjectsUnavailable, StoreUnavailable: nothing is stored.
        """
        with self._chamber.paper() as paper:
            try:
                async with asyncio.timeout(self.settings.upload_seconds):
                    arrived = await arrive(pieces, paper, self.megabytes)
            except TimeoutError:
                raise FileRefused("upload_too_slow") from None
            async with self._chamber.examined(paper, arrived.sort.name, arrived.size) as examined:
                row = await asyncio.to_thread(_described, examined, purpose, uploader, self.waits)
                await self._keep(replace(row, network=network), examined)
                return Taken(row, examined.properties.location)

    async def _keep(self, row: FileRow, examined: Examined) -> None:
        # Recorded first: a file that is stored but not recorded would never be found again. A
        # record without a file expires by itself, as nobody receives its id.
        await files.record(self.store, row)
        try:
            await self.objects.put(row.key, examined.content)
            if examined.thumbnail is not None:
                await self.objects.put(thumbnail_key(row.key), examined.thumbnail)
        except ObjectsUnavailable:
            await files.forget(self.store, row.id)
            raise


def limit_of_body(settings: Settings) -> int:
    """Return the largest size in bytes of a request body with an acceptable file."""
    largest = max(settings.photo_mb, settings.video_mb, settings.voice_mb, settings.document_mb)
    return largest * MB + _FORM


def _described(examined: Examined, purpose: Purpose, uploader: Actor, waits: timedelta) -> FileRow:
    properties, now = examined.properties, datetime.now(UTC)
    size, digest = _measured(examined.content)
    if examined.thumbnail is not None:
        examined.thumbnail.seek(0)
    return FileRow(
        id=f"f{secrets.token_hex(16)}",
        key=secrets.token_hex(16),
        kind=FileKind(properties.kind),
        media_type=properties.media_type,
        bytes=size,
        width=properties.width,
        height=properties.height,
        sha256=digest,
        purpose=purpose,
        uploaded_at=now,
        uploaded_by=uploader.role,
        uploader=uploader.id,
        number=None,
        expires_at=now + waits,
    )


def _measured(content: IO[bytes]) -> tuple[int, str]:
    """Return size and digest; leave `content` at its beginning."""
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := content.read(_READ):
        digest.update(piece)
        size += len(piece)
    content.seek(0)
    return size, digest.hexdigest()
