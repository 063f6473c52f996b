"""Cursors: positions in a list, as opaque text."""

import base64
import binascii
import json
from datetime import UTC, datetime

from store.db.errors import BadCursor


def cursor(*key: str | int) -> str:
    """Return a cursor for the row with this sort key."""
    packed = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def key_of(text: str, *types: type[str] | type[int]) -> list[str | int]:
    """Return the sort key in a cursor, of exactly these types.

    Raises:
        BadCursor: the text is not a cursor of such a list.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadCursor("not a cursor of this list") from error
    if not isinstance(key, list) or [type(part) for part in key] != list(types):
        raise BadCursor("not a cursor of this list")
    # No list gives out such values, and the two databases handle them differently.
    if not all(_plausible(part) for part in key):
        raise BadCursor("not a cursor of this list")
    return key


def _plausible(part: str | int) -> bool:
    if isinstance(part, int):
        return 0 <= part < 2**31
    return part.isascii() and part.isprintable()


def moment(text: str | int) -> datetime:
    """Parse the moment in a part of a sort key, as `datetime.isoformat` wrote it."""
    try:
        at = datetime.fromisoformat(str(text))
        if at.tzinfo is None:
            raise BadCursor("not a cursor of this list")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadCursor("not a cursor of this list") from error
