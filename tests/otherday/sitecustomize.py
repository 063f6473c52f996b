"""The clock of a test run on another day: `make test-dates`, see `scripts/test_dates.py`.

Python imports this module when it starts, if its folder is on PYTHONPATH. With `JIESU_AHEAD` in the
environment, the wall clock of the process is that many seconds ahead (behind, with a minus): for
Python, for libraries in Rust and C, for SQLite. This holds for the processes it starts, too: for
Python by this import, for the engine and PostgreSQL because this file starts them:

    python sitecustomize.py [--as=UID:GID] SECONDS PROGRAM ARGUMENT…

A program reads the time by functions that the kernel maps into it (the vDSO). They are overwritten
in that one process by code that asks the kernel, and adds the seconds to the time of wall clocks.
Clocks that measure spans, files and the machine's own clock stay as they are. For a program that
is not Python, this is done while ptrace holds it before its first instruction.

Linux on x86-64 only. Nothing but the standard library. Debian's libfaketime does not serve: it
does not reach the engine, which is linked statically; with it Python either cannot sleep or waits
for ever, depending on its setting for clocks of spans; and tests take twice the CPU time.
"""

import ctypes
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
from typing import Any, NoReturn
from unittest import SkipTest

AHEAD = "JIESU_AHEAD"
"""The variable with the seconds, a whole number."""

ALONE = "JIESU_AHEAD_ALONE"
"""The variable set if only Python can be moved here; tests that start the engine are skipped."""

ENGINE, DATABASE = "temporal", "postgres"

_ANY_TRACER = (0x59616D61, -1)
_SEIZE, _CONT, _DETACH = 0x4206, 7, 17
_STOP_AT_EXEC, _EXEC = 1 << 4, 4
_ALL_CHILDREN = 0x40000000
_READ_WRITE_EXECUTE, _READ_EXECUTE = 7, 5
_DYNAMIC_SYMBOLS = 11

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class NotHere(Exception):
    """The refusal if no process can be given another time on this machine; the text says why."""


def _functions(seconds: int) -> dict[str, bytes]:
    """Return the replacements of the kernel's functions, by name: machine code for x86-64."""
    ahead = struct.pack("<q", seconds)
    return {
        # clock_gettime(id, timespec): only CLOCK_REALTIME and CLOCK_REALTIME_COARSE are wall clocks
        "__vdso_clock_gettime": b"\xb8\xe4\x00\x00\x00\x0f\x05"  # eax = 228; syscall
        b"\x85\xc0\x75\x16"  # it failed: return
        b"\x85\xff\x74\x05\x83\xff\x05\x75\x0d"  # neither id 0 nor 5: return
        b"\x48\xb9" + ahead + b"\x48\x01\x0e\xc3",  # timespec.seconds += seconds; return
        # gettimeofday(timeval, zone): the first may be null
        "__vdso_gettimeofday": b"\xb8\x60\x00\x00\x00\x0f\x05"  # eax = 96; syscall
        b"\x48\x85\xff\x74\x0d"  # null: return
        b"\x48\xb9" + ahead + b"\x48\x01\x0f\xc3",  # timeval.seconds += seconds; return
        # time(place): the place may be null
        "__vdso_time": b"\x57\x31\xff\xb8\xc9\x00\x00\x00\x0f\x05\x5f"  # eax = 201; syscall
        b"\x48\xb9" + ahead + b"\x48\x01\xc8"  # + seconds
        b"\x48\x85\xff\x74\x03\x48\x89\x07\xc3",  # into the place, if there is one; return
    }


def set_ahead(seconds: int) -> None:
    """Move the clock of this process by `seconds`.

    Raises:
        NotHere
    """
    begin, size = _mapped("self")
    places = _places(ctypes.string_at(begin, size))
    if _libc.mprotect(begin, size, _READ_WRITE_EXECUTE) != 0:
        raise NotHere(f"mprotect: {os.strerror(ctypes.get_errno())}")
    for name, code in _functions(seconds).items():
        ctypes.memmove(begin + _room(places, name, code), code, len(code))
    _libc.mprotect(begin, size, _READ_EXECUTE)


def become(command: list[str], seconds: int, user: tuple[int, int] | None = None) -> NoReturn:
    """Replace this process by that program, at that time; as another user and group, if given.

    Raises:
        NotHere
    """
    _mapped("self")
    me = os.getpid()
    _libc.prctl(*_ANY_TRACER, 0, 0, 0)
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:  # a second fork, so that the program does not inherit a child
        if os.fork() == 0:
            os._exit(_hold(me, seconds, writing))
        os._exit(0)
    os.waitpid(between, 0)
    os.close(writing)
    text = os.read(reading, 200).decode()
    if text != "held":
        raise NotHere(text)
    if user is not None:
        os.setgroups([])
        os.setgid(user[1])
        os.setuid(user[0])
    os.execv(command[0], command)


