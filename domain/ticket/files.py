"""Files of a ticket: what kinds there are, what they are for, and how they are referred to.

A ticket holds ids only. What is behind an id (bytes, size, who brought it) is the store's.
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
    """What a file is to show."""

    COMPLAINT = "complaint"  # what the citizen complains of
    BEFORE = "before"  # 处置前
    AFTER = "after"  # 处置后
    EVIDENCE = "evidence"  # 佐证


REFERENCE = re.compile(r"(f[0-9a-f]{32})(?:\.([0-9a-f]{32}))?")
"""An id; or an id and the secret that proves who uploaded it."""

FileRef = Annotated[str, StringConstraints(pattern=rf"^{REFERENCE.pattern}$")]
Files = Annotated[
    list[FileRef],
    Field(max_length=20, description="References of uploaded files."),
]


def file_id(reference: str) -> str | None:
    """The id of the uploaded file that `reference` names; None where it names something else."""
    found = REFERENCE.fullmatch(reference)
    return found[1] if found else None
