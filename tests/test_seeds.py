"""Tests that a seed draws the same again, whatever a process did before."""

import subprocess
import sys
from pathlib import Path

import pytest

DRAWS = """
import importlib, sys
from hypothesis import given, seed, settings, strategies as st
from tests.support.seeds import forget_constants
if "forget" in sys.argv:
    forget_constants()
for name in sys.argv[2:]:
    importlib.import_module(name)
drawn = []
@seed(0)
@settings(max_examples=200, database=None)
@given(st.lists(st.integers()), st.binary(), st.text())
def draw(numbers, data, text):
    drawn.append((numbers, data, text))
draw()
print(ascii(drawn))
"""


def drawn(how: str, *modules: str) -> str:
    """Return what the seed draws in a process that has loaded these modules."""
    command = [sys.executable, "-c", DRAWS, how, *modules]
    root = Path(__file__).parents[1]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout


MODULES = ("domain.deadlines.registry", "domain.canonical", "store.db.tables")


def test_the_same_is_drawn_whichever_modules_are_loaded() -> None:
    assert drawn("forget") == drawn("forget", *MODULES)


def test_hypothesis_alone_draws_something_else() -> None:
    """Otherwise `forget_constants` is needed no longer."""
    if drawn("keep") == drawn("keep", *MODULES):
        pytest.fail("hypothesis draws the same by itself: remove `forget_constants`")
