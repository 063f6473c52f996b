"""Files of what was given to us: fetched from the first city, and compared with their hashes."""

from typing import Protocol

from domain.handover.handover import Handover, HandoverWords
from store.files.files import Attaching


class FilesOfOthers(Protocol):
    """What fetches them."""

    async def fetched(self, of: Handover, words: HandoverWords) -> Attaching | None:
        """Return them, to be attached; None if they are to be fetched again later."""
