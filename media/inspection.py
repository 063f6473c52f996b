"""One examination, as a program: `python -m media.inspection ORDER`.

Reads the file on its standard input and writes what it found, as JSON, to its standard output; a
photo goes to the descriptors that the order names. It is run with an empty environment and little
memory and time, to limit what an attacker can do with a vulnerability of a decoder.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

from media import audio, images, matroska, mp4, pdf
from media.findings import Bad, FileProperties

NO_MEMORY = 3
"""Exit status of an examination that ran out of memory."""


@dataclass(frozen=True)
class InspectionInput:
    """The input of an examination. `sort`: the name of a `media.file_types.Sort`. `picture` and
    `thumbnail`: descriptors to write to."""

    sort: str
    size: int
    megapixels: int
    memory_mb: int
    seconds: int
    picture: int
    thumbnail: int


_CONTAINERS = {
    "mp4": mp4.examine,
    "webm": matroska.examine,
    "pdf": pdf.examine,
    "wav": audio.wav,
    "ogg": audio.ogg,
    "mp3": audio.mp3,
    "amr": audio.amr,
}


def examine(
    order: InspectionInput, file: IO[bytes], picture: IO[bytes], thumbnail: IO[bytes]
) -> FileProperties:
    """Examine `file`; photos are rewritten, recordings may be changed in place.

    Raises:
        Bad: refused, with the code.
    """
    container = _CONTAINERS.get(order.sort)
    if container is not None:
        return container(file, order.size)
    return images.rewrite(file, order.sort, order.megapixels, picture, thumbnail)


def _confine(order: InspectionInput) -> None:
    largest = order.memory_mb * 1024 * 1024
    for what, most in (
        (resource.RLIMIT_AS, largest),
        (resource.RLIMIT_CPU, order.seconds),
        (resource.RLIMIT_FSIZE, max(largest, order.size)),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(what, (most, most))


def main() -> int:
    order = InspectionInput(**json.loads(sys.argv[1]))
    _confine(order)
    values: dict[str, Any]
    with (
        os.fdopen(0, "r+b") as file,
        os.fdopen(order.picture, "wb") as picture,
        os.fdopen(order.thumbnail, "wb") as thumbnail,
    ):
        try:
            values = asdict(examine(order, file, picture, thumbnail))
        except Bad as refusal:
            values = {"code": refusal.code, "detail": refusal.detail}
        except MemoryError:
            return NO_MEMORY
    sys.stdout.write(json.dumps(values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
