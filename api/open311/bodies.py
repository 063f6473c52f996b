"""Reading the bodies of forms as programs send them, in their charset and without a guess.

A browser encodes what it sends. Programs send UTF-8 as it is, or GBK, and the framework would read
both as Latin-1: letters that nobody wrote, in a complaint that somebody has to work on.
"""

import codecs
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from api.http.body_limit import LIMIT
from app.errors import Problem
from app.open311.doors import malformed

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

_MOST_FIELDS = 300
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:-]{1,40})["']?""", re.IGNORECASE | re.ASCII)
_KNOWN = {
    "utf-8": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "iso8859-1": "latin-1",
    "ascii": "utf-8",
}
_BYTES = "latin-1"
"""The charset in which every byte is a character, and back."""


async def form_of_program(request: Request) -> FormData:
    """Return the form of a request, its texts in the charset that it names, else in UTF-8.

    Raises:
        Problem: malformed_upload, invalid_request, upload_interrupted
    """
    written = request.headers.get("content-type", "")
    declared = written.partition(";")[0].strip().lower()
    if declared not in (MULTIPART, URLENCODED, ""):
        raise malformed("Content-Type", "malformed", f"is {URLENCODED} or {MULTIPART}")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise malformed("Content-Encoding", "malformed", "has to be left out: nothing is unpacked")
    charset = _charset(written)
    try:
        if declared == MULTIPART:
            form = await _parts(request, written)
        else:
            pairs: list[tuple[str, str | UploadFile]] = [*_raw_pairs(await request.body())]
            if len(pairs) > _MOST_FIELDS:
                raise MultiPartException("Too many fields.")
            form = FormData(pairs)
    except ClientDisconnect:
        raise Problem("upload_interrupted") from None
    except MultiPartException:
        raise Problem("malformed_upload") from None
    try:
        read: list[tuple[str, str | UploadFile]] = [
            (_text(name, "", charset), _value(value, name, charset))
            for name, value in form.multi_items()
        ]
        return FormData(read)
    except Problem:
        await form.close()
        raise


def pairs_of_query(query: bytes) -> Iterator[tuple[str, str]]:
    """Yield names and values of a query in UTF-8, also where its bytes are sent as they are."""
    for name, value in _raw_pairs(query):
        yield _read_as_utf8(name), _read_as_utf8(value)


def _raw_pairs(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield names and values of a form or a query, each byte of them as a character."""
    for part in content.replace(b"+", b" ").split(b"&"):
        name, _, value = part.partition(b"=")
        if part:
            yield unquote_to_bytes(name).decode(_BYTES), unquote_to_bytes(value).decode(_BYTES)


def _read_as_utf8(characters: str) -> str:
    return characters.encode(_BYTES).decode("utf-8", errors="replace")


async def _parts(request: Request, written: str) -> FormData:
    headers = Headers({"Content-Type": f"{_CHARSET.sub('', written)}; charset={_BYTES}"})
    parser = MultiPartParser(
        headers, request.stream(), max_fields=_MOST_FIELDS, max_part_size=LIMIT
    )
    return await parser.parse()


def _charset(written: str) -> str:
    """Return the charset of a Content-Type; UTF-8 where it names none that forms are sent in."""
    found = _CHARSET.search(written)
    try:
        return _KNOWN.get(codecs.lookup(found[1] if found else "utf-8").name, "utf-8")
    except LookupError:
        return "utf-8"


def _value(value: str | UploadFile, name: str, charset: str) -> str | UploadFile:
    return _text(value, name, charset) if isinstance(value, str) else value


def _text(value: str, name: str, charset: str) -> str:
    try:
        return value.encode(_BYTES).decode(charset)
    except ValueError:
        field = name if name.isascii() and name.isprintable() else ""
        says = f"is not {charset.upper()}: send UTF-8, or name the charset in Content-Type"
        raise malformed(field or "the form", "malformed", says) from None
