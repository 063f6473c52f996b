"""Keep the catalogues of `api/locale` to what the pages say: `make messages`.

Extracts every message, and rewrites each catalogue: new messages come in empty, those no longer
said go out, sorted, without line numbers, so that two branches seldom touch the same line.
`--check` changes nothing and tells what is missing, fuzzy, unused or without its placeholders.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from api.http.i18n import ENGLISH, LANGUAGES, catalogue
from app.errors import CODES

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "app", "cli", "domain", "runtime")
"""The packages that have messages of pages."""

_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
_KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
_HOLE = re.compile(r"%\(\w+\)[sd]")


class MessageUse(NamedTuple):
    """A message at one place. `message`: for a plural, its singular and its plural."""

    file: str
    message: str | tuple[str, ...]
    comments: list[str]
    context: str | None


def extracted_messages() -> Catalog:
    """Extract every message of the pages, without translation."""
    catalog = Catalog()
    for use in uses():
        catalog.add(use.message, auto_comments=use.comments, context=use.context)
    for code in CODES.values():
        catalog.add(code.title)
    return catalog


def uses() -> Iterator[MessageUse]:
    """Yield each use of a message in the source of pages and commands."""
    for room in ROOMS:
        extracted = extract_from_dir(
            ROOT / room, _METHODS, _OPTIONS, keywords=_KEYWORDS, comment_tags=["TRANSLATORS:"]
        )
        for file, _line, message, comments, context in extracted:
            yield MessageUse(f"{room}/{file}", message, comments, context)


def written(language: str) -> Catalog:
    """Read the catalogue from its file."""
    with catalogue(language).open("rb") as source:
        return read_po(source, language)


def faults(language: str) -> Iterator[str]:
    """Yield the problems of the catalogue of a language, a line each."""
    wanted, have = extracted_messages(), written(language)
    known = {_key(message) for message in have if message.id}
    for message in wanted:
        if message.id and _key(message) not in known:
            yield f"{language}: missing: {message.id!r}"
    needed = {_key(message) for message in wanted}
    for message in have:
        if not message.id:
            continue
        if _key(message) not in needed:
            yield f"{language}: not said anywhere: {message.id!r}"
        yield from (f"{language}: {fault}: {message.id!r}" for fault in _faults(message))


def _faults(message: Message) -> Iterator[str]:
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    lines = [text for text in texts if text]
    if len(lines) < len(texts):
        yield "not translated"
        return
    singular = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
    if any(set(_HOLE.findall(text)) != set(_HOLE.findall(singular)) for text in lines):
        yield "other placeholders"


def _key(message: Message) -> tuple[str, str | None]:
    first = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
    return str(first), message.context


def update(language: str) -> None:
    """Rewrite the catalogue of a language."""
    have = written(language)
    fresh = Catalog(language, fuzzy=False, header_comment="# The words of the pages.")
    for message in extracted_messages():
        if message.id:
            old = have.get(_key(message)[0], message.context)
            made = fresh.add(
                message.id, auto_comments=message.auto_comments, context=message.context
            )
            if old is not None and old.string:
                made.string = old.string
    text = BytesIO()
    write_po(text, fresh, width=100, sort_output=True, no_location=True, omit_header=True)
    catalogue(language).write_text(_HEADER + text.getvalue().decode(), "utf-8")


_HEADER = """# The words of the pages. `make messages` keeps this file; translate what is empty.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    languages = [language for language in LANGUAGES if language != ENGLISH]
    if not check:
        for language in languages:
            update(language)
    names = [fault for language in languages for fault in faults(language)]
    for fault in names:
        print(fault, file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
