"""The excerpts of found texts, with the words marked, and how much a ticket says of them."""

from collections.abc import Iterator, Sequence

from domain.model import Recorded
from domain.search.query import Sought
from domain.search.texts import SearchField
from store.db.engine import ResultRow

_AROUND = 24
"""The characters before and after the first word."""
_MOST = 3
_WEIGHTS = {
    SearchField.SAID: 3,
    SearchField.REPLY: 2,
    SearchField.PLACE: 2,
    SearchField.NOTE: 1,
}
_OFTEN = 5
"""The times a word counts in one field at most."""


class ExcerptPiece(Recorded):
    """A part of an excerpt; `marked`: it is what was searched for."""

    text: str
    marked: bool = False


class Excerpt(Recorded):
    """A part of a text in which words were found, in the form in which it is searched.

    That is: in small letters and plain width, and without blanks beside Chinese characters.
    """

    field: SearchField
    pieces: list[ExcerptPiece]


def excerpts(row: ResultRow, words: Sequence[Sought]) -> list[Excerpt]:
    """Return of each field the first place where a word is, at most three."""
    made = []
    for field in SearchField:
        text = getattr(row, field.value)
        sought = [word.text for word in words if word.field in (None, field)]
        begins = [at for at in (text.find(word) for word in sought) if at >= 0]
        if begins:
            made.append(Excerpt(field=field, pieces=list(_pieces(text, min(begins), sought))))
    return made[:_MOST]


def relevance(row: ResultRow, words: Sequence[Sought]) -> int:
    """Return how much of a ticket is about the words: more if its citizen said them, and often."""
    return sum(
        weight * min(_OFTEN, getattr(row, field.value).count(word.text))
        for word in words
        for field, weight in _WEIGHTS.items()
        if word.field in (None, field)
    )


def _pieces(text: str, at: int, words: Sequence[str]) -> Iterator[ExcerptPiece]:
    begin, end = max(0, at - _AROUND), at + 2 * _AROUND
    if begin:
        yield ExcerptPiece(text="…")
    shown, done = text[begin:end], 0
    while True:
        places = [(shown.find(word, done), -len(word)) for word in words]
        first, size = min((place for place in places if place[0] >= 0), default=(-1, 0))
        if first < 0:
            break
        if first > done:
            yield ExcerptPiece(text=shown[done:first])
        done = first - size
        yield ExcerptPiece(text=shown[first:done], marked=True)
    if done < len(shown):
        yield ExcerptPiece(text=shown[done:])
    if end < len(text):
        yield ExcerptPiece(text="…")
