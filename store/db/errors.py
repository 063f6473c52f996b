"""The errors of the store: refusals and unavailability.

StoreError
├── StoreUnavailable   the database cannot be reached, is busy or full: try again later
├── SchemaUnusable     the database is not one this version can work with
├── BadNumber          not a ticket number
├── BadCursor          not a cursor this list gave out
├── BadKey             not a key, or not the key that something was encrypted with
├── RotationUnderWay   another rotation of the key ring is running
├── Erased             the key of the requested ticket was destroyed
├── KeyReused          an idempotency key came back with another complaint
├── UnknownFile        no such file, or it may not be attached to that ticket
├── TooManyFiles       the ticket has as many files of that kind as it may
└── ObjectsUnavailable the storage of files cannot be reached, or is full: try again later
"""

from datetime import datetime


class StoreError(Exception):
    """The base of all store errors. `code` is stable; the message has no personal data."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """A failure that may or may not have written: repeat the call, which is idempotent."""

    code = "store_unavailable"


class SchemaUnusable(StoreError):
    """A database of another program, or of a newer version of this one."""

    code = "schema_unusable"


class BadNumber(StoreError):
    """A text that is not a ticket number: wrong length, wrong characters, or mistyped."""

    code = "bad_number"


class BadCursor(StoreError):
    """A cursor that was not given out by this list."""

    code = "bad_cursor"


class BadKey(StoreError):
    """A key of the wrong form, or not the one that the data was encrypted with."""

    code = "bad_key"


class RotationUnderWay(StoreError):
    """A second rotation at the same time, which would lose one of the new keys."""

    code = "rotation_under_way"


class Erased(StoreError):
    """A ticket erased on request or by retention: nobody can read its history any more."""

    code = "erased"

    def __init__(self, number: str, at: datetime) -> None:
        super().__init__(f"ticket {number} was erased on {at:%Y-%m-%d}")
        self.number, self.at = number, at


class KeyReused(StoreError):
    """An idempotency key that was used before, for a complaint with another content."""

    code = "idempotency_key_reused"


class UnknownFile(StoreError):
    """A file that is missing, expired, somebody else's or another ticket's; not disclosed which."""

    code = "unknown_file"


class TooManyFiles(StoreError):
    """A ticket with as many files of that kind as it may have."""

    code = "too_many_files"


class ObjectsUnavailable(StoreError):
    """A storage of files that cannot be reached, or is full."""

    code = "file_store_unavailable"
