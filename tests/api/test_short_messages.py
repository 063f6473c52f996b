"""Short messages mean one thing: a word of English that is used twice has one Chinese word.

gettext finds the Chinese of a message by its English alone. A label of a word or two easily fits at
a second place in English and not in Chinese: *Filed* above a time and above a count. A short
message that several files use therefore stands in `short_messages.csv`, with what it means and with
those files. A new use fails here until somebody has looked whether it means the same; if it does
not, it needs other English.
"""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from api.http.i18n import CHINESE, LANGUAGES
from api.pages.shared.labels import BILINGUAL, LABELS, Labels
from scripts.messages import uses, written

TABLE = Path(__file__).with_name("short_messages.csv")
WORDS = 2
"""The most words of a short message."""

PRODUCT = "Jiesu"
"""A name, in the title of nearly every page."""

DISTINCT = sorted({*LABELS, *BILINGUAL} - {"told"})
"""Tables in which two values may not read the same. Of `told`, citizens read coarser words."""


def _used_in_several_files() -> dict[str, list[str]]:
    files = defaultdict[str, set[str]](set)
    for use in uses():
        message = use.message if isinstance(use.message, str) else use.message[0]
        if len(message.split()) <= WORDS and message != PRODUCT:
            files[message].add(use.file.removeprefix("api/pages/"))
    return {message: sorted(found) for message, found in files.items() if len(found) > 1}


def test_a_short_message_at_several_places_means_one_thing() -> None:
    with TABLE.open(encoding="utf-8", newline="") as source:
        rows = {row["message"]: row for row in csv.DictReader(source)}
    known = {message: row["files"].split() for message, row in rows.items()}
    assert known == _used_in_several_files(), f"look at each place, then write {TABLE.name}"
    assert [message for message, row in rows.items() if not row["meaning"].strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DISTINCT)
def test_two_values_of_one_kind_never_read_the_same(kind: str, language: str) -> None:
    labels = Labels(language)
    values = list(LABELS[kind] if kind in LABELS else BILINGUAL[kind])
    words = {value: labels.label(kind, value) for value in values}
    same = [pair for pair in combinations(words, 2) if words[pair[0]] == words[pair[1]]]
    assert same == []


def test_the_same_english_has_the_same_chinese_wherever_it_is_written() -> None:
    """Messages have their Chinese in the catalogue; roles, clocks and events beside the English."""
    chinese = defaultdict[str, set[str]](set)
    for message in written(CHINESE):
        if isinstance(message.id, str):
            chinese[message.id].add(str(message.string))
    for kind in BILINGUAL.keys() - {"told"}:
        for english, word in BILINGUAL[kind].values():
            chinese[english].add(word)
    assert {english: words for english, words in chinese.items() if len(words) > 1} == {}
