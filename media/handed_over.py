"""Files of what was given to us: fetched from the first city, and compared with their hashes."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog

from domain.actors import CITIZEN
from domain.handover import signing
from domain.handover.handover import FileOffer, Handover, HandoverWords
from domain.ticket.files import Purpose
from media.errors import FileRefused
from media.receive import Piece
from media.upload_service import Uploads, limit_of_body
from runtime.outbound import AddressRefused, Carrier, Unreachable
from store.files.files import Attaching, Claim
from store.handover.neighbours import Neighbour, Secrets

log = structlog.get_logger(__name__)

_WITHIN = 60.0
_ROOM = 1024


class FetchedFiles:
    """The fetching of files; each is examined as if a citizen had sent it."""

    def __init__(self, uploads: Uploads, carrier: Carrier) -> None:
        self._uploads, self._carrier = uploads, carrier

    async def fetched(
        self,
        known: Neighbour,
        shared: Secrets,
        of: Handover,
        words: HandoverWords,
        now: datetime,
    ) -> tuple[Attaching, int]:
        """Return the files, to be attached, and how many are missing.

        One that is not what was offered, or that is refused here, is missing.

        Raises:
            Unreachable: all of them are to be fetched again later.
        """
        claims, missing = [], 0
        largest = limit_of_body(self._uploads.settings)
        for one in words.files:
            if one.size > largest:  # it would be refused, and is in memory while it is fetched
                log.warning("a file is too large", neighbour=known.code)
                missing += 1
                continue
            content = await _content(self._carrier, known, shared, of, one, now)
            if content is None or hashlib.sha256(content).hexdigest() != one.sha256:
                log.warning("a file is not as it was offered", neighbour=known.code)
                missing += 1
                continue
            try:
                taken = await self._uploads.take(_pieces(content, one), Purpose.COMPLAINT, CITIZEN)
            except FileRefused as refused:
                log.warning("a file is refused", neighbour=known.code, code=refused.code)
                missing += 1
                continue
            claims.append(Claim(taken.row.id, None))
        return Attaching(claims, self._uploads.caps, datetime.now(UTC)), missing


async def _content(
    carrier: Carrier,
    known: Neighbour,
    shared: Secrets,
    of: Handover,
    file: FileOffer,
    now: datetime,
) -> bytes | None:
    """Return the bytes of a file; None if the other city does not give it."""
    purpose = signing.file_of(of.id, file.id)
    headers = signing.headers(shared.present, purpose, known.known_as, known.code, now, b"")
    try:
        reply = await carrier.send(
            "GET",
            f"{known.url}{signing.FILES}/{of.id}/{file.id}",
            headers=headers,
            within=_WITHIN,
            most=file.size + _ROOM,
        )
    except AddressRefused as error:
        raise Unreachable(error.code) from error
    if reply.status >= 500:
        raise Unreachable("no_http")
    return reply.body if reply.status == 200 and reply.whole else None


async def _pieces(content: bytes, file: FileOffer) -> AsyncIterator[Piece]:
    yield Piece(content, file.media_type)
