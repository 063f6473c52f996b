"""A department's program that asks the city: it needs the API, and no connection to the engine.

In the city's pack the unit's column `queue` stays empty, and its officers see all that happens.
"""

import asyncio
import json
import logging
import os
from pathlib import Path

from jiesu_department.city import CityApi, CityAway, CityRefused
from jiesu_department.codec import api_client
from jiesu_department.desk import Desk, Handler

_log = logging.getLogger("jiesu_department")
_WAIT = 25
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_LOST = frozenset({"cursor_too_old", "cursor_foreign", "bad_cursor"})


class SavedCursor:
    """The cursor in a file: replaced as a whole, so that a power cut leaves the old or the new."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        try:
            return str(json.loads(self._path.read_text(encoding="utf-8"))["cursor"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            _log.error("%s has no cursor: everything that is open is looked at", self._path)
            return None

    def write(self, cursor: str) -> None:
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({"cursor": cursor}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


class ChangePoller:
    """Follows the changes of one unit's tickets. `step` is one question to the city."""

    def __init__(self, city: CityApi, handler: Handler, saved: SavedCursor) -> None:
        self.desk = Desk(city, handler)
        self._city, self._saved = city, saved
        self._cursor: str | None = None

    async def step(self, wait: int = _WAIT) -> None:
        """Wait for a change, look at what is open, and only then keep the cursor.

        Raises:
            CityAway: try again later; nothing was passed over.
        """
        if self._cursor is None:
            # Whatever was open before the first question is looked at, too. If the city goes away
            # meanwhile, there is no cursor yet, and the next step looks again.
            cursor = self._saved.read() or (await self._city.changes("now")).cursor
            await self.desk.look()
            self._cursor = cursor
        try:
            changes = await self._city.changes(self._cursor, wait)
        except CityRefused as refused:
            if refused.code not in _LOST:
                raise
            _log.warning("%s: beginning anew with all that is open", refused.code)
            cursor = (await self._city.changes("now")).cursor
            await self.desk.look()
            self._saved.write(cursor)
            self._cursor = cursor
            return
        if changes.items:
            await self.desk.look()
        self._cursor = changes.cursor
        self._saved.write(self._cursor)


async def poll_department(
    unit: str, handler: Handler, *, api: str, token: str, state: str | Path
) -> None:
    """Give every open order of `unit` to `handler`, until cancelled.

    `api`: the city's address. `token`: of an officer of the unit. `state`: the file of the cursor.
    A city that is away is asked again, with pauses of at most a minute.
    """
    async with api_client(api, token) as http:
        poller = ChangePoller(CityApi(http, unit), handler, SavedCursor(Path(state)))
        pause = _FIRST_PAUSE
        try:
            while True:
                try:
                    await poller.step()
                    pause = _FIRST_PAUSE
                except CityAway as away:
                    _log.warning("the city is away: %s", away)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            await poller.desk.close()
