"""The features of a text: its character n-grams, as numbers that cannot be read back.

Chinese has no spaces between words, so every run of one to four characters counts, inside sentences
only. Function characters are left out first: citizens use them at will, and a text that was
segmented without them then looks like one that was not. A feature is a 32-bit hash, so that a
model keeps nothing of what anybody wrote.
"""

import re
from zlib import crc32

from domain.canonical import folded

LONGEST = 4
"""The characters of the longest n-gram."""
MOST_CHARACTERS = 1000
"""The characters of a title or a text that are looked at: what it is about is said by then."""

_FUNCTION = (
    "的我有是了们为这和没就都也可还么给而其但等他与因如"
    "并被由及从样何然什让又按将果吗你很且那或才把在"
)
_LEFT_OUT = str.maketrans("", "", _FUNCTION)
_BREAKS = re.compile(r"[\W_]+")


def pieces(text: str) -> list[str]:
    """Return the parts of a canonical text between its punctuation, without function characters."""
    # Half of a character outside of the basic plane has no code in UTF-8.
    plain = folded(text[:MOST_CHARACTERS]).encode("utf-8", "replace").decode()
    return [part for part in _BREAKS.split(plain.translate(_LEFT_OUT)) if part]


def whole(text: str) -> str:
    """Return the canonical text as one run, as it would be without punctuation."""
    return "".join(pieces(text))


def grams(run: str) -> set[str]:
    """Return the n-grams of a run of characters."""
    found = set(run)
    for size in range(2, LONGEST + 1):
        found.update([run[at : at + size] for at in range(len(run) - size + 1)])
    return found


def grams_of(title: str, text: str) -> tuple[set[str], set[str]]:
    """Return the n-grams of a message, and those of them that its title has."""
    head = whole(title)
    return grams(head + whole(text)), grams(head) if head else set()


def number_of(gram: str) -> int:
    """Return the number of an n-gram, the same in every process."""
    return crc32(gram.encode())