def _hold(pid: int, seconds: int, ready: int) -> int:
    """Stop process `pid` once it has become the other program, move its clock, and release it."""
    try:
        _ptrace(_SEIZE, pid, _STOP_AT_EXEC)
    except OSError as error:
        os.write(ready, f"ptrace: {error.strerror}".encode())
        return 1
    os.write(ready, b"held")
    os.close(ready)
    while True:
        _, status = os.waitpid(pid, _ALL_CHILDREN)
        if not os.WIFSTOPPED(status):
            return 1
        if status >> 8 == signal.SIGTRAP | _EXEC << 8:
            break
        _ptrace(_CONT, pid, os.WSTOPSIG(status))
    try:
        begin, size = _mapped(pid)
        memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        places = _places(os.pread(memory, size, begin))
        for name, code in _functions(seconds).items():
            os.pwrite(memory, code, begin + _room(places, name, code))
    except BaseException:
        os.kill(pid, signal.SIGKILL)  # better no process than one with a wrong time
        raise
    _ptrace(_DETACH, pid, 0)
    return 0


def _mapped(pid: int | str) -> tuple[int, int]:
    """Return address and size of the kernel's functions in this process."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotHere("Linux on x86-64 is needed")
    with open(f"/proc/{pid}/maps") as maps:  # noqa: PTH123 - every process imports this: little
        for line in maps:
            if line.rstrip().endswith("[vdso]"):
                begin, end = (int(part, 16) for part in line.split()[0].split("-"))
                return begin, end - begin
    raise NotHere("the kernel maps no functions")


def _places(image: bytes) -> dict[str, tuple[int, int]]:
    """Return offset and size of each of the kernel's functions, from an ELF file's symbols."""
    (sections,) = struct.unpack_from("<Q", image, 0x28)
    (count,) = struct.unpack_from("<H", image, 0x3C)
    heads = [struct.unpack_from("<IIQQQQIIQQ", image, sections + 64 * n) for n in range(count)]
    values = {}
    for head in (head for head in heads if head[1] == _DYNAMIC_SYMBOLS):
        names = heads[head[6]][4]
        for at in range(head[4], head[4] + head[5], 24):
            name, _, _, _, value, size = struct.unpack_from("<IBBHQQ", image, at)
            text = image[names + name : image.index(b"\0", names + name)].decode()
            values[text] = (value, size)
    return values


def _room(places: dict[str, tuple[int, int]], name: str, code: bytes) -> int:
    begin, size = places.get(name, (0, 0))
    if size < len(code):
        raise NotHere(f"{name} has {size} bytes, and {len(code)} are needed")
    return begin


def _ptrace(request: int, pid: int, data: int) -> None:
    if _libc.ptrace(request, pid, 0, data) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


_Popen = subprocess.Popen


class _AtThatTime(_Popen):  # type: ignore[type-arg]
    """A Popen that starts the engine and the database at the time of this process."""

    def __init__(self, args: Any, *more: Any, **named: Any) -> None:
        several = isinstance(args, (list, tuple))  # asyncio gives a tuple
        name = os.path.basename(args[0]) if several else ""  # noqa: PTH119
        if name == ENGINE and ALONE in os.environ:
            raise SkipTest("the engine cannot be given another time on this machine")
        if name in (ENGINE, DATABASE) and ALONE not in os.environ:
            args = [*_launching(named), shutil.which(args[0]) or args[0], *args[1:]]
        super().__init__(args, *more, **named)


def _launching(named: dict[str, Any]) -> list[str]:
    user, group = named.pop("user", None), named.pop("group", None)
    named.pop("extra_groups", None)
    command = [sys.executable, __file__]
    if user is not None:
        import pwd

        command.append(f"--as={pwd.getpwnam(user).pw_uid}:{group}")
    return [*command, os.environ[AHEAD]]


def _main(arguments: list[str]) -> NoReturn:
    user = None
    if arguments[0].startswith("--as="):
        uid, _, gid = arguments.pop(0).removeprefix("--as=").partition(":")
        user = int(uid), int(gid)
    try:
        become(arguments[1:], int(arguments[0]), user)
    except NotHere as why:
        sys.exit(f"no other time here: {why}")


if __name__ == "__main__":
    _main(sys.argv[1:])
elif AHEAD in os.environ:
    set_ahead(int(os.environ[AHEAD]))
    subprocess.Popen = _AtThatTime  # type: ignore[misc]
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # it starts programs by itself
