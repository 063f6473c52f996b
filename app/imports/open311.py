"""Taking over the open requests of another system, over Open311 GeoReport v2.

Its list is asked for in windows of ninety days, as the standard allows, and page by page. A server
that knows no pages answers the same list again: it may be cut off, and is asked for less at once.
JSON is asked for first, XML where there is none.
"""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from pydantic import Field, ValidationError

from app.imports.maps import BadMap, map_faults
from app.imports.open311_answers import BadFeed, Request, is_json, parse_json, parse_xml
from app.imports.taking import AT_ONCE, ImportCounts, Importer
from domain.imports.mapping import (
    Columns,
    Constants,
    ImportMap,
    SourceName,
    States,
    UnmappedValues,
)
from domain.imports.rows import Codes, ReadRow, RowFault, read_row
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Code
from packs.problems import PackFault, faults, read_text
from runtime.outbound import HttpReply, Unreachable

WINDOW = timedelta(days=90)
PAGE_SIZE = 100
MOST_PAGES = 1_000
MOST_BYTES = 20 * 2**20
_PATIENCE = 60.0
_TRIES = 3
_AGAIN = frozenset({429, 500, 502, 503, 504})
_NO_JSON = frozenset({400, 404, 406, 415})
_NO_PAGE = frozenset({400, 404, 416, 422})
_SHORTEST = timedelta(days=1)
"""The shortest window: many systems keep to days, whatever time is asked for."""

Pause = Callable[[float], Awaitable[None]]


