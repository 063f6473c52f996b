"""A console of fixed size, so that output does not depend on the terminal of the test run."""

import pytest
from rich.console import ConsoleDimensions

from cli.terminal import err, out


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the size of the existing consoles, so that a table row is one line."""
    for console in (out, err):
        monkeypatch.setattr(console, "size", ConsoleDimensions(200, 50))
