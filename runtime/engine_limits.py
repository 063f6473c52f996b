"""The engine's limits, and the numbers by which this system stays below them.

The server's own numbers are those of its dynamic configuration as it is shipped (Temporal server
1.32): https://docs.temporal.io/cloud/limits names the same. No other module states one.

A ticket that comes near a limit of its history goes on in a new run (continue-as-new): the same
workflow id, the same ticket, nothing lost. `CARRY_ON` says when; each of its numbers leaves room
for what may still come in while the run is being closed.
"""

from datetime import timedelta
from typing import NamedTuple

# --- what the server allows ---------------------------------------------------------------------

UPDATES_IN_TOTAL = 2_000
"""Updates that one run accepts; the next is refused for good (`maxTotalUpdates`)."""

UPDATES_IN_FLIGHT = 10
"""Updates of one run that wait at the same time (`maxInFlightUpdates`)."""

HISTORY_EVENTS = 51_200
"""Events of one run; at this number the server ends the workflow (`historyCount.error`)."""

HISTORY_BYTES = 50 * 1024 * 1024
"""Size of one run's history in bytes (`historySize.error`)."""

SIGNALS = 10_000
"""Signals that one run takes (`maximumSignalsPerExecution`)."""

PENDING_ACTIVITIES = 2_000
"""Activities of one run that are scheduled and not closed (`numPendingActivities.error`)."""

PAYLOAD_BYTES = 2 * 1024 * 1024
"""One input, result or message, after encryption (`blobSize.error`)."""

MESSAGE_BYTES = 4 * 1024 * 1024
"""One gRPC message: all commands of one workflow task together."""

ORDER_BYTES = 44 * 1024
"""The most of an order to a unit.

A department's program has it decrypted by the API, in JSON, where a body may have 64 KiB; and
twenty units that are called at once are far below `MESSAGE_BYTES`.
"""

SEARCH_ATTRIBUTE_BYTES = 2 * 1024
"""One value of a search attribute (`searchAttributesSizeOfValue`)."""

TASK_TIMEOUT = timedelta(seconds=10)
"""The time one workflow task may take before the server gives it to another worker."""

# --- how much an API process sends ----------------------------------------------------------------

SENT_AT_ONCE = 3
"""Unfinished commands to one ticket per API process: three processes stay below the ten."""

# --- when a ticket goes on in a new run ----------------------------------------------------------
# Replays use the same numbers: a change to one requires a new lifecycle version (ADR 0022).


class Used(NamedTuple):
    """The resources that a run has used so far."""

    updates: int = 0
    events: int = 0
    bytes: int = 0
    signals: int = 0
    pending_activities: int = 0


CARRY_ON = Used(
    updates=1_500,
    events=15_000,
    bytes=15 * 1024 * 1024,
    signals=5_000,
    pending_activities=500,
)


def near_a_limit(used: Used, share: float = 1) -> bool:
    """Return whether one of the numbers has reached that share of the one in `CARRY_ON`."""
    return any(have >= most * share for have, most in zip(used, CARRY_ON, strict=True))


# --- how long a command may take -----------------------------------------------------------------

TAKEN_WITHIN = timedelta(seconds=4)
"""The time a ticket has to begin a command (`Act.until`); later it is refused: `too_late`."""

DONE_WITHIN = timedelta(seconds=6)
"""The time a command may wait for its turn, and for its activities, before it is given up."""

ANSWERED_WITHIN = TAKEN_WITHIN + TASK_TIMEOUT + DONE_WITHIN + TASK_TIMEOUT + timedelta(seconds=1)
"""The time after which a command is carried out or refused for good, whatever failed meanwhile.

A task that began in time is committed within `TASK_TIMEOUT`, or done again, and then too late. So
a caller that has waited this long may report that a command failed.
"""

UNTAKEN_AFTER = TAKEN_WITHIN + TASK_TIMEOUT + timedelta(seconds=1)
"""The time after which a command that was not accepted never will be."""
