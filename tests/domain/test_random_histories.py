"""Tests that random ticket histories, row by row of the table, stay in order."""

from collections import Counter
from itertools import repeat

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from domain.events import Event
from domain.facts.base import FactBase
from domain.facts.transitions import TABLE
from domain.policy.notifications import OutboundMessage, notices
from domain.policy.record import record
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from tests.domain.chance import Chance, Exhausted
from tests.domain.generators import Life
from tests.domain.invariants import check_caps, check_order, check_steps
from tests.domain.makers import step, step_out
from tests.support.seeds import dice, of

LIVES = st.binary(min_size=60, max_size=300)
"""Random bytes: about thirty for the beginning of a ticket, six for each event."""

FAR = 60
"""A bound on the events to a ticket's end."""

MANY = 3000
"""A number of histories sufficient for every event to occur once."""


def live(seed: bytes) -> Life:
    """Run a ticket until the bytes are read, and check it after every event."""
    life = Life(Chance(seed))
    try:
        while step(life):
            check_order(life.ticket, life.events)
            check_caps(life.ticket)
    except Exhausted:
        pass
    finally:  # shown by hypothesis for a ticket that is not in order
        note(f"{seed.hex()}: " + " → ".join(event.kind for event in life.events))
    return life


@pytest.mark.timeout(300)
@settings(max_examples=of(2000), deadline=None)
@given(LIVES)
def test_whatever_happens_the_ticket_stays_in_order_and_can_end(seed: bytes) -> None:
    life = live(seed)
    check_steps(life.events)
    life.chance = Chance(repeat(0))
    for _ in range(FAR):
        if not step_out(life):
            break
        check_order(life.ticket, life.events)
    assert life.ticket.stage is Stage.ENDED


@settings(max_examples=300, deadline=None)
@given(LIVES)
def test_the_events_alone_give_the_same_ticket_again(seed: bytes) -> None:
    life = live(seed)
    again = Ticket.of(life.ticket.complaint)
    for event in life.events:
        stored_event = Event.model_validate_json(event.model_dump_json())
        assert record(again, stored_event.fact, stored_event.actor, stored_event.at) == event
    assert again == life.ticket
    assert Ticket.model_validate_json(again.model_dump_json()) == again


@settings(max_examples=of(1000), deadline=None)
@given(LIVES, st.integers(1, 6))
def test_what_is_told_does_not_depend_on_what_is_told_with_it(seed: bytes, together: int) -> None:
    """Each message has the same key whether its event is projected alone or with later ones."""
    life = live(seed)
    ticket, alone = Ticket.of(life.ticket.complaint), list[OutboundMessage]()
    batches = [life.events[i : i + together] for i in range(0, len(life.events), together)]
    for batch in batches:
        first = len(alone)
        for event in batch:
            record(ticket, event.fact, event.actor, event.at)
            alone += notices(event, ticket)
        with_others = [
            one for i, event in enumerate(batch) for one in notices(event, ticket, batch[i + 1 :])
        ]
        assert with_others == alone[first:]
    keys = Counter(notice.key for notice in alone)
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_row_of_the_table_is_lived_and_every_end_is_reached() -> None:
    left: set[type[FactBase]] = {row.fact for row in TABLE}
    ends: set[Outcome | None] = set(Outcome)
    for seed in range(MANY):
        life = Life(dice(seed))
        while len(life.events) < FAR and step(life):
            pass
        left -= {type(event.fact) for event in life.events}
        ends -= {life.ticket.outcome}
        if not left and not ends:
            return
    pytest.fail(f"never: {left or ends}")
