"""Files of places to import: tables (CSV) and maps (GeoJSON), as spreadsheets and map programs
write them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.pack.directory import PlaceRow
from packs.csv_tables import CsvRow, parse_csv
from packs.geojson import member, read_features
from packs.parsed_pack import SPLIT_PLACE
from packs.problems import PackFault, faults, read_bytes

LARGEST = 20 * 2**20
"""The most bytes of a file."""

MOST = 20_000
"""The most places of a file."""

ENCODINGS = ("utf-8", "gb18030")
"""The encodings of files; each is tried in turn unless one is named."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SHAPES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """The rows of a file that could be read, and what is wrong with the others."""

    rows: list[CsvRow[PlaceRow]]
    problems: list[PackFault]
    encoding: str


def read_place_file(path: Path, encoding: str | None = None) -> PlaceFile:
    """Read a file of places; `encoding`: one of ENCODINGS, or None to find it out."""
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            return _unread(path, f"the file is larger than {LARGEST // 2**20} MB")
        content = read_bytes(path)
    except FileNotFoundError:
        return _unread(path, "the file is missing")
    except OSError as error:
        return _unread(path, f"the file cannot be read: {error.strerror}")
    return parse_place_file(path.name, content, encoding)


def parse_place_file(name: str, content: bytes, encoding: str | None = None) -> PlaceFile:
    """Read the content of a file of places; see `read_place_file`."""
    problems: list[PackFault] = []
    text, used = _decoded(name, content, encoding, problems)
    if text is None:
        return PlaceFile([], problems, used)
    if text.lstrip()[:1] == "{":
        rows = _features(name, text, problems)
    else:
        rows = parse_csv(text, name, PlaceRow, problems, SPLIT_PLACE).rows
    if len(rows) > MOST:
        return PlaceFile([], [PackFault(name, None, f"there are more than {MOST} places")], used)
    if not rows and not problems:
        problems.append(PackFault(name, None, "there are no places"))
    return PlaceFile(rows, problems, used)


def _unread(path: Path, message: str) -> PlaceFile:
    return PlaceFile([], [PackFault(path.name, None, message)], "")


def _decoded(
    name: str, content: bytes, encoding: str | None, problems: list[PackFault]
) -> tuple[str | None, str]:
    """Return the text of a file and what it is written in; None, and a fault, if it is neither."""
    if content.startswith(_UTF_16):
        problems.append(PackFault(name, 1, "written in UTF-16: save the file as UTF-8"))
        return None, ""
    first: UnicodeDecodeError | None = None
    for each in (encoding,) if encoding else ENCODINGS:
        try:
            # Spreadsheets begin the file with a mark.
            return content.decode("utf-8-sig" if each == "utf-8" else each), each
        except UnicodeDecodeError as error:
            first = first or error
    at = content[: first.start if first else 0].count(b"\n") + 1
    named = encoding.upper() if encoding else "UTF-8 or GB18030"
    problems.append(PackFault(name, at, f"not {named}: save the file as UTF-8"))
    return None, ""


def _features(name: str, text: str, problems: list[PackFault]) -> list[CsvRow[PlaceRow]]:
    features, wrong = read_features(name, text)
    problems += wrong
    rows: list[CsvRow[PlaceRow]] = []
    for line, feature in features:
        try:
            values = _properties(feature) | _point(member(feature, "geometry"))
            rows.append(CsvRow(line, PlaceRow.model_validate(values), name))
        except ValidationError as error:
            problems += [PackFault(name, line, message) for _, message in faults(error)]
        except (LookupError, TypeError, ValueError) as error:
            problems.append(PackFault(name, line, str(error)))
    return rows


def _properties(feature: object) -> dict[str, Any]:
    """Return the properties of a feature under the names of the columns, without empty ones."""
    properties = member(feature, "properties")
    if not isinstance(properties, dict):
        raise ValueError("the feature has no properties")
    values: dict[str, Any] = {}
    for key, value in properties.items():
        if key in ("lat", "lon"):
            raise ValueError(f"{key}: the point is the geometry's")
        # Programs write codes and telephone numbers that are all digits as numbers.
        plain = str(value) if type(value) is int else value
        if plain in (None, "", []):
            continue
        split = SPLIT_PLACE.get(key)
        values[key] = split(plain) if split and isinstance(plain, str) else plain
    return values


def _point(geometry: object) -> dict[str, Any]:
    """Return the point of a geometry; of an area a point inside it. Nothing if it has none."""
    if geometry is None:
        return {}
    kind, coordinates = member(geometry, "type"), member(geometry, "coordinates")
    if kind == "Point":
        lon, lat = _number(coordinates[0]), _number(coordinates[1])
        return {"lat": lat, "lon": lon}
    if kind not in _SHAPES:
        raise ValueError(f"not a Point, a Polygon or a MultiPolygon but {kind!r}")
    # It is slow to import: tables need it not.
    import shapely

    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.GEOSException as error:
        raise ValueError(f"the shape cannot be read: {error}") from error
    if shape.is_empty or not shape.is_valid:
        raise ValueError(f"the shape is not valid: {shapely.is_valid_reason(shape)}")
    inside = shape.representative_point()
    return {"lat": inside.y, "lon": inside.x}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a point has a longitude and a latitude, not {value!r}")
    return float(value)
