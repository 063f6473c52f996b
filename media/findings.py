"""What an examination finds: something to keep, or a reason to refuse.

This and everything that `media.inspection` imports stands on the standard library and pillow:
each examination is a process of its own, and a small one starts quickly.
"""

from dataclasses import dataclass


class Bad(Exception):
    """The file is refused; `code` is a row of `api.problems`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Found:
    """`kind`: a `domain.ticket.files.FileKind`; `location`: (lat, lon) in WGS-84, where given."""

    kind: str
    media_type: str
    width: int | None = None
    height: int | None = None
    location: tuple[float, float] | None = None


def whereabouts(lat: float, lon: float) -> tuple[float, float] | None:
    """The point, unless it is none, or the one that devices tell when they do not know."""
    if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
        return None
    return round(lat, 6), round(lon, 6)
