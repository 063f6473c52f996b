"""Tests of the bench of places: its texts are what it says, and searching them is bounded."""

import pytest

from bench.place import ADDRESS, CHARACTERS, known, written
from packs.bases import default_root
from packs.place_names import PlaceNames
from packs.registry import load_pack
from tests.support.seeds import dice

MOST = 50


@pytest.mark.parametrize("kind", ["usual", "full of names", "misspelled address"])
def test_names_are_found_in_texts_of_any_kind(kind: str) -> None:
    drawn = dice()
    pack = load_pack(default_root() / "tongzhou")
    pack = pack.model_copy(update={"known_places": known(drawn, pack)})
    text = written(drawn, pack, kind)
    assert len(text) == (ADDRESS if kind == "misspelled address" else CHARACTERS)
    found = PlaceNames(pack).find(text)
    assert 1 <= len(found) <= 2 * MOST
    assert all(one.words in text for one in found)
