"""The codes of invitations and of signatures: sixty bits, which nobody guesses."""

from app.access.typed_codes import drawn, grouped, read
from app.context import AppContext
from app.errors import Problem
from domain.refusals import Refused

_LENGTH = 12
_OF_REPORT = frozenset({"council_of_report", "mediation_of_report"})
WRONG_INVITATIONS = WRONG_SIGNATURES = 60
"""Unknown codes from one network within ten minutes."""


def invitation_code(context: AppContext, text: str) -> str:
    """Return the code of an invitation to a council or a public hearing."""
    return grouped(drawn(context, f"council invitation/{text}", _LENGTH))


def invitation_mark(context: AppContext, typed: str) -> str:
    """Return the keyed mark of an invitation's code, however it was typed."""
    return context.mark(f"invited/{read(typed)}")


def signature_code(context: AppContext, text: str) -> str:
    """Return the code with which a side signs an agreement."""
    return grouped(drawn(context, f"code on paper/signature/{text}", _LENGTH))


def signature_mark(context: AppContext, typed: str) -> str:
    """Return the keyed mark of a signature's code, however it was typed."""
    return context.mark(f"on paper/{read(typed)}")


def discreet(refused: Refused, unknown: str) -> Exception:
    """Return a refusal as whoever has a code may know it: not that a ticket has become a report.

    `unknown`: the error of a code that there is not.
    """
    return Problem(unknown) if refused.code in _OF_REPORT else refused
