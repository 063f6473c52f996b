"""What every command shares: consoles, one-line errors, and running a coroutine to its end."""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

USAGE = 2
"""Exit code for what the operator has to change; nothing was started or written."""


def fail(message: str, code: int = USAGE) -> NoReturn:
    """One clear line on standard error, and the exit code."""
    err.print(f"jiesu: {message}", markup=False)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop where there is one."""
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
