"""Reading submitted forms, with room for the largest one of ours.

A form is read once per request and kept, by whoever asks first: the check of the CSRF token. So
everybody reads it here, with the same limits. Its bytes are limited before, by `BodyLimit`.
"""

from starlette._utils import AwaitableOrContextManager
from starlette.datastructures import FormData
from starlette.requests import Request

MOST_FIELDS = 4000
"""More than two hundred rows of a batch have."""

LARGEST_PART = 4 * 1024 * 1024
"""Bytes of a field: more than a pasted sheet of two hundred full rows has."""


def form_of(request: Request) -> AwaitableOrContextManager[FormData]:
    """Return the form, to be awaited; as a context it closes its files."""
    return request.form(max_fields=MOST_FIELDS, max_part_size=LARGEST_PART)
