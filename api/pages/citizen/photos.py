"""Photos in the citizens' forms.

A browser with JavaScript uploads each photo as soon as it is chosen (static/photos.js, to
`UPLOADS`), and the form carries the returned references, one hidden field `photo` each. A browser
without it sends the photos in the form itself: they are stored here in the same way, and the form
carries their references when it is shown again.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from api.http.body_limit import LIMIT, length_of
from api.http.forms import form_of
from api.http.networks import network_of
from api.pages.shared.forms import Form
from app.context import AppContext
from app.errors import Problem
from app.filing.uploads import receiving, upload
from domain.ticket.files import Purpose
from domain.words import N_
from media.errors import FileRefused
from media.receive import Piece
from store.db.errors import StoreError

UPLOADS = "/api/v1/files"
FORMS = ("/report", "/follow/facts", "/follow/rate")
"""The forms that accept photos."""
MOST = 9
FIELD, CHOSEN = "photo", "photos"
"""The fields of references and of photos to upload."""

WHOLE = "whole"
"""The last field of such a form: an interrupted upload lacks it."""

_READ = 1024 * 1024
_FORM = "multipart/form-data"

_TOO_MANY = N_("At most %(most)s photos, please. The first ones are kept.")
_BROKE_OFF = N_("The upload broke off. Please choose the missing photos once more.")
REFUSED = {
    "file_too_large": N_("%(file)s is too large. The others are kept."),
    "picture_too_large": N_("%(file)s is too large. The others are kept."),
    "unsupported_file": N_("%(file)s is no photo that we can read. The others are kept."),
    "mislabelled_file": N_("%(file)s is no photo that we can read. The others are kept."),
    "broken_file": N_("%(file)s is damaged. The others are kept."),
    "empty_file": N_("%(file)s is empty. The others are kept."),
    "too_many_uploads": N_("Too many photos from your network. Please wait an hour, or send none."),
}
OTHER = N_("%(file)s could not be taken just now. The others are kept.")


@dataclass
class Brought:
    """References of the photos, and a mark of each that stays the same when it is sent again.

    `digests`: the SHA-256 of the stored file, for photos sent in this form.
    """

    references: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def without(self, digests: frozenset[str]) -> list[str]:
        """Return the references of photos without these digests."""
        return [one for one in self.references if self.digests.get(one) not in digests]


class _Parser(MultiPartParser):
    def close(self) -> None:
        """Close every file, also a partly received one."""
        for file in self._files_to_close_on_error:
            file.close()


Admit = Callable[[Mapping[str, str]], Awaitable[None]]
"""A question about the fields `ASKED` of a form, which refuses the rest of it."""
ASKED = ("number", "code")
"""The first fields of a form of a ticket."""


@asynccontextmanager
async def read(
    request: Request, context: AppContext, admit: Admit | None = None
) -> AsyncIterator[FormData]:
    """Yield the form; its photos are on disk until the context ends.

    Of a form that is larger than one without files may be, no more than so much is read until the
    network has room for it, and until `admit` has agreed to its first fields.

    Raises:
        Problem: upload_too_slow, upload_interrupted, malformed_upload, body_too_large,
            too_many_uploads, uploads_busy, and what `admit` refuses.
    """
    if not _has_files(request):
        yield await form_of(request)
        return
    length = length_of(request)
    parser = _Parser(request.headers, request.stream())
    try:
        if length is not None and length <= LIMIT:
            sent = await _parsed(parser, context.settings.upload_seconds)
        else:
            if admit is not None:
                parser.stream = _admitted(parser, request.stream(), admit)
            async with receiving(context, network_of(request), length):
                sent = await _parsed(parser, context.settings.upload_seconds)
        yield sent
    finally:
        parser.close()


async def _admitted(
    parser: MultiPartParser, stream: AsyncGenerator[bytes, None], admit: Admit
) -> AsyncGenerator[bytes, None]:
    """Yield the stream to the parser, of which only the beginning until `admit` has agreed."""
    seen, agreed = 0, False
    async for chunk in stream:
        yield chunk  # and go on when the parser has read it
        seen += len(chunk)
        if agreed:
            continue
        fields = {name: value for name, value in parser.items if isinstance(value, str)}
        if all(name in fields for name in ASKED):
            await admit(fields)
            agreed = True
        elif seen > LIMIT:
            raise Problem("body_too_large")


async def _parsed(parser: MultiPartParser, seconds: float) -> FormData:
    try:
        async with asyncio.timeout(seconds):
            return await parser.parse()
    except TimeoutError:
        raise Problem("upload_too_slow") from None
    except ClientDisconnect:
        raise Problem("upload_interrupted") from None
    except MultiPartException:
        raise Problem("malformed_upload") from None


async def brought(request: Request, context: AppContext, sent: FormData, form: Form) -> Brought:
    """Store the photos; a refused one is a fault of the form, and the others are kept."""
    named = [one for one in sent.getlist(FIELD) if isinstance(one, str) and one]
    stored = named[:MOST]
    new = Brought(stored, list(stored))
    files = [one for one in sent.getlist(CHOSEN) if isinstance(one, UploadFile) and one.filename]
    if len(named) + len(files) > MOST:
        form.fail(CHOSEN, _TOO_MANY, most=MOST)
    for file in files[: MOST - len(stored)]:
        try:
            await _take(request, context, file, new)
        except (FileRefused, Problem, StoreError) as error:
            message = REFUSED.get(str(getattr(error, "code", "")), OTHER)
            form.fail(CHOSEN, message, file=(file.filename or "")[:60])
    if _has_files(request) and WHOLE not in sent:
        form.fail(CHOSEN, _BROKE_OFF)
    return new


async def _take(request: Request, context: AppContext, file: UploadFile, files: Brought) -> None:
    digest = hashlib.sha256()

    async def pieces() -> AsyncIterator[Piece]:
        while content := await file.read(_READ):
            digest.update(content)
            yield Piece(content, file.content_type or "")

    network = network_of(request)
    taken = await upload(context, None, network, pieces(), Purpose.COMPLAINT, file.size)
    reference = f"{taken.row.id}.{context.uploads.signer.proof(taken.row.id)}"
    files.references.append(reference)
    files.marks.append(digest.hexdigest())
    files.digests[reference] = taken.row.sha256


def _has_files(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith(_FORM)
