"""The rules of a city in use: the versions of its pack, and its messages to citizens."""

from collections.abc import Mapping
from datetime import timedelta
from string import Formatter
from typing import NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.dependencies import Context
from api.http.parameters import READER
from api.pages.shared.formatting import filters
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.cities import packs as app_packs
from app.cities.packs import DiffQuery, PackDifferences
from app.context import AppContext
from domain.pack.pack import Pack

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/packs"
_SHOWN = 300
"""The most differences that a page lists: packs of different cities have thousands."""


class Sample(NamedTuple):
    """A message as a citizen would read it, by language; None where the pack has none."""

    name: str
    texts: dict[str, str | None]
    raw: dict[str, str | None]


@router.get(URL)
async def versions(request: Request, caller: READER, context: Context) -> Response:
    """Show the versions; with `before` (and `after`) differences; with `check` errors."""
    pack = working_city(request, context, caller)
    form = Form.blank(**{name: request.query_params.get(name, "") for name in ("before", "after")})
    status, diff, pack_check = 200, None, None
    try:
        if form.typed["before"]:
            diff = await _diff(context, caller, pack.city.id, form)
        if "check" in request.query_params:
            pack_check = await app_packs.checked(context, caller, pack.city.id)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return staff_page(
        request,
        "admin/packs.html",
        caller,
        status,
        form=form,
        versions=await app_packs.versions(context, caller, pack.city.id),
        diff=diff,
        shown=_SHOWN,
        check=pack_check,
        folder=f"{context.packs.folder(pack.city.id).name}/",
    )


async def _diff(context: AppContext, caller: Caller, city: str, form: Form) -> PackDifferences:
    return await app_packs.differing(
        context, caller, city, DiffQuery.model_validate(form.filled("before", "after"))
    )


@router.get("/staff/admin/messages")
async def messages(request: Request, caller: READER, context: Context) -> Response:
    """Show each message with sample values, and the file in which to change it."""
    pack = working_city(request, context, caller)
    templates = await app_packs.messages(context, caller, pack.city.id)
    samples = []
    for one in templates.items:
        raw = {"zh": one.zh, "en": one.en}
        texts = {
            language: None
            if text is None
            else _filled(text, sample_values(pack, language, context))
            for language, text in raw.items()
        }
        samples.append(Sample(one.name, texts, raw))
    files = {language: f"{pack.city.id}/{file}" for language, file in templates.files.items()}
    return staff_page(request, "admin/packs_messages.html", caller, samples=samples, files=files)


def sample_values(pack: Pack, language: str, context: AppContext) -> dict[str, str]:
    """Return sample values for the placeholders of a message."""
    written = filters(language)
    named = written["named"]
    due = context.now() + timedelta(days=7)
    return {
        "number": "2603021234560",
        "city": named(pack.city),
        "title": {"zh": "小区门口路灯不亮", "en": "The street lamp at the gate is dark"}[language],
        "unit": named(pack.units[0]),
        "category": named(pack.categories[0]),
        "due": written["moment"](due, pack.calendar.tz),
        "text": {"zh": "已更换灯具，恢复照明。", "en": "The lamp was replaced."}[language],
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in a message; a text loaded before a check was introduced is returned as it is."""
    try:
        return Formatter().vformat(text, (), values)
    except (KeyError, IndexError, ValueError, AttributeError):
        return text
