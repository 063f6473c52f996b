"""The numbers of a city's pack that a ticket is judged by, recorded when it is accepted."""

from pydantic import Field

from domain.model import Recorded


class Rules(Recorded):
    """Caps and thresholds. A ticket keeps those it was accepted under."""

    pack: str
    pack_version: str
    returns: int = Field(2, ge=0, description="Granted returns per ticket; 0: no returns here.")
    extensions: int = Field(1, ge=0, description="Granted extensions per assignment.")
    reworks: int = Field(2, ge=0, description="Reworks before the ticket goes to supervision.")
    call_backs: int = Field(3, ge=1, description="Attempts to reach the citizen by phone.")
    urges_per_day: int = Field(3, ge=1)
    satisfied_from: int = Field(3, ge=1, le=5, description="Lowest grade that counts satisfied.")
