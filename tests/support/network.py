"""A network between a browser and the site that can hang, reset or answer by itself."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from urllib.parse import urlsplit

FOREIGN = "请先登录本店无线网络"
"""The heading of the page that a foreign network answers with."""

_BODY = f"<!doctype html><title>WLAN</title><h1>{FOREIGN}</h1>".encode()


_LONGEST = 60.0
"""Seconds to wait for a browser that is busy."""


class Mode(Enum):
    """The network's treatment of connections."""

    THROUGH = auto()
    HANGS = auto()
    """A network that accepts requests and never answers."""
    RESETS = auto()
    """A network that resets connections at once."""
    LOSES_ANSWERS = auto()
    """A network that delivers requests, and resets the connection when the answer comes."""
    IS_ANOTHERS = auto()
    """A foreign network that answers in the site's name with a page of its own."""
    IS_BAD = auto()
    """A proxy that answers 502 with a page of its own."""


_PAGES = {Mode.IS_ANOTHERS: b"200 OK", Mode.IS_BAD: b"502 Bad Gateway"}


class Network:
    """A port of its own in front of a site; `mode`, which may be changed, says how it behaves."""

    def __init__(self, site: str) -> None:
        parts = urlsplit(site)
        assert parts.hostname is not None
        assert parts.port is not None
        self._site = (parts.hostname, parts.port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.asked = 0
        """The number of connections since `mode` was set."""
        self._mode = Mode.THROUGH
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        """Set the mode, and break off open connections, as when a phone changes cells."""
        self._mode, self.asked = mode, 0
        with self._lock:
            for one in list(self._open):
                _break(one)

    def until_asked(self) -> None:
        """Wait for the first connection since `mode` was set."""
        last = time.monotonic() + _LONGEST
        while not self.asked:
            assert time.monotonic() < last, "nobody connects"
            time.sleep(0.01)

    def close(self) -> None:
        self._door.close()
        self.mode = Mode.RESETS

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the listening socket was closed
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        mode = self._mode
        self.asked += 1
        with self._lock:
            self._open.add(caller)
        try:
            with contextlib.suppress(OSError), caller:
                self._carry(caller, mode)
        finally:
            with self._lock:
                self._open.discard(caller)

    def _carry(self, caller: socket.socket, mode: Mode) -> None:
        if mode is Mode.RESETS:
            _break(caller)
        elif mode is Mode.HANGS:
            while caller.recv(65536):
                pass
        elif mode in _PAGES:
            caller.recv(65536)
            head = b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n" % _PAGES[mode]
            caller.sendall(
                head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(_BODY) + _BODY
            )
        else:
            with socket.create_connection(self._site) as site:
                up = threading.Thread(target=_pour, args=(caller, site), daemon=True)
                up.start()
                _pour(site, caller, only_to_break=mode is Mode.LOSES_ANSWERS)


def _pour(source: socket.socket, sink: socket.socket, only_to_break: bool = False) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(65536):
            if only_to_break:
                _break(sink)
                return
            sink.sendall(content)
        sink.shutdown(socket.SHUT_WR)


def _break(connection: socket.socket) -> None:
    """Reset the connection instead of closing it properly, and wake its reader."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
        connection.close()


@contextmanager
def network(site: str) -> Iterator[Network]:
    """Open a network in front of this address, which lets everything through at first."""
    made = Network(site)
    try:
        yield made
    finally:
        made.close()
