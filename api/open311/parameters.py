"""The parameters of a request, from its address and its form, as clients send them."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.http.body_limit import LIMIT, length_of
from api.http.networks import network_of
from api.open311.bodies import MULTIPART, form_of_program, pairs_of_query
from app.access.caller import Caller
from app.context import AppContext
from app.filing.uploads import receiving, upload
from app.open311.doors import malformed
from app.open311.filing import Attached
from domain.ticket.files import Purpose
from media.receive import Piece

_ATTRIBUTE = re.compile(r"attribute\[(?P<code>[^\[\]]{1,100})\](?:\[\d*\])?")
_ALIASES = {"deviceid": "device_id", "lng": "long", "lon": "long"}
_LISTS = frozenset({"media_url"})
_MEDIA = ("media", "media[]")
_MOST_FILES = 9
_READ = 1024 * 1024


@dataclass
class Parameters:
    """The parameters of a request by their names in the standard, without empty ones; files."""

    values: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    files: list[UploadFile] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        """Add a value. An empty parameter equals an absent one."""
        value = value.strip()
        if not value:
            return
        match = _ATTRIBUTE.fullmatch(name)
        if match is not None:
            self.attributes.setdefault(match["code"], []).append(value)
            return
        name = name.removesuffix("[]")
        self.values.setdefault(_ALIASES.get(name, name), []).append(value)

    def one(self, name: str) -> str | None:
        """Return a value; of several the first one counts."""
        return self.values.get(name, [None])[0]

    def chosen(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the values of these names that were sent; others are ignored."""
        return {
            name: tuple(self.values[name]) if name in _LISTS else self.values[name][0]
            for name in names
            if name in self.values
        }


def of_address(request: Request) -> Parameters:
    """Return the parameters in the address."""
    sent = Parameters()
    for name, value in pairs_of_query(request.scope["query_string"]):
        sent.add(name, value)
    return sent


@asynccontextmanager
async def of_form(request: Request, context: AppContext) -> AsyncIterator[Parameters]:
    """Yield the parameters in the form and the address; its files are on disk until then.

    A form that is larger than one without files may be is read when its network has room for it.

    Raises:
        Problem: malformed_upload, invalid_request, upload_interrupted, too_many_uploads,
            uploads_busy
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = length_of(request)
    if declared == MULTIPART and (length is None or length > LIMIT):
        async with receiving(context, network_of(request), length):
            form = await form_of_program(request)
    else:
        form = await form_of_program(request)
    try:
        sent = of_address(request)
        for name, value in form.multi_items():
            if isinstance(value, str):
                sent.add(name, value)
            elif name in _MEDIA and (value.filename or value.size):
                sent.files.append(value)
        if len(sent.files) > _MOST_FILES:
            raise malformed("media", "too_many", f"has more than {_MOST_FILES} files")
        yield sent
    finally:
        await form.close()


async def stored(
    request: Request, context: AppContext, caller: Caller, files: Sequence[UploadFile]
) -> Attached:
    """Store the files of a form like any upload: examined, and made safe.

    Raises:
        Problem, FileRefused, ObjectsUnavailable, StoreUnavailable
    """
    references, marks = [], []
    for file in files:
        digest = hashlib.sha256()

        async def pieces(file: UploadFile = file, digest: Any = digest) -> AsyncIterator[Piece]:
            while content := await file.read(_READ):
                digest.update(content)
                yield Piece(content, file.content_type or "")

        network = network_of(request)
        taken = await upload(context, caller, network, pieces(), Purpose.COMPLAINT, file.size)
        references.append(f"{taken.row.id}.{context.uploads.signer.proof(taken.row.id)}")
        marks.append(digest.hexdigest())
    return Attached(references, marks)
