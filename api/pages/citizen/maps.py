"""The data of the maps: the pack's own streets, and published tickets' points.

No tile server is used, so no third party learns who looks at which street.
"""

import asyncio
import json
from typing import Any

import shapely
from fastapi import APIRouter, Request, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.responses import json_text
from app.context import AppContext
from app.errors import Problem
from app.tickets.publications import publications
from domain.pack.pack import Pack
from packs.grids import Grid
from packs.registry import UnknownCity

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_PLACES = 4
"""Decimals of a degree: ten metres, enough for the border of a street."""
_POINTS = 500


class Outlines:
    """The streets of each city as GeoJSON, computed on first request and then cached."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def of(self, pack: Pack, grid: Grid | None) -> str:
        if pack.version not in self._kept:
            self._kept[pack.version] = await asyncio.to_thread(_outlines, pack, grid)
        return self._kept[pack.version]


@router.get("/city/{city_id}/outlines.json")
async def outlines(city_id: str, request: Request, context: Context) -> Response:
    """Return the streets of a city."""
    pack = _pack(context, city_id)
    cached: Outlines = request.app.state.outlines
    text = await cached.of(pack, context.packs.grid(city_id))
    return json_text(text, Cache_Control="public, max-age=86400")


@router.get("/city/{city_id}/points.json")
async def points(city_id: str, context: Context) -> Response:
    """Return the newest published tickets' points, to a hundred metres."""
    pack = _pack(context, city_id)
    # Anybody may ask, as often as they like: it is computed once for all.
    answers = await context.figures.get(
        ("points", city_id), lambda: publications(context, pack, None, _POINTS)
    )
    items = [
        {
            "number": one.number,
            "lat": one.point[0],
            "lon": one.point[1],
            "what": (one.title or one.text)[:40],
        }
        for one in answers.items
        if one.point is not None
    ]
    return json_text(json.dumps(items, ensure_ascii=False), Cache_Control="public, max-age=300")


def _outlines(pack: Pack, grid: Grid | None) -> str:
    drawn = grid.outlines() if grid is not None else {}
    names = {unit.area: unit for unit in pack.streets}
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": code,
                "name": names[code].name if code in names else code,
                "name_en": names[code].name_en if code in names else code,
            },
            "geometry": _rounded(json.loads(shapely.to_geojson(shape))),
        }
        for code, shape in drawn.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _PLACES)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _pack(context: AppContext, city_id: str) -> Pack:
    try:
        return context.packs.get(city_id)
    except UnknownCity:
        raise Problem("not_found") from None
