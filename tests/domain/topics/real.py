"""The real messages that likeness and topics are measured on, where they can be had."""

import csv
from collections import Counter
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pytest

from domain.topics.likeness import Sketch
from domain.topics.lists import TopicsInMemory
from domain.topics.terms import counted_terms, weighed

HERE = Path(__file__).parent
MESSAGES = Path(__file__).parents[4] / "shared" / "data" / "messages.csv"


def messages() -> Path:
    """Return the file, here or beside an installation; skip the test where it is absent."""
    for path in (MESSAGES, Path("../shared/data/messages.csv")):
        if path.exists():
            return path
    pytest.skip("the real messages are not here: ../shared/data/messages.csv")


@lru_cache(1)
def sketches(path: Path) -> dict[str, Sketch]:
    """Return all messages as a city that learned from all of them would sketch them."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts = [counted_terms(row["title"], row["text"]) for row in rows]
    known: Counter[str] = Counter()
    for each in counts:
        known.update(each.keys())
    return {
        row["id"]: Sketch(
            row["id"],
            row["user"],
            datetime.fromisoformat(row["time"]),
            weighed(each, known, len(rows)),
        )
        for row, each in zip(rows, counts, strict=True)
    }


@lru_cache(1)
def topics(path: Path) -> TopicsInMemory:
    """Return the topics that grow of all messages, in their order."""
    grown = TopicsInMemory()
    grown.add_all(sketches(path).values())
    return grown


def pairs() -> list[tuple[str, str, bool]]:
    """Return the pairs that a person has read, and whether both are about the same matter."""
    with (HERE / "pairs.csv").open(encoding="utf-8") as file:
        return [(row["one"], row["other"], row["label"] == "same") for row in csv.DictReader(file)]


def truth() -> dict[str, set[str]]:
    """Return the ten largest matters of which a person has found the messages."""
    found: dict[str, set[str]] = {}
    with (HERE / "topics.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["topic"], set()).add(row["id"])
    return found
