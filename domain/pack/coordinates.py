"""Points in the datums in use in China, and their conversion to WGS-84 and back.

A ticket is stored in WGS-84; what was given, with its datum, stays in the complaint. BD-09 is the
datum of Baidu: GCJ-02, turned and stretched by a small amount that depends on the point.
"""

import math

from domain.pack.gcj02 import shifted, to_gcj02, to_wgs84
from domain.ticket.complaint import Crs

_PERIOD = math.pi * 3000.0 / 180.0  # of the waves of BD-09, per degree
_EAST, _NORTH = 0.0065, 0.006  # degrees
_NEAR_ENOUGH = 1e-9  # degrees: a tenth of a millimetre
_ROUNDS = 20


def in_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """Convert a point of any datum to WGS-84; outside China it stays as it is."""
    match crs:
        case Crs.WGS84:
            return lat, lon
        case Crs.GCJ02:
            return to_wgs84(lat, lon)
        case Crs.BD09:
            return to_wgs84(*_from_bd09(lat, lon))


def from_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """Convert a WGS-84 point to another datum; outside China it stays as it is."""
    match crs:
        case Crs.WGS84:
            return lat, lon
        case Crs.GCJ02:
            return to_gcj02(lat, lon)
        case Crs.BD09:
            return _to_bd09(*to_gcj02(lat, lon)) if shifted(lat, lon) else (lat, lon)


def _to_bd09(lat: float, lon: float) -> tuple[float, float]:
    """Convert GCJ-02 to BD-09, by the published formula."""
    away = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _PERIOD)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _PERIOD)
    return away * math.sin(angle) + _NORTH, away * math.cos(angle) + _EAST


def _from_bd09(lat: float, lon: float) -> tuple[float, float]:
    """Convert BD-09 to GCJ-02, by iteration: the published inverse is only an estimate.

    A point that is not shifted to BD-09 stays as it is.
    """
    if not shifted(lat - _NORTH, lon - _EAST):
        return lat, lon
    north, east = lat - _NORTH, lon - _EAST
    for _ in range(_ROUNDS):
        there = _to_bd09(north, east)
        off = lat - there[0], lon - there[1]
        north, east = north + off[0], east + off[1]
        if max(map(abs, off)) < _NEAR_ENOUGH:
            break
    return north, east
