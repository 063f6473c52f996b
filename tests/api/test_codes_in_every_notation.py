"""Codes that are handed out are read in every notation: a correct one is never a wrong guess."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import app
from app.access import typed_codes
from tests.support.notations import notations

ROOT = Path(__file__).parents[2]
CODE = "7K3M9Q0T22AB"


class Marks:
    """A context that marks a text with itself."""

    def mark(self, text: str) -> str:
        return text


def _readers() -> dict[str, Callable[[str], str]]:
    """Return what reads a typed code, and what marks one, by its name in `app`."""
    found: dict[str, Callable[[str], str]] = {"app.access.typed_codes.read": typed_codes.read}
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == "codes":
            codes: Any = importlib.import_module(module.name)
            for name, mark in vars(codes).items():
                if name == "mark_of" or name.endswith("_mark"):
                    found[f"{module.name}.{name}"] = partial(mark, Marks())
    return found


READERS = _readers()


def test_all_kinds_of_codes_are_here() -> None:
    assert READERS.keys() == {
        "app.access.typed_codes.read",
        "app.rewards.codes.mark_of",
        "app.tickets.codes.invitation_mark",
        "app.tickets.codes.signature_mark",
    }


def test_no_code_is_read_in_another_way() -> None:
    reading = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if "spoken_code" in path.read_text()
    }
    assert reading == {"app/access/typed_codes.py"}


@pytest.mark.parametrize("reader", sorted(READERS))
@pytest.mark.parametrize(
    "typed", [*notations(CODE), CODE.lower(), CODE.replace("0", "O")], ids=ascii
)
def test_it_is_the_same_code(reader: str, typed: str) -> None:
    assert READERS[reader](typed) == READERS[reader](CODE)
