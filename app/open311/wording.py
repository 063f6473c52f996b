"""Attributes and links of a client, in the text of the ticket beside its description.

Staff read it where they read the complaint; it is encrypted, redacted and erased with it. Nothing
of it is kept elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.tickets.redaction import redacted

_ASKED = "［补充信息］"
_MEDIA = "［图片链接］"
_LINE = re.compile(r"(?P<name>.+?)（(?P<code>[0-9A-Za-z_.-]{1,32})）：(?P<value>.*)")
_LONGEST_LINK = 1000


@dataclass(frozen=True)
class AttributeAnswer:
    """The answer to a question about a request: the attribute, and its value as text."""

    code: str
    name: str
    value: str


@dataclass(frozen=True)
class SaidByClient:
    """The words of a client: `description`, attributes and links to pictures."""

    description: str
    attributes: Sequence[AttributeAnswer] = ()
    links: Sequence[str] = ()


def composed(said: SaidByClient) -> str:
    """Return the text of the ticket."""
    parts = [said.description]
    if said.attributes:
        lines = [f"{one.name}（{one.code}）：{_one_line(one.value)}" for one in said.attributes]
        parts.append("\n".join([_ASKED, *lines]))
    if said.links:
        parts.append("\n".join([_MEDIA, *said.links]))
    return "\n\n".join(part for part in parts if part)


def taken_apart(text: str) -> SaidByClient:
    """Return the parts of what `composed` put together; any other text is a description."""
    links: list[str] = []
    attributes: list[AttributeAnswer] = []
    before, marked, after = text.rpartition(f"{_MEDIA}\n")
    lines = after.split("\n") if marked else []
    if lines and _ends_a_part(before) and all(map(is_link, lines)):
        text, links = before.rstrip("\n"), lines
    before, marked, after = text.rpartition(f"{_ASKED}\n")
    matches = [_LINE.fullmatch(line) for line in after.split("\n")] if marked else []
    read = [AttributeAnswer(one["code"], one["name"], one["value"]) for one in matches if one]
    if read and _ends_a_part(before) and len(read) == len(matches):
        text, attributes = before.rstrip("\n"), read
    return SaidByClient(text, tuple(attributes), tuple(links))


def public_links(links: Sequence[str]) -> list[str]:
    """Return the links that tell nothing of a person."""
    return [link for link in links if redacted(link) == link]


def is_link(text: str) -> bool:
    """Return whether it is a link that may be shown. It is never fetched."""
    if len(text) > _LONGEST_LINK or re.search(r"[\s\x00-\x20\x7f<>\"\\^`{|}]", text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username


def _ends_a_part(before: str) -> bool:
    return before in ("",) or before.endswith("\n\n")


def _one_line(value: str) -> str:
    return " ".join(value.split())
