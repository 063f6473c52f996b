"""The registry of commands: every one in the folders beside this file, found by its class.

A command without one of its parts, or with the tag or path of another, does not get in: the import
fails and names it.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import isabstract
from pkgutil import walk_packages
from typing import Any

import domain.commands
from domain.commands.base import CommandBase

_PACKAGE = domain.commands.__name__


class IncompleteCommand(TypeError):
    """A command that lacks a part, without which nobody could give it."""


class DuplicateCommand(TypeError):
    """A command with the tag or the path of another."""


def _discover() -> Iterator[type[CommandBase]]:
    names = [one.name for one in walk_packages(domain.commands.__path__, f"{_PACKAGE}.")]
    # All of them first: a base is known by the commands that are made from it.
    for module in [_imported(name) for name in names if name != __name__]:
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, CommandBase) and not is_base(value):
                yield complete(value)


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except IncompleteCommand:
        raise
    except TypeError as error:  # of a form or a field, which knows no command
        raise IncompleteCommand(f"{module} cannot be imported: {error}") from error


def is_base(value: type[Any]) -> bool:
    """Return whether commands are made from this class, which is none itself."""
    return (
        "spec" not in vars(value)
        and "do" not in value.model_fields
        and bool(value.__subclasses__())
    )


def complete(command: type[CommandBase]) -> type[CommandBase]:
    """Return the command, if it has all its parts.

    Raises:
        IncompleteCommand: which part of which command is missing.
    """
    name = f"{command.__module__}.{command.__name__}"
    tag = command.model_fields.get("do")
    missing = [] if tag is not None and isinstance(tag.default, str) else ["do"]
    missing += [part for part in ("spec", "leads_to") if not hasattr(command, part)]
    if "spec" not in missing:
        missing += [f"{part} in spec" for part in command.spec.lacking()]
    if isabstract(command):
        missing += sorted(command.__abstractmethods__)
    if command.facts is CommandBase.facts and not command.planned:
        missing.append("facts")
    if missing:
        raise IncompleteCommand(f"{name} lacks {', '.join(missing)}")
    return command


def distinct(commands: Iterable[type[CommandBase]]) -> tuple[type[CommandBase], ...]:
    """Return the commands, if no two have the same tag or the same path.

    Raises:
        DuplicateCommand: which two have which in common.
    """
    seen: dict[str, type[CommandBase]] = {}
    listed = tuple(commands)
    for command in listed:
        for value in (f"tag '{command.tag()}'", f"path '{command.spec.path}'"):
            other = seen.setdefault(value, command)
            if other is not command:
                names = " and ".join(f"{one.__module__}.{one.__name__}" for one in (other, command))
                raise DuplicateCommand(f"{names} have the same {value}")
    return listed


COMMANDS: tuple[type[CommandBase], ...] = distinct(_discover())
BY_TAG: dict[str, type[CommandBase]] = {command.tag(): command for command in COMMANDS}
"""The command of each `do`."""
