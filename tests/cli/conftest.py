"""Fixtures of all tests in this folder."""

from tests.support.terminal import wide_terminal

__all__ = ["wide_terminal"]
