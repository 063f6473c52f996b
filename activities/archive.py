"""Archiving: export the histories of ended tickets before the engine forgets them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable

from temporalio import activity


class Archiving:
    """The export job. `export`: exports what is due, and yields what became of each ticket.

    It is given by the worker, because an export is verified by replaying workflows.
    """

    def __init__(self, export: Callable[[], AsyncIterator[str]]) -> None:
        self._export = export

    @activity.defn(name="archive_histories")
    async def archive(self) -> int:
        """Export what is due; return how many. It may be repeated or interrupted safely."""
        became = Counter[str]()
        async for one in self._export():
            became[one] += 1
            activity.heartbeat(dict(became))
        return became["archived"]
