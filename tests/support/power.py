"""A power cut for SQLite: what its files would hold if the machine had stopped at that moment.

SQLite's own access to files is intercepted where it syncs them. What was written since the last
sync is lost, or arrives in part and in any order.
"""

import _sqlite3
import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_void_p
from pathlib import Path
from random import Random

import pytest

_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_OK = 0
_SECTOR = 512


class _Vfs(ctypes.Structure):
    """The beginning of `sqlite3_vfs`."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("following", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
    )


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, of which only the sync is used here."""

    _fields_ = (
        ("version", c_int),
        ("before", c_void_p * 4),
        ("sync", c_void_p),
        ("after", c_void_p * 13),
    )


class Disk:
    """The disk below a database: its files as they were when they were last synced."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.syncs = 0
        self._lock = threading.Lock()
        self._synced = {database.name: database.read_bytes()}
        self._paths: dict[int, Path] = {}
        self._kept: list[object] = []

    def cut(self, dice: Random | None = None) -> dict[str, bytes]:
        """Return the files after a power cut now; with `dice`, some unsynced sectors survive."""
        with self._lock:
            synced = dict(self._synced)
            current = {path.name: path.read_bytes() for path in self._files()}
        if dice is None:
            return synced
        return {
            name: _mixed(synced.get(name, b""), current.get(name, b""), dice)
            for name in synced.keys() | current.keys()
        }

    def _files(self) -> list[Path]:
        log = self.database.with_name(self.database.name + "-wal")
        return [path for path in (self.database, log) if path.exists()]

    def _opened(self, name: bytes | None, file: int) -> None:
        """Intercept the syncs of one of the database's files."""
        path = Path(name.decode()) if name else None
        if path not in (self.database, self.database.with_name(self.database.name + "-wal")):
            return
        pointer = ctypes.cast(file, POINTER(c_void_p))
        methods = _Methods.from_buffer_copy(ctypes.string_at(pointer[0], ctypes.sizeof(_Methods)))
        real = _SYNC(methods.sync)

        def sync(file: int, flags: int) -> int:
            with self._lock:
                result = int(real(file, flags))
                if result == _OK:
                    self._synced[path.name] = path.read_bytes()
                    self.syncs += 1
            return result

        mine = _SYNC(sync)
        methods.sync = ctypes.cast(mine, c_void_p)
        self._kept += [methods, mine, real]
        pointer[0] = ctypes.addressof(methods)


def _mixed(old: bytes, new: bytes, dice: Random) -> bytes:
    """Return `old` with some sectors of `new`, in any order."""
    result = bytearray(old)
    for start in range(0, len(new), _SECTOR):
        sector = new[start : start + _SECTOR]
        if sector != old[start : start + _SECTOR] and dice.random() < 0.5:
            result.extend(bytes(max(0, start - len(result))))
            result[start : start + len(sector)] = sector
    return bytes(result)


@contextmanager
def power(database: Path) -> Iterator[Disk]:
    """Watch the disk below the database, which is opened inside the block."""
    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        find = library.sqlite3_vfs_find
    except AttributeError:
        pytest.skip("this Python has its SQLite inside, where it cannot be intercepted")
    find.restype, find.argtypes = POINTER(_Vfs), [c_char_p]
    vfs = find(None)[0]
    before = vfs.open
    real, disk = _OPEN(before), Disk(database)

    def open_(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        # SQLite keeps the pointer to the name: a copy of it would not live long enough.
        result = int(real(vfs, name, file, flags, out))
        if result == _OK:
            disk._opened(ctypes.string_at(name) if name else None, file)
        return result

    mine = _OPEN(open_)
    vfs.open = ctypes.cast(mine, c_void_p)
    try:
        yield disk
    finally:
        vfs.open = before
