"""Rendering of pages: the language, the template, and the headers that every page has."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.http.assets import Assets
from api.http.i18n import COOKIE, LANGUAGES, TAGS, language_of, requested_language, translations
from api.pages.shared import formatting
from api.pages.shared.labels import Labels
from domain.words import Phrase

PAGES = Path(__file__).parents[1]
"""The folder of the page packages, each with its routes, templates and scripts."""

SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    # With "no-referrer" browsers send "Origin: null", which hides that a form is our own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_YEAR = 365 * 24 * 3600


def template_loader() -> PrefixLoader:
    """Return the loader that finds `desk/merge.html` in `desk/templates` of the page packages."""
    folders = sorted(PAGES.glob("*/templates"))
    return PrefixLoader({folder.parent.name: FileSystemLoader(folder) for folder in folders})


class Drawing:
    """The templates in every language; one per application."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._languages = {language: self._environment(language) for language in LANGUAGES}

    def draw(self, language: str, template: str, values: dict[str, Any]) -> str:
        return self._languages[language].get_template(template).render(values)

    def _environment(self, language: str) -> Environment:
        made = Environment(
            loader=template_loader(),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        words, labels = translations(language), Labels(language)
        made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
        made.globals |= {
            "lang": language,
            "lang_tag": TAGS[language],
            "asset": self.assets.url,
            "label": labels.label,
            "problem_text": labels.problem,
        }
        made.filters |= formatting.filters(language)
        made.filters["said"] = partial(Phrase.text, say=words.gettext)
        return made


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    """Render a page; templates get lang, now, here, other_language, csrf_token, asset, label."""
    drawing: Drawing = request.app.state.drawing
    language = language_of(request)
    known = {
        "now": datetime.now(UTC),
        "here": request.url.path,
        "other_language": _other_language(request, language),
        "csrf_token": csrf_token(request),
        "simulated": request.app.state.context.simulated.cities,
    }
    text = drawing.draw(language, template, known | values)
    response = HTMLResponse(text, status, SAFE | (headers or {}))
    response.headers["Content-Language"] = TAGS[language]
    if requested_language(request):
        response.set_cookie(COOKIE, language, _YEAR, samesite="lax")
    return response


def csrf_token(request: Request) -> str | None:
    """Return the value of the field `csrf` in a signed-in user's forms; None if not signed in.

    Citizens' forms need none, because they carry number and access code themselves.
    """
    return getattr(request.state, "csrf", None)


def _other_language(request: Request, language: str) -> str | None:
    """Return this page's URL in the other language; None if the page answers a form."""
    if request.method != "GET":
        return None
    other = next(one for one in LANGUAGES if one != language)
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return f"{request.url.path}?{urlencode([*pairs, ('lang', other)])}"
