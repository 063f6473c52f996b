"""The result of an examination: the properties of a file, or the reason to refuse it.

This module and all that `media.inspection` imports use only the standard library and pillow:
each examination is a process of its own, and a small one starts quickly.
"""

from dataclasses import dataclass


class Bad(Exception):
    """The refusal of a file; `code` is a row of `api.http.problem_responses`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class FileProperties:
    """The properties of a file. `kind`: a `domain.ticket.files.FileKind`; `location`: (lat, lon)
    in WGS-84, if known."""

    kind: str
    media_type: str
    width: int | None = None
    height: int | None = None
    location: tuple[float, float] | None = None


def whereabouts(lat: float, lon: float) -> tuple[float, float] | None:
    """Return the point; None if it is invalid, or (0, 0): devices write that if unknown."""
    if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
        return None
    return round(lat, 6), round(lon, 6)
