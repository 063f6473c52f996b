"""督办: a supervisor's order, its answer, and the public notice."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.because import Because
from domain.ticket.minutes import Order
from domain.ticket.ticket import Ticket


class SupervisionOrdered(FactBase):
    """督办单: an order to the lead unit, by a supervisor, or because of the ticket's severity."""

    kind: Literal["supervision_ordered"] = "supervision_ordered"
    words = EventWords("Supervision order", "下达督办单")
    order: int
    unit: str | None = None
    text: str
    because: list[Because] = Field(default_factory=list)
    escalated: bool = False
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.orders.append(Order(n=self.order, text=self.text, because=self.because))
        ticket.escalated = ticket.escalated or self.escalated
        ticket.start(self.clocks)


class OrderAnswered(FactBase):
    """The unit's report on the order."""

    kind: Literal["order_answered"] = "order_answered"
    words = EventWords("Order answered", "督办回复")
    order: int
    answer: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.orders[self.order - 1].answer = self.answer
        ticket.stop(at, ClockName.ORDER, label=str(self.order))


class PubliclyNoticed(FactBase):
    """通报. The unit's delay is made public inside the city."""

    kind: Literal["publicly_noticed"] = "publicly_noticed"
    words = EventWords("Public notice", "通报")
    unit: str | None = None
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.notices += 1
