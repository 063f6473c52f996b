"""The numbers of a page that link to a list, and the rows of that list."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

Read = Callable[[str], Awaitable[str]]
"""A function that returns the text of the page at an address."""

_WHOLE = re.compile(r"(?<![\d.,:/-])\d+(?![\d.,:%/-])")
_ONE_TICKET = re.compile(r"/staff/tickets/\d{13}$|/staff/[\w-]+\?.*number=")
_ROW = re.compile(r'<th scope="row"><a [^>]*href="/staff/tickets/\d{13}"')
_ROWS = {
    # what a row of the list at a path looks like; by default `_ROW`
    "/staff/supervision": re.compile(r'<section class="panel" aria-labelledby="s-\d+">'),
    "/staff/council-tasks": re.compile(r'href="/staff/tickets/\d{13}/councils"'),
    "/staff/promises": re.compile(r'href="/staff/tickets/\d{13}/promises"'),
    "/staff/inbox": re.compile(r'<li class="job[^>]*data-ref="'),
    **dict.fromkeys(
        ("/staff/triage", "/staff/decisions", "/staff/call-backs"),
        re.compile(r'<li><a href="/staff/[\w-]+\?[^"]*number=\d'),
    ),
}
_NAMED = {"/staff/places"}
"""The addresses of things whose names may hold digits: grid cells."""


@dataclass
class Link:
    """A link of a page: its address, its text, and the text right behind it in its cell."""

    url: str
    text: str = ""
    behind: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.url).query).items()}

    @property
    def counts(self) -> bool:
        """True if its text holds a number, or a share of one, and it leads to no single ticket."""
        if (
            self.path in _NAMED
            or _ONE_TICKET.search(self.url)
            or not self.url.startswith("/staff/")
        ):
            return False
        return bool(_WHOLE.search(self.text)) or "%" in self.text

    @property
    def number(self) -> int:
        """The number that it shows; of a share the tickets it is of, before exclusion."""
        if "%" in self.text:
            return int(re.findall(r"\d+/(\d+)", self.behind)[-1])
        return int(_WHOLE.findall(self.text)[0])


@dataclass
class Cells(HTMLParser):
    """The links of a page's main part, and the cells that hold a number and no link."""

    links: list[Link] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._link: Link | None = None
        self._cell: tuple[str, int] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "main":
            self.links.clear()
            self.bare.clear()
        if tag == "a" and (url := values.get("href")):
            self._link = Link(url)
            self.links.append(self._link)
        if tag == "dd" or (tag == "td" and "num" in (values.get("class") or "").split()):
            self._cell, self._text = (tag, len(self.links)), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None
        if self._cell and tag == self._cell[0]:
            unlinked = len(self.links) == self._cell[1]
            if unlinked and re.fullmatch(r"\s*\d+\s*", self._text) and int(self._text):
                self.bare.append(self._text.strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        self._text += data
        if self._link is not None:
            self._link.text += data
        elif self._cell is not None and len(self.links) > self._cell[1]:
            self.links[-1].behind += data


def cells(page: str) -> Cells:
    parsed = Cells()
    parsed.feed(page)
    return parsed


async def rows_behind(url: str, read: Read) -> int:
    """Count the rows of the list at an address, over all of its pages."""
    row, count = _ROWS.get(urlsplit(url).path, _ROW), 0
    while True:
        page = await read(url)
        count += len(row.findall(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            return count
        url = following[1].replace("&amp;", "&")
