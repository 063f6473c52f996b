"""A file in a form (multipart/form-data, RFC 7578): its only part, parsed as it is received."""

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from media.errors import FileRefused
from media.receive import Piece

FIELD = "file"


class _Form:
    """The callbacks of the parser; `pieces` is emptied after each write."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.parts = 0
        self.ended = False
        self.declared = ""
        self._name, self._value = b"", b""
        self._headers: dict[str, bytes] = {}

    def begin(self) -> None:
        self.parts += 1
        self._headers = {}

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name, self._value = b"", b""

    def headers_finished(self) -> None:
        _, contents = parse_options_header(self._headers.get("content-disposition", b""))
        # The file name is ignored.
        if self.parts > 1 or contents.get(b"name") != FIELD.encode():
            raise FileRefused("malformed_upload", f"The form has one part, named {FIELD}.")
        self.declared = self._headers.get("content-type", b"").decode("latin-1")

    def data(self, data: bytes, start: int, end: int) -> None:
        self.pieces.append(data[start:end])

    def end(self) -> None:
        self.ended = True


async def only_file(body: AsyncIterator[bytes], content_type: str) -> AsyncIterator[Piece]:
    """Yield the pieces of the form's file.

    Raises:
        FileRefused: malformed_upload.
    """
    _, options = parse_options_header(content_type)
    form = _Form()
    parser = MultipartParser(
        _boundary(options),
        {
            "on_part_begin": form.begin,
            "on_part_data": form.data,
            "on_header_field": form.header_field,
            "on_header_value": form.header_value,
            "on_header_end": form.header_end,
            "on_headers_finished": form.headers_finished,
            "on_end": form.end,
        },
    )
    async for chunk in body:
        try:
            parser.write(chunk)
        except FormParserError:
            raise FileRefused("malformed_upload") from None
        for piece in form.pieces:
            yield Piece(piece, form.declared)
        form.pieces.clear()
    if not form.ended:
        raise FileRefused("malformed_upload", "The form ends before its end.")


def _boundary(options: dict[bytes, bytes]) -> bytes:
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:
        raise FileRefused("malformed_upload", "The form has no boundary.")
    return boundary
