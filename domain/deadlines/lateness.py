"""The meaning of late, wherever something has a due time."""

from datetime import datetime


def is_late(due_at: datetime, at: datetime) -> bool:
    """Return whether `at` is after the due time; what is done at the due time itself is in time."""
    return due_at < at
