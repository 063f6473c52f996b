"""The languages of the pages: gettext, with English as it stands in the code.

The msgids are English, so English needs no catalogue. Another language is one file,
`locale/<language>/LC_MESSAGES/messages.po`, read when the program starts: nothing is compiled and
nothing generated. `make messages` updates the file from the pages, and
`tests/api/test_translation.py` fails on missing, fuzzy or unused messages.
"""

from collections.abc import Sequence
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import Request

CHINESE, ENGLISH = "zh", "en"
LANGUAGES = (CHINESE, ENGLISH)
"""The first one is the default."""

TAGS = {CHINESE: "zh-CN", ENGLISH: "en"}
"""The language tags in HTML."""

COOKIE = "lang"
FOLDER = Path(__file__).parent.parent / "locale"


def catalogue(language: str) -> Path:
    """Return the file of a language."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


@cache
def translations(language: str) -> NullTranslations:
    """Return the messages of a language."""
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with catalogue(language).open("rb") as source:
        write_mo(compiled, read_po(source, language))
    compiled.seek(0)
    return Translations(compiled)


def requested_language(request: Request) -> str | None:
    """Return the language requested in the address (`?lang=en`), if any."""
    requested = request.query_params.get("lang")
    return requested if requested in LANGUAGES else None


def language_of(request: Request) -> str:
    """Return the language of the address, else of the cookie, else the browser's preference."""
    requested = requested_language(request)
    if requested is not None:
        return requested
    stored = request.cookies.get(COOKIE)
    if stored in LANGUAGES:
        return stored
    return _preferred(request.headers.get("Accept-Language", "").lower().split(","))


def _preferred(ranges: Sequence[str]) -> str:
    # Browsers name the one they prefer first.
    return next(
        (
            one
            for language_range in ranges
            for one in LANGUAGES
            if language_range.strip().startswith(one)
        ),
        CHINESE,
    )
