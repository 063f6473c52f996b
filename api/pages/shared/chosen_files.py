"""The files that were chosen in a form of staff: which they are, and storing one."""

from collections.abc import AsyncIterator

from starlette.datastructures import FormData, UploadFile

from app.access.caller import Caller
from app.context import AppContext
from app.filing.uploads import upload
from domain.ticket.files import FileKind, Purpose
from media.receive import MB, Piece
from store.files.files import FileRow

_AT_ONCE = 256 * 1024


def chosen_files(sent: FormData, name: str) -> list[UploadFile]:
    """Return the files that were chosen in the field of this name; an empty field sends one without
    a name."""
    return [one for one in sent.getlist(name) if isinstance(one, UploadFile) and one.filename]


async def store_chosen(
    context: AppContext, caller: Caller, chosen: UploadFile, purpose: Purpose
) -> FileRow:
    """Store a file, as the API does; only this caller may attach it.

    Raises:
        Problem, FileRefused, ObjectsUnavailable, StoreUnavailable: nothing is stored.
    """
    return (await upload(context, caller, "", _pieces(chosen), purpose)).row


def reference(context: AppContext, file: FileRow) -> str:
    """Return a file's reference with its proof: filing asks for one, whoever files."""
    return f"{file.id}.{context.uploads.signer.proof(file.id)}"


def photo_bytes(context: AppContext) -> int:
    """Return the most bytes of a photo, for a phone that says it on the spot."""
    return context.uploads.megabytes[FileKind.PHOTO] * MB


async def _pieces(chosen: UploadFile) -> AsyncIterator[Piece]:
    while content := await chosen.read(_AT_ONCE):
        yield Piece(content, chosen.content_type or "")
