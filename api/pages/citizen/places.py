"""The places of a city: nearby, or in a street, with what is open.

A position comes in the body of a form only, so that it is in no address, log or history.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.citizen.cities import choose, chosen, packs
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.directory.search import DirectoryPage, DirectoryQuery, FoundPlace, search
from domain.pack.directory import PlaceFeature, PlaceKind
from domain.pack.opening_hours import OpeningHours, read_hours
from domain.pack.pack import Pack
from domain.words import N_
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("search_directory")])

FIELDS = ("city", "area", "kind", "feature", "open", "lat", "lon")
WITHIN = 5000
"""Metres around somebody's position."""

_HEADING = N_("Which city?")
_WORDS = {"lat": N_("This is not a place on earth."), "lon": N_("This is not a place on earth.")}


@dataclass(frozen=True)
class ShownPlace:
    """A place with what the city's pack says of it."""

    found: FoundPlace
    kind: PlaceKind | None
    features: Sequence[PlaceFeature]
    hours: OpeningHours | None

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def name_en(self) -> str:
        return self.found.name_en or self.found.name


@router.get("/places")
async def places(request: Request, context: Context) -> Response:
    """Show the places of a street, or of the whole city."""
    typed = [name for name in FIELDS if name not in ("lat", "lon")]
    form = Form.of(FormData(request.query_params), *typed)
    form.typed |= {"lat": "", "lon": ""}
    return await _places(request, context, form)


@router.post("/places")
async def places_nearby(request: Request, context: Context) -> Response:
    """Show the places around the position in the form."""
    return await _places(request, context, await Form.read(request, *FIELDS))


async def _places(request: Request, context: AppContext, form: Form) -> Response:
    with_places = [pack for pack in packs(context) if pack.places.kinds]
    pack = chosen(context, form.typed["city"])
    if pack is None and len(with_places) > 1:
        return choose(request, context, "/places?city=", _HEADING, offered=with_places)
    pack = pack or next(iter(with_places), None)
    if pack is None or not pack.places.kinds:
        return page(request, "citizen/places_none.html")
    form.typed["city"] = pack.city.id
    found, status = None, 200
    try:
        found = await search(context, pack.city.id, _query(form))
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _WORDS)
    return page(
        request,
        "citizen/places.html",
        status,
        pack=pack,
        form=form,
        shown=_shown(found, pack) if found else [],
        found=found,
        near=bool(found and form.typed["lat"]),
        within=WITHIN // 1000,
        zone=pack.calendar.tz,
    )


def _query(form: Form) -> DirectoryQuery:
    values: dict[str, object] = {**form.filled("kind", "lat", "lon")}
    if "lat" in values:
        values["within"] = WITHIN
    else:
        values |= form.filled("area")
    if feature := form.typed["feature"]:
        values["features"] = [feature]
    if form.typed["open"]:
        values["open_at"] = "now"
    return DirectoryQuery.model_validate(values)


def _shown(found: DirectoryPage, pack: Pack) -> list[ShownPlace]:
    return [
        ShownPlace(
            place,
            pack.places.kind(place.kind),
            [feature for feature in pack.places.features if feature.code in place.features],
            read_hours(place.hours) if place.hours else None,
        )
        for place in found.places
    ]
