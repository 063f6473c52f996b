"""The codes of wallets and prizes: computed from an id and the root key, and stored nowhere."""

from app.context import AppContext
from domain.canonical import spoken_code

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
"""Digits and capitals without those that are taken for others (Crockford's base 32)."""

WALLET_LENGTH, PRIZE_LENGTH = 16, 10
LONGEST_TYPED = 40


def wallet_code(context: AppContext, wallet: str) -> str:
    """Return the code of a wallet: 80 bits, which nobody guesses."""
    return _code(context, f"wallet code/{wallet}", WALLET_LENGTH)


def prize_code(context: AppContext, redemption: str) -> str:
    """Return the code that fetches a prize, once: 50 bits, and wrong ones are counted."""
    return _code(context, f"prize code/{redemption}", PRIZE_LENGTH)


def mark_of(context: AppContext, code: str) -> str:
    """Return the keyed mark of a code, however it was typed."""
    return context.mark(f"reward code/{spoken_code(code[:LONGEST_TYPED])}")


def written(code: str) -> str:
    """Return a code as it is shown, in groups of four or five."""
    size = 5 if len(code) % 5 == 0 else 4
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


def _code(context: AppContext, what: str, length: int) -> str:
    number = int(context.mark(what), 16)
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)
