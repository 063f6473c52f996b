"""What every page shares: templates, words, headers."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from api.headers import PAGE_POLICY
from api.problems import CODES
from api.words import WORDS, Words, language_of

FOLDER = Path(__file__).parent
# Everything is escaped: what citizens and units write is text, and never markup.
_TEMPLATES = Jinja2Templates(
    env=Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined
    )
)
_HEADERS = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}


def page(request: Request, template: str, status: int = 200, **told: Any) -> Response:
    """The template in the language of the reader."""
    language = language_of(request)
    words = Words(WORDS, language)
    return _TEMPLATES.TemplateResponse(
        request,
        template,
        {"t": words, "lang": language, **told},
        status_code=status,
        headers=_HEADERS,
    )


def code_of(error: Exception) -> str:
    """The code of a refusal, for the words that a page has for it."""
    return str(getattr(error, "code", "invalid_request"))


def status_of(error: Exception) -> int:
    code = CODES.get(code_of(error))
    return code.status if code else 422
