"""Static files of the pages: from npm packages and from the folders of the pages themselves.

Of packages only the files listed in `PACKAGE_FILES` are served, and of ours the folders `static` of
`api/pages`. The address names the version (of our own files: a hash of their content), so that
browsers cache a file for a year and still get new versions. Files that shrink by compression are
compressed once.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request, Response

from api.http.access import public
from app.errors import Problem
from app.installation.page_packages import PACKAGE_FILES

router = APIRouter(include_in_schema=False, dependencies=[public("static")])
logger = structlog.stdlib.get_logger("jiesu.api")

OWN = "jiesu"
"""The address segment of our own files. It names no page package: a file name is given once."""


_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_KEEP = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """A static file, in memory."""

    body: bytes
    media_type: str

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.body, 9, mtime=0)

    def answer(self, encodings: str, cache: str = _KEEP) -> Response:
        """Return the file, compressed for clients that accept it."""
        headers = {
            "Cache-Control": cache,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if self.media_type != "image/png" and "gzip" in encodings.lower():
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, headers=headers, media_type=self.media_type)
        return Response(self.body, headers=headers, media_type=self.media_type)


class Assets:
    """All files that pages may load, by the path in their address.

    A package that is not installed is logged: without it the pages are plainer, but work.
    """

    def __init__(self, packages: Path) -> None:
        self._kept: dict[str, StaticFile] = {}
        self._versions: dict[str, str] = {}
        for package, (folder, names) in PACKAGE_FILES.items():
            self._put(package, packages / folder, names)
        self._put_own(Path(str(files("api"))) / "pages")

    def url(self, path: str) -> str:
        """Return the versioned address of `package/file`, such as "jiesu/jiesu.css"."""
        package, name = path.split("/", 1)
        if name not in self._names(package):
            raise KeyError(path)  # not listed in `PACKAGE_FILES`
        return f"/assets/{package}/{self._versions.get(package, 'missing')}/{name}"

    def find(self, path: str) -> StaticFile | None:
        return self._kept.get(path)

    def own(self, name: str) -> StaticFile:
        """Return a file of our own, for an address without a version (the service worker's)."""
        return self._kept[f"{OWN}/{self._versions[OWN]}/{name}"]

    def _names(self, package: str) -> tuple[str, ...]:
        if package != OWN:
            return PACKAGE_FILES[package][1]
        start = f"{OWN}/{self._versions[OWN]}/"
        return tuple(path.removeprefix(start) for path in self._kept if path.startswith(start))

    def _put(self, package: str, folder: Path, names: tuple[str, ...]) -> None:
        try:
            manifest = json.loads((folder.parent / "package.json").read_text("utf-8"))
            self._versions[package] = version = str(manifest["version"])
            for name in names:
                self._kept[f"{package}/{version}/{name}"] = _read(folder / name)
        except OSError as error:
            logger.warning(
                "a package of the pages is missing", package=package, error=error.strerror
            )

    def _put_own(self, pages: Path) -> None:
        static_files = {path.name: _read(path) for path in _own_files(pages)}
        digest = hashlib.sha256(b"".join(file.body for file in static_files.values())).hexdigest()[
            :12
        ]
        self._versions[OWN] = digest
        self._kept |= {f"{OWN}/{digest}/{name}": file for name, file in static_files.items()}


def _own_files(pages: Path) -> Iterator[Path]:
    return (path for path in sorted(pages.glob("*/static/*")) if path.suffix in _TYPES)


def _read(path: Path) -> StaticFile:
    return StaticFile(path.read_bytes(), _TYPES[path.suffix])


@router.get("/assets/{path:path}")
def asset(
    path: str,
    request: Request,
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    """Return a file, cached for a year: its address changes with it."""
    assets: Assets = request.app.state.assets
    static_file = assets.find(path)
    if static_file is None:
        raise Problem("not_found")
    return static_file.answer(accept_encoding)
