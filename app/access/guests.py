"""Guests: people who come with a code that stands for them, and have no account.

Staff issues such codes and reads them when it hands them out. Nobody acts with one while they are
signed in: what a unit is judged by, or bound by, would be the unit's own word.
"""

from typing import NamedTuple

from app.errors import Problem


class Guest(NamedTuple):
    """The network that a guest comes from, and whether staff is signed in there."""

    network: str
    signed_in: bool = False


def check_resident(guest: Guest) -> None:
    """Refuse staff with a code that stands for somebody else.

    Raises:
        Problem: code_of_resident
    """
    if guest.signed_in:
        raise Problem("code_of_resident")
