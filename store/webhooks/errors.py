"""Errors of cursors of changes, beside `BadCursor`."""

from store.db.errors import StoreError


class CursorTooOld(StoreError):
    """A cursor after which changes were deleted meanwhile: what is missing cannot be told."""

    code = "cursor_too_old"


class CursorForeign(StoreError):
    """A cursor of another installation, or of a record that was replaced by an older copy."""

    code = "cursor_foreign"
