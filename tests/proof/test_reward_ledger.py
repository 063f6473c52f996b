"""Ten thousand random operations on the points of sixty reports, side by side, on both databases.

Afterwards every invariant of the ledger holds, no account was ever below zero, and no prize was
promised more often than it is there. `make test-long` does all of them, `make test` a part.
"""

import os

from store.db.engine import Store
from store.rewards import checks, ledger, redemptions
from tests.store.rewarding import CITY, SALT, RandomLife, a_report
from tests.support.seeds import dice

LONG = os.environ.get("JIESU_LONG") == "1"
OPERATIONS = 10_000 if LONG else 500


async def test_the_ledger_stays_whole(store: Store) -> None:
    tickets = [await a_report(store) for _ in range(60)]
    few = SALT.model_copy(update={"stock": 25, "points": 3})
    life = RandomLife(store, dice("reward proof", store.dialect), tickets, prize=few)
    await life.live(OPERATIONS, at_once=16)
    assert sum(life.told.values()) == OPERATIONS
    assert await checks.faults(store, CITY) == []
    totals = await ledger.totals(store, CITY)
    assert totals.granted == totals.citizens + totals.held + totals.pledged + totals.handed_out
    assert (await redemptions.taken(store, CITY, ["salt"])).get("salt", 0) <= few.stock
    salt = (await ledger.stock_of(store, CITY, ["salt"]))["salt"]
    assert salt.supplied == few.stock == salt.left + salt.promised + salt.given
    assert life.told["_judge"] > 0
