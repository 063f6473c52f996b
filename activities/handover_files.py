"""The fetching of files of matters that were given to us; the worker gives it to the job."""

from datetime import datetime
from typing import Protocol

from domain.handover.handover import Handover, HandoverWords
from store.files.files import Attaching
from store.handover.neighbours import Neighbour, Secrets


class FilesOfOthers(Protocol):
    """The fetching of files."""

    async def fetched(
        self,
        known: Neighbour,
        shared: Secrets,
        of: Handover,
        words: HandoverWords,
        now: datetime,
    ) -> tuple[Attaching, int]:
        """Return the files, to be attached, and how many are missing.

        Raises:
            Unreachable: all of them are to be fetched again later.
        """
