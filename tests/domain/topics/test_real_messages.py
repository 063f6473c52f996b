"""Tests on real messages: duplicates and topics as people who read them see them."""

import time
from collections import Counter

from domain.topics.growing import place
from domain.topics.likeness import SURE, likeness, most_alike
from domain.topics.lists import NEAR, SketchLists, TopicsInMemory
from domain.topics.matter import READ, matter_of
from tests.domain.topics import real

_SHOWN = 3


def test_the_true_partner_is_among_the_first_three() -> None:
    known = real.sketches(real.messages())
    lists = SketchLists()
    for sketch in known.values():
        lists.add(sketch)
    crowds = [*real.truth().values()]
    same = [(one, other) for one, other, alike in real.pairs() if alike]
    found = 0
    for one, other in same:
        # Of a matter with fifty messages, each of the others is a true partner.
        partners = next((crowd for crowd in crowds if {one, other} <= crowd), set())
        for asked, wanted in ((one, other), (other, one)):
            near = lists.near(known[asked].weights, 2 * NEAR)
            shown = {each.number for each in most_alike(known[asked], near, _SHOWN)}
            if shown & ({wanted} | partners):
                found += 1
                break
    assert found >= 0.9 * len(same), f"{found} of {len(same)}"


def test_what_is_suggested_is_right_and_much_is_suggested() -> None:
    known = real.sketches(real.messages())
    pairs = real.pairs()
    assert len(pairs) >= 200
    scored = [(likeness(known[one], known[other]).score, same) for one, other, same in pairs]
    suggested = [same for score, same in scored if score >= SURE]
    assert sum(suggested) >= 0.95 * len(suggested), f"{sum(suggested)} of {len(suggested)}"
    assert sum(suggested) >= 0.6 * sum(same for _, same in scored)


def _listed(grown: TopicsInMemory) -> list[str]:
    ids = [
        id
        for id, members in grown.members.items()
        if grown.people(id) > 1 and matter_of([one.weights for one in members[-READ:]]).one
    ]
    return sorted(ids, key=lambda id: (-grown.people(id), -len(grown.members[id]), id))


def test_nine_of_the_ten_largest_matters_are_among_the_first_ten_topics() -> None:
    grown = real.topics(real.messages())
    first = _listed(grown)[:10]
    found = set()
    for name, ids in real.truth().items():
        topic, count = Counter(grown.topic_of[id] for id in ids).most_common(1)[0]
        if topic in first and count >= len(ids) / 2 and count >= len(grown.members[topic]) / 2:
            found.add(name)
    assert len(found) >= 9, sorted(found)


def test_the_petitions_of_one_account_are_no_topic() -> None:
    grown = real.topics(real.messages())
    per_person = Counter(one.person for one in real.sketches(real.messages()).values())
    busiest, count = per_person.most_common(1)[0]
    assert count > 50
    for id in _listed(grown)[:20]:
        writers = Counter(one.person for one in grown.members[id])
        assert writers[busiest] <= len(grown.members[id]) / 2


def test_all_messages_take_seconds_and_a_new_one_milliseconds() -> None:
    path = real.messages()
    real.sketches.cache_clear()
    begun = time.process_time()
    known = real.sketches(path)
    grown = TopicsInMemory()
    grown.add_all(known.values())
    assert time.process_time() - begun <= 15
    some = list(known.values())[::100]
    begun = time.process_time()
    for one in some:
        near = {grown.topic_of[each.number] for each in grown.lists.near(one.weights)}
        place(one.weights, [grown.topics[id] for id in sorted(near)])
    assert (time.process_time() - begun) / len(some) <= 0.02
