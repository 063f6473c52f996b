"""The words of citizens since a ticket was filed, for the orders to its units."""

from collections.abc import Collection

from pydantic import Field

from domain.model import Instant, Recorded


class Said(Recorded):
    """Words and files of a citizen. `number`: their ticket, this one or one merged into it."""

    number: str
    at: Instant
    text: str
    files: list[str] = Field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes that it takes in an order, with its comma."""
        return len(self.model_dump_json().encode()) + 1


class Heard(Recorded):
    """Words of citizens, the oldest first. `left_out`: how many times there was no room."""

    items: list[Said] = Field(default_factory=list)
    left_out: int = 0

    def add(self, said: Said, own: str, room: int) -> None:
        """Add what was said, and leave out the oldest where it takes more than `room` bytes.

        First of other citizens, who usually say the same. `own`: the number of the ticket.
        """
        self.items.append(said)
        self._fit(own, room)

    def within(self, own: str, joined: Collection[str], room: int) -> "Heard":
        """Return what the ticket's citizen and those of tickets `joined` to it said.

        A ticket that has left is handled elsewhere, and may have become a report of wrongdoing.
        """
        known = {own, *joined}
        items = [said for said in self.items if said.number in known]
        heard = Heard(items=items, left_out=self.left_out)
        heard._fit(own, room)
        return heard

    def of(self, number: str) -> list[Said]:
        """Return what the citizen of this ticket said."""
        return [said for said in self.items if said.number == number]

    def _fit(self, own: str, room: int) -> None:
        used = sum(said.size for said in self.items)
        while used > room and self.items:
            others = (n for n, said in enumerate(self.items) if said.number != own)
            used -= self.items.pop(next(others, 0)).size
            self.left_out += 1
