"""The registry of commands: every one in the folders beside this file, found by its class.

A command without specification, guard or form does not get in: the import fails and names it.
"""

from collections.abc import Iterator
from importlib import import_module
from inspect import isabstract
from pkgutil import walk_packages

import domain.commands
from domain.commands.base import CommandBase


class IncompleteCommand(TypeError):
    """A command that lacks a part, without which nobody could give it."""


def _discover() -> Iterator[type[CommandBase]]:
    for module in walk_packages(domain.commands.__path__, f"{domain.commands.__name__}."):
        if module.name == __name__:
            continue
        for value in vars(import_module(module.name)).values():
            own = isinstance(value, type) and value.__module__ == module.name
            if own and issubclass(value, CommandBase) and "do" in value.model_fields:
                yield complete(value)


def complete(command: type[CommandBase]) -> type[CommandBase]:
    """Return the command, if it has all its parts.

    Raises:
        IncompleteCommand: which part of which command is missing.
    """
    name = f"{command.__module__}.{command.__name__}"
    missing = [part for part in ("spec", "leads_to") if not hasattr(command, part)]
    if isabstract(command):
        missing += sorted(command.__abstractmethods__)
    if missing:
        raise IncompleteCommand(f"{name} lacks {', '.join(missing)}")
    return command


COMMANDS: tuple[type[CommandBase], ...] = tuple(_discover())
BY_TAG: dict[str, type[CommandBase]] = {command.tag(): command for command in COMMANDS}
"""The command of each `do`."""
