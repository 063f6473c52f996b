"""A single byte range, as video players request it (RFC 9110, 14.2)."""

import re

from media.errors import FileRefused

_ONE = re.compile(r"bytes=([0-9]{1,15})?-([0-9]{1,15})?")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Parse a Range header into start and end; None, the whole file, unless it is one range.

    Raises:
        FileRefused: bad_range; the range lies outside the file.
    """
    match = _ONE.fullmatch(header.strip())
    if match is None or match.groups() == (None, None):
        return None
    first, last = match.groups()
    if first is None:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None  # not a valid range
    if start >= end:
        raise FileRefused("bad_range", headers={"Content-Range": f"bytes */{size}"})
    return start, end