class RequestSender(Protocol):
    """A client for addresses that others name: see `runtime.outbound`."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        within: float = 15.0,
        most: int = 0,
    ) -> HttpReply: ...


class Open311Map(Incoming):
    """The mapping of another Open311 system; all of it may be left out.

    `services`: its service codes, and the subjects of here.
    """

    source: SourceName | None = None
    link: str = ""
    services: dict[str, Code] = Field(default_factory=dict)
    agencies: dict[str, Code] = Field(default_factory=dict)
    constants: Constants = Field(default_factory=lambda: Constants(channel=Channel.OTHER))
    unmapped: UnmappedValues = Field(
        default_factory=lambda: UnmappedValues(category="leave", area="leave", unit="leave")
    )


_COLUMNS = Columns(
    number="service_request_id",
    text="description",
    title="service_name",
    filed_at="requested_datetime",
    state="status",
    category="service_code",
    unit="agency_responsible",
    address="address",
    lat="lat",
    lon="long",
)


def read_open311_map(path: Path | None, base: str, pack: Pack) -> ImportMap:
    """Return the mapping of the system at `base`, from a file or as it is without one.

    Raises:
        BadMap
    """
    name = path.name if path else base
    problems: list[PackFault] = []
    text = read_text(path, path.name, problems) if path else ""
    if text is None:
        raise BadMap(problems)
    try:
        own = Open311Map.model_validate(tomllib.loads(text))
        mapping = ImportMap(
            source=own.source or _source(base),
            link=own.link or f"{base}/requests/{{number}}.json",
            columns=_COLUMNS,
            states=States(open=frozenset({"open"}), closed=frozenset({"closed"})),
            categories=own.services,
            units=own.agencies,
            constants=own.constants,
            unmapped=own.unmapped,
        )
    except tomllib.TOMLDecodeError as error:
        raise BadMap([PackFault(name, None, f"not TOML: {error}")]) from error
    except ValidationError as error:
        says = [".".join(map(str, place)) + f": {message}" for place, message in faults(error)]
        raise BadMap([PackFault(name, None, one) for one in says]) from error
    if wrong := [*map_faults(mapping, pack)]:
        raise BadMap([PackFault(name, None, one) for one in wrong])
    return mapping


def _source(base: str) -> str:
    return (urlsplit(base).hostname or "").lower()[:32]


@dataclass
class ForeignFeed:
    """The list of another system. `base`: its address up to `/requests`."""

    sender: RequestSender
    base: str
    jurisdiction: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: Pause = asyncio.sleep
    _suffix: str = "json"

    async def open_requests(self, since: date, now: datetime) -> AsyncIterator[list[Request]]:
        """Yield the open requests since a day, page by page; each once.

        Raises:
            BadFeed, AddressRefused, Unreachable
        """
        seen: set[str] = set()
        begins = datetime.combine(since, time(), UTC)
        while begins < now:
            ends = min(begins + WINDOW, now)
            async for page in self._pages(begins, ends, seen):
                yield page
            begins = ends

    async def _pages(
        self, begins: datetime, ends: datetime, seen: set[str]
    ) -> AsyncIterator[list[Request]]:
        """Yield the new requests of a window, until a page brings nothing new.

        Systems count pages from one or from zero, give fewer than are asked for, or know none.
        """
        first = last = await self._asked(begins, ends)
        if new := _new(first, seen):
            yield new
        for page in range(1, MOST_PAGES + 1):
            if not last:
                return
            last = await self._asked(begins, ends, page)
            if new := _new(last, seen):
                yield new
            elif page > 1:
                break
        if _keys(last) == _keys(first):
            async for some in self._narrower(begins, ends, first, seen):
                yield some

    async def _narrower(
        self, begins: datetime, ends: datetime, all_shown: Sequence[Request], seen: set[str]
    ) -> AsyncIterator[list[Request]]:
        """Yield what a list without pages may have cut off, by asking for half of its time.

        Where half of it is as long, that may be cut off, too.
        """
        if ends - begins < 2 * _SHORTEST:
            return
        middle = begins + (ends - begins) / 2
        halves = [(begins, middle), (middle, ends)]
        found = [await self._asked(*half) for half in halves]
        for one in found:
            if new := _new(one, seen):
                yield new
        if _keys(found[0]) == _keys(found[1]):
            return  # the dates that are asked for make no difference there
        for half, one in zip(halves, found, strict=True):
            if len(one) >= len(all_shown):
                async for some in self._narrower(*half, one, seen):
                    yield some

    async def _asked(
        self, begins: datetime, ends: datetime, page: int | None = None
    ) -> list[Request]:
        asked = {
            "status": "open",
            "start_date": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
            "end_date": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
            "page_size": str(PAGE_SIZE),
        }
        if page is not None:
            asked["page"] = str(page)
        if self.jurisdiction:
            asked["jurisdiction_id"] = self.jurisdiction
        return await self._list(asked, later=page is not None)

    async def _list(self, asked: Mapping[str, str], *, later: bool) -> list[Request]:
        answer = await self._answer(asked)
        if later and answer.status in _NO_PAGE:
            return []  # as some answer to a page after the last one
        if self._suffix == "json" and (answer.status in _NO_JSON or not is_json(answer.body)):
            self._suffix = "xml"
            answer = await self._answer(asked)
        if answer.status != 200:
            raise BadFeed(_said(answer, named=bool(self.jurisdiction)))
        if not answer.whole:
            raise BadFeed(f"an answer is larger than {MOST_BYTES // 2**20} MB")
        return parse_json(answer.body) if self._suffix == "json" else parse_xml(answer.body)

    async def _answer(self, asked: Mapping[str, str]) -> HttpReply:
        url = f"{self.base}/requests.{self._suffix}?{urlencode(asked)}"
        for tried in range(1, _TRIES + 1):
            try:
                answer = await self.sender.send(
                    "GET", url, headers=self.headers, within=_PATIENCE, most=MOST_BYTES
                )
            except Unreachable:
                if tried == _TRIES:
                    raise
            else:
                if answer.status not in _AGAIN or tried == _TRIES:
                    return answer
            await self.pause(float(tried))
        raise BadFeed("the other system does not answer")


def _said(answer: HttpReply, *, named: bool) -> str:
    """Return what the other system answers, and what may help."""
    said = f"the other system answers with {answer.status}"
    match answer.status:
        case 400 | 404 if not named:
            return f"{said}: it may need its jurisdiction_id (--jurisdiction), or is elsewhere"
        case 400 | 404:
            return f"{said}: it may not know this jurisdiction_id, or is elsewhere"
        case 401 | 403:
            return f"{said}: it lets only those read who have a key"
        case 429:
            return f"{said}: too many questions; start it again later"
        case _:
            return said


def base_of(url: str) -> str:
    """Return the address up to `/requests`, however it was given."""
    plain = url.partition("?")[0].rstrip("/")
    for ending in ("/requests.json", "/requests.xml", "/requests", "/services"):
        plain = plain.removesuffix(ending)
    return plain


def _keys(requests: Sequence[Request]) -> set[str]:
    return set(map(_key, requests))


def _new(requests: Sequence[Request], seen: set[str]) -> list[Request]:
    """Return the requests that were not seen yet, and have seen them."""
    new = []
    for one in requests:
        if (key := _key(one)) not in seen:
            seen.add(key)
            new.append(one)
    return new


def _key(request: Request) -> str:
    return request.get("service_request_id") or json.dumps(request, sort_keys=True)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The result of taking over: the counts, and the first faults."""

    counts: ImportCounts
    faults: list[RowFault]


async def take_over(
    importer: Importer,
    feed: ForeignFeed,
    mapping: ImportMap,
    codes: Codes,
    since: date,
    *,
    most_faults: int = 100,
    progress: Callable[[ImportCounts], None] = lambda counts: None,
) -> TakenOver:
    """Take over the open requests since a day; one that cannot be taken stops no other.

    Raises:
        BadFeed, AddressRefused, Unreachable, StoreUnavailable: start it again.
    """
    wrong: list[RowFault] = []
    row = 0
    async for page in feed.open_requests(since, importer.now()):
        for begin in range(0, len(page), AT_ONCE):
            read: list[ReadRow] = []
            for request in page[begin : begin + AT_ONCE]:
                row += 1
                read.append(read_row(mapping, codes, row, request, importer.now()))
            for outcome in await importer.take(read):
                wrong += list(outcome.faults)[: most_faults - len(wrong)]
            progress(importer.counts)
    return TakenOver(importer.counts, wrong)
