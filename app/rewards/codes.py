"""The codes of wallets and prizes: computed from an id, and stored nowhere."""

from app.access.typed_codes import drawn, grouped, read
from app.context import AppContext

WALLET_LENGTH, PRIZE_LENGTH = 16, 10


def wallet_code(context: AppContext, wallet: str) -> str:
    """Return the code of a wallet: 80 bits, which nobody guesses."""
    return drawn(context, f"wallet code/{wallet}", WALLET_LENGTH)


def prize_code(context: AppContext, redemption: str) -> str:
    """Return the code that fetches a prize, once: 50 bits, and wrong ones are counted."""
    return drawn(context, f"prize code/{redemption}", PRIZE_LENGTH)


def mark_of(context: AppContext, code: str) -> str:
    """Return the keyed mark of a code, however it was typed."""
    return context.mark(f"reward code/{read(code)}")


def written(code: str) -> str:
    """Return a code as it is shown."""
    return grouped(code, 5 if len(code) == PRIZE_LENGTH else 4)
