"""Helpers of every command: consoles, one-line errors, and running a coroutine."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Collection, Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")


class Terminal(Console):
    """A console that takes every string for text of people: nothing in it is markup or a command.

    Markup like [red], emoji codes and control characters are shown as they were written. Our own
    styles are objects: see `styled`.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Go on in silence where nobody reads standard error any more: what runs is to end well."""
        if not self.stderr:
            super().on_broken_pipe()
        self.quiet = True

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(printable(text), **how | {"markup": False, "emoji": False})


_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""The characters that a terminal obeys, but tabs and line breaks."""


def printable(text: str) -> str:
    """Return `text` with everything visible that a terminal would obey."""
    return _OBEYED.sub(lambda one: ascii(one[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return text of people for a line of output: line breaks are shown, and break nothing."""
    return printable(text).replace("\n", "↵").replace("\t", " ")


def styled(text: str, style: str) -> Text:
    """Return `text` in a style, on one line."""
    return Text(one_line(text), style=style)


out = Terminal()
err = Terminal(stderr=True)

USAGE = 2
"""Exit code of errors that the operator has to correct; nothing was started or written."""


def fail(message: str, code: int = USAGE) -> NoReturn:
    """Print one line on standard error and exit with `code`."""
    err.print(one_line(f"jiesu: {message}"))
    raise typer.Exit(code)


def table(
    *columns: str, title: str | None = None, numbers: Collection[str] = (), header: bool = True
) -> Table:
    """Return a table that wraps long cells instead of cutting them off.

    `numbers`: the columns that are right-aligned.
    """
    made = Table(title=title, show_header=header)
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in numbers else "left")
    return made


def print_json(value: Any) -> None:
    """Print `value` as JSON, completely, with everything escaped that a terminal would obey.

    Without buffering (PYTHONUNBUFFERED, as in many containers), `sys.stdout.write` silently loses
    the part that a pipe does not accept at once if a signal arrives meanwhile.
    """
    sys.stdout.flush()
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"
    text = _OBEYED.sub(lambda one: f"\\u{ord(one[0]):04x}", text)
    left = memoryview(text.encode())
    while left:
        written = sys.stdout.buffer.write(left)
        if written is None:
            raise BlockingIOError("standard output takes nothing now")
        left = left[written:]


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(coroutine)
    return uvloop.run(coroutine)


def leave(code: int) -> NoReturn:
    """End the process without interpreter teardown.

    The engine's client keeps threads that can crash a process which is being torn down (SIGABRT
    in PyGILState_Release), after all work is done.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
