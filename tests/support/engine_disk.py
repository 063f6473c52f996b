"""The disk below the engine: what its files would hold if the machine had stopped at a moment.

The engine is a program without libraries, so that nothing can be put between it and its files
(`tests.support.power` does that for the store). It is run under strace instead, which records every
write and every sync with its time; the files are rebuilt from that record afterwards. What was
written since the last sync is lost, or arrives in part.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import which

import psutil
import pytest

REQUIRED = "JIESU_REQUIRE_STRACE"

_CALLS = "openat,pwrite64,write,pwritev,writev,ftruncate,fsync,fdatasync,unlink,unlinkat,rename"
_LINE = re.compile(
    r"(?P<pid>\d+) +(?P<at>\d+\.\d+) "
    r"(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)"
)
_ENDED = re.compile(r"(?P<arguments>.*)\)\s+= (?P<result>-?\d+)\S*.* <(?P<took>\d+\.\d+)>$")
_UNFINISHED = " <unfinished ...>"
_SECTOR = 512


@contextmanager
def recorded(command: Sequence[str], files: Sequence[Path], log: Path) -> Iterator[None]:
    """Run `command` under strace inside the block, and kill it at the end; `log` is the record."""
    _require()
    paths = [option for path in files for option in ("-P", str(path))]
    options = ["-f", "--seccomp-bpf", "-ttt", "-T", "-y", "-xx", "-s", str(1 << 20)]
    tracer = [which("strace") or "strace", *options, *paths, "-e", f"trace={_CALLS}"]
    with log.with_suffix(".output").open("wb") as output:
        process = subprocess.Popen(
            [*tracer, "-o", str(log), *command], stdout=output, stderr=output
        )
    try:
        yield
    finally:
        for child in psutil.Process(process.pid).children():
            child.kill()  # no program closes its files in a power cut
        process.wait(30)


def _require() -> None:
    """Skip the test where no program can be traced, or fail it if that is required."""
    if "JIESU_AHEAD" in os.environ:
        pytest.skip("on another day the engine's clock is set by a tracer already")
    probe = [which("strace") or "strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"]
    try:
        subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        missing = f"strace 5.3 or newer is absent, or may not trace: {type(error).__name__}"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{missing}, and {REQUIRED} is 1")
        pytest.skip(missing)


@dataclass(frozen=True)
class _Change:
    """A write at `offset`, or with `content` None a new length of the file."""

    offset: int
    content: bytes | None


@dataclass
class _File:
    """A file: as it was last synced, and what was changed since."""

    synced: bytearray
    changes: list[_Change] = field(default_factory=list)

    def sync(self, count: int) -> None:
        for change in self.changes[:count]:
            _apply(self.synced, change)
        del self.changes[:count]

    def after_cut(self, dice: Random | None) -> bytes:
        """Return the content after a power cut; with `dice`, some unsynced sectors survive."""
        result = bytearray(self.synced)
        for change in self.changes if dice else ():
            for part in _sectors(change):
                if dice is not None and dice.random() < 0.5:
                    _apply(result, part)
        return bytes(result)

    def now(self) -> bytes:
        result = bytearray(self.synced)
        for change in self.changes:
            _apply(result, change)
        return bytes(result)


def _apply(content: bytearray, change: _Change) -> None:
    end = change.offset + len(change.content or b"")
    content.extend(bytes(max(0, end - len(content))))
    if change.content is None:
        del content[change.offset :]
    else:
        content[change.offset : end] = change.content


def _sectors(change: _Change) -> Iterator[_Change]:
    if change.content is None:
        yield change
        return
    start = change.offset
    while start < change.offset + len(change.content):
        end = (start // _SECTOR + 1) * _SECTOR
        yield _Change(start, change.content[start - change.offset : end - change.offset])
        start = end


class EngineDisk:
    """The files of a recorded program, as they were from moment to moment.

    `syncs`: how many there were so far; `writes`: likewise.
    """

    def __init__(self, files: Sequence[Path], log: Path, before: dict[str, bytes]) -> None:
        self.syncs = self.writes = 0
        self._files = {str(path): _File(bytearray(before.get(path.name, b""))) for path in files}
        self._log = log
        self._open: dict[str, tuple[str, str, int]] = {}
        """The unfinished call of each thread: its name, its arguments, and what a sync covers."""

    def cuts(
        self, moments: Sequence[float], dice: Random | None = None
    ) -> Iterator[dict[str, bytes]]:
        """Yield the files after a power cut at each of the moments, which are in order of time."""
        calls = self._calls()
        following = next(calls, None)
        for moment in moments:
            while following is not None and following[0] <= moment:
                self._take(*following[1:])
                following = next(calls, None)
            yield {Path(name).name: file.after_cut(dice) for name, file in self._files.items()}
        while following is not None:
            self._take(*following[1:])
            following = next(calls, None)

    def now(self) -> dict[str, bytes]:
        """Return the files as the program left them, in which nothing is lost."""
        return {Path(name).name: file.now() for name, file in self._files.items()}

    def _calls(self) -> Iterator[tuple[float, str, str, int]]:
        """Yield the calls that succeeded: when they ended, name, arguments, and what they cover."""
        with self._log.open(encoding="ascii") as lines:
            for line in lines:
                found = _LINE.match(line.rstrip("\n"))
                if found is None and re.match(r"\d+ +\d+\.\d+ (\+\+\+|---) ", line):
                    continue  # the end of a thread, or a signal
                if found is None:
                    raise ValueError(f"strace wrote what this cannot read: {line[:200]}")
                call, rest, at = found["call"], found["rest"], float(found["at"])
                if call is None:
                    call, arguments, covers = self._open.pop(found["pid"])
                    rest = arguments + rest
                else:
                    covers = self._covered(call, rest)
                    if rest.endswith(_UNFINISHED):
                        self._open[found["pid"]] = call, rest.removesuffix(_UNFINISHED), covers
                        continue
                    at += float(rest.rpartition("<")[2].rstrip(">"))
                ended = _ENDED.match(rest)
                if ended is None:
                    raise ValueError(f"strace wrote what this cannot read: {line[:200]}")
                if int(ended["result"]) >= 0:
                    yield at, call, ended["arguments"], covers

    def _covered(self, call: str, arguments: str) -> int:
        """Return how many of the changes a sync that begins now is for."""
        file = self._files.get(_path(arguments)) if call in ("fsync", "fdatasync") else None
        return len(file.changes) if file else 0

    def _take(self, call: str, arguments: str, covers: int) -> None:
        path = _path(arguments)
        file = self._files.get(path)
        if file is None:
            return
        match call:
            case "fsync" | "fdatasync":
                file.sync(covers)
                self.syncs += 1
            case "pwrite64":
                written, _, offset = arguments.split(", ", 1)[1].rsplit(", ", 2)
                file.changes.append(_Change(int(offset), _bytes(written)))
                self.writes += 1
            case "ftruncate":
                file.changes.append(_Change(int(arguments.rpartition(", ")[2]), None))
            case "openat" if "O_TRUNC" not in arguments:
                pass
            case "unlink" | "unlinkat":
                self._files[path] = _File(bytearray())
            case _:
                raise ValueError(f"a call whose effect is not rebuilt: {call}")


def _path(arguments: str) -> str:
    """Return the path of a call: of its descriptor, or of the file that it names."""
    named = re.search(r'"([^"]*)"', arguments) if arguments.startswith(("AT_FDCWD", '"')) else None
    text = named[1] if named else arguments.partition("<")[2].partition(">")[0]
    return bytes.fromhex(text.replace("\\x", "")).decode() if text.startswith("\\x") else text


def _bytes(text: str) -> bytes:
    if not text.endswith('"'):
        raise ValueError("strace has cut the content of a write")
    return bytes.fromhex(text[1:-1].replace("\\x", ""))
