"""Commands that are imported when called: `jiesu --help` imports none of them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class CommandEntry(NamedTuple):
    """The location of a command, as `module:name`, and its help in the command list."""

    target: str
    help: str


class LazyGroup(TyperGroup):
    """A group with the commands of `entries`, in their order.

    `prepare` is called before the first of them is imported.
    """

    entries: Mapping[str, CommandEntry] = {}
    prepare: Callable[[], None] | None = None
    _listing = False

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(self.entries)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command; only its name and help while a help page is written."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=entry.help)
        if self.prepare is not None:
            self.prepare()
        return load(cmd_name, entry)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def load(name: str, entry: CommandEntry) -> Any:
    """Import the command of `entry`: a function, or a group of commands."""
    module, _, attribute = entry.target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        command: Any = typer.main.get_group(target)
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(name)(target)
        command = typer.main.get_command(single)
    command.name = name
    return command
