"""A console whose width does not depend on the terminal that the tests were started in."""

import pytest
from rich.console import ConsoleDimensions

from cli.terminal import err, out


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of a table is one line; a console given its width when it is made keeps it."""
    for console in (out, err):
        monkeypatch.setattr(console, "size", ConsoleDimensions(200, 50))
