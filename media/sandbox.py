"""The sandbox for examining files: a process each, few at a time, with a time limit."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import structlog

from media.errors import FileRefused
from media.findings import FileProperties
from media.inspection import NO_MEMORY, InspectionInput

logger = structlog.stdlib.get_logger("jiesu.api")

SECONDS = 20
MEMORY_MB = 1024
QUEUE_SECONDS = 30


@dataclass(frozen=True)
class Examined:
    """The result of an examination, and the content to store: the file or the rewritten photo."""

    properties: FileProperties
    content: IO[bytes]
    thumbnail: IO[bytes] | None


class Sandbox:
    """A sandbox. Its temporary files in `folder` have no name, so that none is left behind."""

    def __init__(self, folder: Path, *, places: int, megapixels: int) -> None:
        self._folder = folder
        self._megapixels = megapixels
        self._places = asyncio.Semaphore(places)

    def paper(self) -> IO[bytes]:
        """Create an empty file that is deleted when it is closed or this process ends."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._folder)

    @asynccontextmanager
    async def examined(self, file: IO[bytes], sort: str, size: int) -> AsyncIterator[Examined]:
        """Examine `file`.

        Raises:
            FileRefused: refused, with the code; `uploads_busy` if no place was free in time.
        """
        with ExitStack() as stack:
            picture, thumbnail, output = (stack.enter_context(self.paper()) for _ in range(3))
            order = InspectionInput(
                sort=sort,
                size=size,
                megapixels=self._megapixels,
                memory_mb=MEMORY_MB,
                seconds=SECONDS,
                picture=picture.fileno(),
                thumbnail=thumbnail.fileno(),
            )
            await self._run(order, file, output)
            properties = _read(output)
            photo = properties.kind == "photo"
            yield Examined(properties, picture if photo else file, thumbnail if photo else None)

    async def _run(self, order: InspectionInput, file: IO[bytes], output: IO[bytes]) -> None:
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise FileRefused("uploads_busy") from None
        try:
            status = await _process(order, file, output)
        finally:
            self._places.release()
        if status == NO_MEMORY or (status is not None and status < 0) or status is None:
            logger.warning("a file could not be examined", sort=order.sort, status=status)
            raise FileRefused("file_too_complex")
        if status != 0:
            logger.warning("an examination failed", sort=order.sort, status=status)
            raise FileRefused("broken_file")


async def _process(order: InspectionInput, file: IO[bytes], output: IO[bytes]) -> int | None:
    """Run an examination; return its exit status, negative for a signal, None on timeout."""
    file.seek(0)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "media.inspection",
        json.dumps(asdict(order)),
        stdin=file,
        stdout=output,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=(order.picture, order.thumbnail),
        env={},
    )
    try:
        async with asyncio.timeout(SECONDS):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _read(output: IO[bytes]) -> FileProperties:
    output.seek(0)
    payload = json.loads(output.read())
    if "code" in payload:
        raise FileRefused(payload["code"], payload["detail"])
    location = payload.pop("location")
    return FileProperties(**payload, location=tuple(location) if location else None)
