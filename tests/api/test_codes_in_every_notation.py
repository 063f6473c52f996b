"""Codes that are handed out are read in every notation: a correct one is never a wrong guess."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import app
from tests.support.notations import notations

CODE = "7K3M9Q0T22AB"


class Marks:
    """A context that marks a text with itself."""

    def mark(self, text: str) -> str:
        return text


def _readers() -> dict[str, Callable[[str], str]]:
    """Return what reads a typed code in each module of codes of `app`."""
    found: dict[str, Callable[[str], str]] = {}
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2].startswith("codes"):
            codes: Any = importlib.import_module(module.name)
            mark_of = getattr(codes, "mark_of", None)
            found[module.name] = codes.read if mark_of is None else partial(mark_of, Marks())
    return found


READERS = _readers()


def test_all_kinds_of_codes_are_here() -> None:
    assert READERS.keys() == {
        "app.booking.codes",
        "app.rewards.codes",
        "app.tickets.codes",
        "app.tickets.codes_on_paper",
    }


@pytest.mark.parametrize("module", sorted(READERS))
@pytest.mark.parametrize(
    "typed", [*notations(CODE), CODE.lower(), CODE.replace("0", "O")], ids=ascii
)
def test_it_is_the_same_code(module: str, typed: str) -> None:
    assert READERS[module](typed) == READERS[module](CODE)
