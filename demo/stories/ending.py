"""The result of a story: the city's figures, the points of its units, and the audit."""

from dataclasses import dataclass

from temporalio.client import Client

from audit.verdicts import AuditVerdict, judge
from demo.stories.telling import Telling
from store.db.engine import Store
from store.reporting.figures import Figures, figures
from store.reporting.scores import Scores, scores
from store.tickets import tickets

_LOOKS = 3
"""Attempts to judge a ticket that changes between the reading of history and record."""


@dataclass(frozen=True)
class StoryResult:
    """Figures and points computed from events, and every record compared with its history."""

    figures: Figures
    scores: Scores
    verdicts: list[AuditVerdict]

    @property
    def disagreeing(self) -> list[AuditVerdict]:
        return [verdict for verdict in self.verdicts if not verdict.agrees]

    @property
    def whole(self) -> bool:
        """True if every ticket could be replayed, from the store's events and from its history."""
        return not (self.figures.broken or self.scores.broken or self.disagreeing)


async def ending_of(story: Telling, client: Client) -> StoryResult:
    """Compute the figures, and replay every ticket with today's code."""
    store, pack, period = story.store, story.pack, story.period
    return StoryResult(
        figures=await figures(store, pack, period, tickets=True),
        scores=await scores(store, pack, period),
        verdicts=[await _verdict(client, store, one) async for one in tickets.numbers(store)],
    )


async def _verdict(client: Client, store: Store, number: str) -> AuditVerdict:
    """Judge a ticket; again if it disagrees, since one in aftercare may have changed meanwhile."""
    for _ in range(_LOOKS):
        verdict = await judge(client, store, number)
        if verdict.agrees:
            break
    return verdict
