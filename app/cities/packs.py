"""A city's packs: versions, differences, problems and message templates."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from packs.differences import ContentDifference, cell_differences, differences
from packs.parsed_pack import GRIDS, TEMPLATES
from packs.registry import (
    PackError,
    check_pack,
    content_of,
    load_pack,
    pack_contents,
    pack_version,
)
from packs.registry import PackFault as PackFault
from store.packs import archive, references
from store.packs.archive import UnknownPackVersion

FOLDER = "folder"
"""The name of the version that is in the folder now."""


class PackVersion(Recorded):
    """A version of a city's pack. `in_use`: for complaints that this process accepts; `in_folder`:
    in its folder now; `open_tickets`: how many refer to it."""

    version: str
    first_seen_at: Instant | None
    in_use: bool
    in_folder: bool
    open_tickets: int


class PackVersions(Recorded):
    items: list[PackVersion]


class DiffQuery(Incoming):
    """The versions to compare. `folder` is the one in the folder now."""

    before: Annotated[str, Field(pattern="^([0-9a-f]{12}|folder)$")]
    after: Annotated[str, Field(pattern="^([0-9a-f]{12}|folder)$")] = FOLDER


class PackDifference(Recorded):
    """One row or key. `fields`: their values before, and now."""

    file: str
    row: str
    change: str = Field(examples=["changed"])
    fields: dict[str, list[Any]]


class PackDifferences(Recorded):
    before: str
    after: str
    items: list[PackDifference]


class PackProblem(Recorded):
    file: str
    line: int | None
    message: str


class PackCheck(Recorded):
    """The findings of `jiesu city check` on the folder as it is now."""

    version: str
    problems: list[PackProblem]


class MessageTemplate(Recorded):
    """A message to citizens, in both languages; null if the pack has none of that name."""

    name: str = Field(examples=["accepted"])
    zh: str | None
    en: str | None


class MessageTemplates(Recorded):
    """A pack's messages. `files`: by language."""

    files: dict[str, str]
    items: list[MessageTemplate]


async def of_city(context: AppContext, caller: Caller, city: str) -> Pack:
    """Return the pack in use, of a city that this caller serves.

    Raises:
        UnknownCity, Problem: not_your_city
    """
    await permit(context, caller, "see_packs")
    pack = context.packs.get(city)
    city_of(caller, city)
    return pack


async def versions(context: AppContext, caller: Caller, city: str) -> list[PackVersion]:
    """Return the versions, latest first; also those only in the folder, or only in tickets."""
    pack = await of_city(context, caller, city)
    folder = await asyncio.to_thread(pack_version, context.packs.folder(city))
    pinned = await references.open_tickets(context.store, city)
    kept_versions = {one.version: one for one in await archive.versions(context.store, city)}
    seen: dict[str, datetime | None] = dict.fromkeys((folder, pack.version, *pinned))
    seen |= {version: one.first_seen_at for version, one in kept_versions.items()}
    ordered = sorted(seen, key=lambda version: (seen[version] is None, str(seen[version])))
    return [
        PackVersion(
            version=version,
            first_seen_at=seen[version],
            in_use=version == pack.version,
            in_folder=version == folder,
            open_tickets=pinned.get(version, 0),
        )
        for version in reversed(ordered)
    ]


async def differing(
    context: AppContext, caller: Caller, city: str, query: DiffQuery
) -> PackDifferences:
    """Return the differences that change how tickets are treated."""
    pack = await of_city(context, caller, city)
    before, old = await _side(context, pack, query.before)
    after, new = await _side(context, pack, query.after)
    content_differences = await asyncio.to_thread(differences, before, after)
    cells = await asyncio.to_thread(
        cell_differences, *(content_of(one, GRIDS) for one in (old, new))
    )
    return PackDifferences(
        before=before.version,
        after=after.version,
        items=[_difference(one) for one in (*content_differences, *cells)],
    )


def _difference(one: ContentDifference) -> PackDifference:
    fields = {name: list(pair) for name, pair in one.fields.items()}
    return PackDifference(file=one.file, row=one.row, change=one.change, fields=fields)


async def _side(context: AppContext, pack: Pack, version: str) -> tuple[Pack, dict[str, bytes]]:
    city = pack.city.id
    folder = context.packs.folder(city)
    try:
        if version == FOLDER:
            loaded = await asyncio.to_thread(load_pack, folder)
            return loaded, await asyncio.to_thread(pack_contents, folder)
        files = await archive.contents(context.store, city, version)
        return await archive.recall(context.store, city, version), files
    except UnknownPackVersion as error:
        raise Problem("unknown_pack_version", str(error)) from error
    except PackError as error:
        raise Problem("pack_invalid") from error


async def checked(context: AppContext, caller: Caller, city: str) -> PackCheck:
    """Return the findings on the city's folder as it is now."""
    pack = await of_city(context, caller, city)
    folder = context.packs.folder(pack.city.id)
    faults: list[PackFault] = await asyncio.to_thread(check_pack, folder)
    problems = [PackProblem(file=one.file, line=one.line, message=one.message) for one in faults]
    version = await asyncio.to_thread(pack_version, folder)
    return PackCheck(version=version, problems=problems)


async def messages(context: AppContext, caller: Caller, city: str) -> MessageTemplates:
    """Return the messages in the pack's order, by ticket stage."""
    pack = await of_city(context, caller, city)
    texts = {language: pack.messages.get(language, {}) for language in TEMPLATES}
    names = dict.fromkeys(name for text in texts.values() for name in text)
    return MessageTemplates(
        files=dict(TEMPLATES),
        items=[
            MessageTemplate(name=name, zh=texts["zh"].get(name), en=texts["en"].get(name))
            for name in names
        ],
    )
