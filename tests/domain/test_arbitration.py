"""Tests that a meeting decides exactly when units have used up their returns of a ticket."""

import pytest

from domain.policy.decide import arbitration_due
from domain.ticket.assignment import Ending
from domain.ticket.ticket import Ticket
from tests.domain.test_promise import handled


def at_the_dispatcher(lead: Ending, lifecycle: int = 1) -> Ticket:
    """Return a ticket whose unit's share has ended, in a city with meetings and without returns."""
    ticket = handled(lifecycle).ticket
    rules = ticket.rules
    assert rules is not None
    ticket.rules = rules.model_copy(update={"returns": 0, "arbitration": True})
    ticket.assignments[-1].ending, ticket.by_hand = lead, True
    return ticket


def test_a_return_is_decided_by_a_meeting() -> None:
    assert arbitration_due(at_the_dispatcher(Ending.RETURNED))


@pytest.mark.parametrize("lead", [Ending.DONE, Ending.FAILED])
def test_an_answer_that_does_not_hold_is_decided_by_the_dispatcher(lead: Ending) -> None:
    assert not arbitration_due(at_the_dispatcher(lead))


def test_a_ticket_of_an_older_version_goes_on_as_it_began() -> None:
    assert arbitration_due(at_the_dispatcher(Ending.DONE, lifecycle=0))
