"""The access-code throttle: attempts are counted per ticket and network, and then judged.

Whoever opened a ticket with its code is known in that network for a while: what others try, there
or anywhere, does not keep them from it. Only the same code makes the same person, so this helps
nobody to guess.
"""

from datetime import timedelta

from app.access import guards
from app.context import AppContext
from store.identity import reservations
from store.identity.reservations import Pauses, Window
from store.tickets import intake

WINDOW = timedelta(minutes=10)
WRONG_PER_TICKET = 10
"""Wrong codes for one ticket from one network."""
WRONG_PER_ADDRESS = 60
"""Wrong codes for all tickets from one network."""
WRONG_ANYWHERE, PACE, DAY = 200, timedelta(seconds=10), timedelta(days=1)
"""Wrong codes for one ticket from all networks within a day, after which one is judged in so long:
a hundred million codes would take decades, and the citizen who is not known waits seconds."""
KNOWN = timedelta(days=7)


async def is_right(context: AppContext, number: str, network: str, code: str) -> bool:
    """Return whether it is the access code of this ticket.

    Raises:
        Problem: too_many_attempts; nothing was judged.
    """
    generation = (await intake.code_generations(context.store, [number]))[number]
    known = f"known/{context.mark(f'code/{number}/{network}/{code}')}"
    if await reservations.is_known(context.store, known, context.now()):
        return context.vault.check_access_code(number, code, generation)
    here = context.mark(network)
    pair = f"code/{number}/{here}"
    rules = (
        Window(pair, WRONG_PER_TICKET, WINDOW),
        Window(f"codes/{here}", WRONG_PER_ADDRESS, WINDOW),
        Pauses(f"code/{number}", WRONG_ANYWHERE, PACE, PACE, DAY),
    )
    async with guards.attempt(context, f"code/{here}", rules, "too_many_attempts") as tried:
        right = context.vault.check_access_code(number, code, generation)
        if right:
            await tried.succeeded(pair, known, KNOWN)
        return right
