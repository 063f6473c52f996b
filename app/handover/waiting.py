"""The neighbouring cities, and what waits for each of them."""

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from domain.handover.handover import HandoverSide, HandoverState
from domain.model import Instant, Recorded
from store.handover import handovers, letters, neighbours


class NeighbourStateOut(Recorded):
    """A neighbouring city. `waiting`: letters that are not delivered; `error`: the last failure."""

    code: str
    city: str
    known_as: str
    name: str
    name_en: str
    url: str
    areas: list[str]
    added_at: Instant
    rotated_at: Instant | None
    ended_at: Instant | None
    waiting: int = 0
    waiting_since: Instant | None = None
    error: str | None = None
    there: int = Field(0, description="Matters that this city has of us.")
    here: int = Field(0, description="Matters that we have of this city.")
    undecided: int = Field(0, description="Offers of this city that nobody here has decided.")
    unanswered: int = Field(0, description="Offers of ours that it has not answered.")


class NeighboursOut(Recorded):
    items: list[NeighbourStateOut]


async def neighbours_of(context: AppContext, caller: Caller) -> list[NeighbourStateOut]:
    """Return the neighbours of the cities that the caller serves, with what waits for each."""
    await permit(context, caller, "list_neighbours")
    waits = {one.neighbour: one for one in await letters.waiting(context.store)}
    counts = await handovers.counted(context.store)
    found = []
    for one in await neighbours.listed(context.store, caller.city):
        wait = waits.get(one.code)

        def count(side: HandoverSide, state: HandoverState, code: str = one.code) -> int:
            return counts.get((code, side.value, state.value), 0)

        found.append(
            NeighbourStateOut(
                **{
                    name: getattr(one, name) for name in one.__dataclass_fields__ if name != "areas"
                },
                areas=list(one.areas),
                waiting=wait.letters if wait else 0,
                waiting_since=wait.since if wait else None,
                error=wait.error if wait else None,
                there=count(HandoverSide.OUT, HandoverState.TAKEN),
                here=count(HandoverSide.IN, HandoverState.TAKEN),
                undecided=count(HandoverSide.IN, HandoverState.OFFERED),
                unanswered=count(HandoverSide.OUT, HandoverState.OFFERED),
            )
        )
    return found
