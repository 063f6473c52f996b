"""Tests that help pages show every word of the help: nothing is taken for markup."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.lazy import load
from cli.main import COMMANDS


def _pages(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from _pages(one, *path, name)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_page_loses_no_word(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 1000)
    whole = load(name, COMMANDS[name])
    for path, command in _pages(whole):
        whole.main(args=[*path, "--help"], prog_name=name, standalone_mode=False)
        page = capsys.readouterr().out
        helps = [command.help or "", *(getattr(one, "help", None) or "" for one in command.params)]
        lost = [word for text in helps for word in text.split() if word not in page]
        assert lost == [], f"jiesu {' '.join((name, *path))} --help"
