"""The state that one run of a ticket's workflow passes to the next when its history is too long.

The ticket keeps its number, workflow id, events and versions. Only the engine's history is split
into runs, and each run begins with the state in which the one before it ended.
"""

from pydantic import Field

from domain.events import Event
from domain.messages import ParentPause
from domain.model import Instant, Recorded
from domain.ticket.said import Heard
from domain.ticket.ticket import Ticket


class Carried(Recorded):
    """The input of every run but the first.

    `unprojected`: events of earlier runs that may not be in the store yet, oldest first.
    `history_length`: the number of history events of all earlier runs; a position in the whole
    history is this plus the position in the run. `update_ids`, `rating_keys`: of commands and
    ratings that were carried out already. `pause`: what tickets merged into this one are told of
    its pause, if the unit that leads stands still. `merged_at`: when it was merged into another.
    `heard`: what citizens said of it; None from before that was carried.
    """

    ticket: Ticket
    unprojected: list[Event] = Field(default_factory=list)
    history_length: int = 0
    runs: int = Field(1, description="How many runs were before this one.")
    update_ids: list[str] = Field(default_factory=list)
    rating_keys: list[str] = Field(default_factory=list)
    pause: ParentPause | None = None
    merged_at: Instant | None = None
    heard: Heard | None = None
