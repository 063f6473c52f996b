"""Tests that the benchmark of the search asks a store with words, and tells what it costs."""

import pytest
from rich.console import Console

from bench import search


async def test_every_question_is_asked_and_the_index_weighed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "_ROUNDS", 2)
    monkeypatch.setattr(search, "_LIVES", 2)
    said: list[str] = []
    figures = await search.search(1000, said.append, None)
    found = {one.question: one for one in figures.found}
    assert found["a word that is nowhere"].count == 0
    assert 15 <= found["a rare word"].count <= 25
    assert found["a frequent word"].count > 500
    assert 0 < found["a frequent word of a unit"].count < 100
    assert figures.characters > 100
    assert min(figures.index_bytes, figures.document_bytes) > 100
    assert min(figures.with_index, figures.without_index) > 0
    out = Console(record=True, width=120)
    search.show(out, figures)
    assert "a rare and a frequent word" in out.export_text()
