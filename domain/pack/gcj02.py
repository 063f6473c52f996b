"""The shifted datum of Chinese map services (GCJ-02), and its conversion to WGS-84.

The two differ by up to 700 metres: a point is never stored without its datum.
"""

import math

# The published formula of GCJ-02: the ellipsoid of Krasovsky 1940, and a shift that is a function
# of the distance to 105° E, 35° N.
_AXIS = 6378245.0  # metres
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_LATITUDES, _LONGITUDES = (0.8293, 55.8271), (72.004, 137.8347)  # where points are shifted

_NEAR_ENOUGH = 1e-8  # degrees: about a millimetre


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Convert a WGS-84 point to GCJ-02; outside China it stays as it is."""
    north, east = _shift(lat, lon)
    return lat + north, lon + east


def to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Convert a GCJ-02 point to WGS-84, to well under a metre; outside China it stays as it is.

    There is no formula for the inverse: it is found by iteration.
    """
    north, east = _shift(lat, lon)
    for _ in range(10):  # each round divides the error by a thousand or more: three are enough
        before = north, east
        north, east = _shift(lat - north, lon - east)
        if max(abs(north - before[0]), abs(east - before[1])) < _NEAR_ENOUGH:
            break
    return lat - north, lon - east


def shifted(lat: float, lon: float) -> bool:
    """Return whether map services shift points there: in and around China."""
    return _within(lat, _LATITUDES) and _within(lon, _LONGITUDES)


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """Return the shift of GCJ-02 to the north and east of a WGS-84 point, in degrees."""
    if not shifted(lat, lon):
        return 0.0, 0.0
    x, y = lon - 105.0, lat - 35.0
    ripple = _waves(x, (20, 1 / 6), (20, 1 / 2))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += ripple + _waves(y, (20, 1), (40, 3), (160, 12), (320, 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += ripple + _waves(x, (20, 1), (40, 3), (150, 12), (300, 30))
    # From metres to degrees, by the radii of curvature at this latitude.
    flat = 1 - _ECCENTRICITY_SQUARED * math.sin(math.radians(lat)) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY_SQUARED) / flat**1.5
    parallel = _AXIS / math.sqrt(flat) * math.cos(math.radians(lat))
    return math.degrees(north / meridian), math.degrees(east / parallel)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Return two thirds of the sum of sine waves, given as amplitude and half wavelength."""
    return sum(height * math.sin(math.pi * at / half) for height, half in waves) * 2 / 3
