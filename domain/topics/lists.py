"""Inverted lists: the complaints that share telling terms with another, found without looking at
all of them."""

import heapq
from collections import defaultdict
from collections.abc import Iterable

from domain.topics.growing import GrowingTopic, Placing, place
from domain.topics.likeness import Sketch
from domain.topics.terms import Weights

NEAR = 12
"""The complaints by which the topics near another are found."""

POSTED = 32
"""The most telling terms by which a complaint is found again."""

_FAINT = 0.06


def posted(weights: Weights) -> list[str]:
    """Return the terms by which a complaint is found again, the most telling first."""
    return heapq.nlargest(POSTED, weights, key=lambda term: (weights[term], term))


class SketchLists:
    """Complaints in memory, found by their terms."""

    def __init__(self) -> None:
        self._lists: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.sketches: list[Sketch] = []

    def add(self, sketch: Sketch) -> None:
        for term in posted(sketch.weights):
            self._lists[term].append((len(self.sketches), sketch.weights[term]))
        self.sketches.append(sketch)

    def near(self, weights: Weights, most: int = NEAR) -> list[Sketch]:
        """Return the complaints that share most with it, the nearest first."""
        scores: dict[int, float] = defaultdict(float)
        for term in posted(weights):
            for at, weight in self._lists.get(term, ()):
                scores[at] += weight * weights[term]
        best = heapq.nlargest(most, scores.items(), key=lambda one: one[1])
        return [self.sketches[at] for at, score in best if score >= _FAINT]


class TopicsInMemory:
    """Topics of many complaints at once, for a rebuild: each placed as the store would place it."""

    def __init__(self) -> None:
        self.lists = SketchLists()
        self.topics: dict[str, GrowingTopic] = {}
        self.topic_of: dict[str, str] = {}
        self.members: dict[str, list[Sketch]] = {}

    def add(self, sketch: Sketch) -> str:
        """Place a complaint; return the id of its topic."""
        near = {self.topic_of[one.number] for one in self.lists.near(sketch.weights)}
        placing = place(sketch.weights, [self.topics[id] for id in sorted(near)])
        id = self._merged(placing) or sketch.number
        topic = self.topics.setdefault(id, GrowingTopic(id))
        topic.add(sketch.weights)
        self.topic_of[sketch.number] = id
        self.members.setdefault(id, []).append(sketch)
        self.lists.add(sketch)
        return id

    def add_all(self, sketches: Iterable[Sketch]) -> None:
        for sketch in sorted(sketches, key=lambda one: (one.filed_at, one.number)):
            self.add(sketch)

    def people(self, id: str) -> int:
        """Count the citizens of a topic; those who gave no name count as one."""
        return len({one.person for one in self.members[id]})

    def _merged(self, placing: Placing) -> str | None:
        for id in placing.merged if placing.joins else ():
            self.topics[placing.joins or ""].take_in(self.topics.pop(id))
            moved = self.members.pop(id)
            self.members[placing.joins or ""] += moved
            self.topic_of.update((one.number, placing.joins or "") for one in moved)
        return placing.joins
