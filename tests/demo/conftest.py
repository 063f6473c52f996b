"""What is printed here does not depend on the terminal that the tests were started in."""

import pytest
from rich.console import ConsoleDimensions

from cli.terminal import err, out


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a table is a line; a console that is told its width when it is made keeps it."""
    for console in (out, err):
        monkeypatch.setattr(console, "size", ConsoleDimensions(200, 50))
