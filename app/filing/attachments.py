"""Attachment of uploaded files to a ticket: once, and only by their uploader."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import EngineUnavailable
from domain.ticket.files import REFERENCE, file_id
from store.db.errors import UnknownFile
from store.files import files
from store.files.files import Attaching, Claim

REFUSALS = ("unknown_file", "too_many_files")


def wanted(context: AppContext, references: Sequence[str], account: str | None) -> Attaching:
    """Return the claims of `references`. With its proof a file may be claimed by anybody; without,
    only by the account that uploaded it.

    Raises:
        UnknownFile: a proof is wrong, or there is none and no account.
    """
    claims = []
    for reference in references:
        match = REFERENCE.fullmatch(reference)
        if match is None:
            raise UnknownFile("not a reference of an uploaded file")
        named, proof = match.groups()
        if proof is None and account is None:
            raise UnknownFile("who uploaded it is not proven")
        if proof is not None and not context.uploads.signer.proves(named, proof):
            raise UnknownFile("who uploaded it is not proven")
        claims.append(Claim(named, None if proof else account))
    return Attaching(claims, context.uploads.caps, datetime.now(UTC))


def ids(references: Sequence[str]) -> list[str]:
    """Return the references as a ticket stores them: uploaded files by id, others unchanged."""
    return [file_id(reference) or reference for reference in references]


@asynccontextmanager
async def attached(
    context: AppContext, caller: Caller, key: str, number: str, references: Sequence[str]
) -> AsyncIterator[list[str]]:
    """Attach the uploaded files among `references` during an operation that names them.

    `key`: the permission of that operation. If it is refused the files are released. If its outcome
    is unknown they stay attached: the caller repeats the operation, and may name them again.

    Raises:
        Problem, UnknownFile, TooManyFiles
    """
    await permit(context, caller, key, number)
    uploaded = [reference for reference in references if file_id(reference)]
    if not uploaded:
        yield list(references)
        return
    if caller.unit is not None and await visible(context, caller, number) is None:
        raise Problem("ticket_not_found")
    attaching = wanted(context, uploaded, None if caller.citizen else caller.id)
    new = await files.attach_to(context.store, number, attaching)
    try:
        yield ids(references)
    except EngineUnavailable:
        raise
    except Exception:
        if new:
            await files.release(context.store, number, new, attaching.now + context.uploads.waits)
        raise
