"""Files of a ticket: their kinds, purposes and references.

A ticket holds ids only. The file itself (bytes, size, uploader) is in the store.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints


class FileKind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    DOCUMENT = "document"


class Purpose(StrEnum):
    """The purpose of a file."""

    COMPLAINT = "complaint"  # what the citizen complains of
    BEFORE = "before"  # 处置前
    AFTER = "after"  # 处置后
    EVIDENCE = "evidence"  # 佐证


REFERENCE = re.compile(r"(f[0-9a-f]{32})(?:\.([0-9a-f]{32}))?")
"""An id; or an id and the secret that proves who uploaded it."""

FileRef = Annotated[str, StringConstraints(pattern=rf"^{REFERENCE.pattern}$")]
MOST_FILES = 20
"""The most files that one request names."""

Files = Annotated[
    list[FileRef],
    Field(max_length=MOST_FILES, description="References of uploaded files."),
]


def file_id(reference: str) -> str | None:
    """Return the id of the uploaded file that `reference` names; None if it names none."""
    match = REFERENCE.fullmatch(reference)
    return match[1] if match else None
