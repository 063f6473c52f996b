"""What the store refuses, and when it cannot be reached.

StoreError
├── StoreUnavailable   the database is away, busy or full: try again later
├── SchemaUnusable     the database is not one this version can work with
├── BadNumber          not a ticket number
├── BadCursor          not a cursor this list gave out
├── BadKey             not a key, or not the key something was sealed with
├── RotationUnderWay   somebody else is changing the key ring
├── Erased             the key of what is asked for was destroyed
├── KeyReused          an idempotency key came back with another complaint
├── UnknownFile        no such file, or it may not be attached to that ticket
├── TooManyFiles       the ticket has as many files of that kind as it may
└── ObjectsUnavailable the place where files are kept is away: try again later
"""

from datetime import datetime


class StoreError(Exception):
    """Base of the tree. `code` is stable; the message holds no personal data."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """Nothing was written, or it is not known whether it was: do it again, it is idempotent."""

    code = "store_unavailable"


class SchemaUnusable(StoreError):
    """The database belongs to something else, or to a newer version of this."""

    code = "schema_unusable"


class BadNumber(StoreError):
    """The text is not a ticket number: wrong length, wrong characters, or mistyped."""

    code = "bad_number"


class BadCursor(StoreError):
    """The cursor was not given out by this list."""

    code = "bad_cursor"


class BadKey(StoreError):
    """The key has the wrong form, or the sealed bytes were sealed with another one."""

    code = "bad_key"


class RotationUnderWay(StoreError):
    """Two rotations at once would lose one of the new keys."""

    code = "rotation_under_way"


class Erased(StoreError):
    """The ticket was erased on request or by retention: nobody can read its history any more."""

    code = "erased"

    def __init__(self, number: str, at: datetime) -> None:
        super().__init__(f"ticket {number} was erased on {at:%Y-%m-%d}")
        self.number, self.at = number, at


class KeyReused(StoreError):
    """The idempotency key was used before, for a complaint with another content."""

    code = "idempotency_key_reused"


class UnknownFile(StoreError):
    """No such file; or it is expired, somebody else's, or another ticket's: which is not told."""

    code = "unknown_file"


class TooManyFiles(StoreError):
    """The ticket has as many files of that kind as it may have."""

    code = "too_many_files"


class ObjectsUnavailable(StoreError):
    """The place where files are kept cannot be reached, or is full."""

    code = "file_store_unavailable"
