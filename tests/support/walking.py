"""A walk over the application: the names its routes read, the forms of its pages, its record."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_args

import httpx
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Connection, Row, Select, select

from api.http import route_permissions
from api.pages.actions.all_actions import ACTION_FORMS
from api.pages.actions.parsing import STORED_FILES
from domain.commands.forms import FieldKind
from domain.policy.permissions import RIGHTS, Right
from store.db import identity_tables, tables
from store.db.engine import Store

PAGES = Path(__file__).parents[2] / "api" / "pages"
_READERS = ("query_params", "params", "sent")
_FORMS = {"blank", "of", "read"}


class Named(StrEnum):
    """The kind of thing that a parameter names."""

    TICKET = "ticket"
    ASSIGNMENT = "assignment"
    LINE = "line"  # of an inbox: a ticket and its assignment
    FILE = "file"
    ACCOUNT = "account"
    TOKEN = "token"  # nosec B105 - the word, no secret
    SESSION = "session"
    WEBHOOK = "webhook"
    PHONE = "phone"
    SEARCH = "search"  # the signed result of a search
    BUTTON = "button"  # its value may name a ticket


class Address(NamedTuple):
    """A method and path of the application, with its row of the permission table."""

    method: str
    path: str
    right: Right
    route: APIRoute

    @property
    def page(self) -> bool:
        return self.route.endpoint.__module__.startswith("api.pages")


def addresses(app: FastAPI) -> Iterator[Address]:
    for route in route_permissions.routes_of(app):
        if isinstance(route, APIRoute):
            right = RIGHTS[str(route_permissions.key_of(route))]
            for method in sorted(route.methods or ()):
                yield Address(method, route.path, right, route)


def parameters(route: APIRoute) -> set[str]:
    """Return the names in path, query, headers and JSON body of a route."""
    return set(_parameters(route.dependant))


def _parameters(dependant: Dependant) -> Iterator[str]:
    lists = ("path_params", "query_params", "header_params", "cookie_params", "body_params")
    for one in (one for kind in lists for one in getattr(dependant, kind)):
        models = list(_models(one.field_info.annotation))
        yield from [one.name] if not models else ()
        for model in models:
            yield from fields_of(model)
    for below in dependant.dependencies:
        yield from _parameters(below)


def body_models(route: APIRoute) -> Iterator[type[BaseModel]]:
    """Yield the models that a route reads bodies and queries into."""
    yield from _read_models(route.dependant)


def _read_models(dependant: Dependant) -> Iterator[type[BaseModel]]:
    for one in (*dependant.body_params, *dependant.query_params):
        yield from _models(one.field_info.annotation)
    for below in dependant.dependencies:
        yield from _read_models(below)


def fields_of(model: type[BaseModel]) -> Iterator[str]:
    """Yield the names of a model's fields, and of the models in it."""
    for name, info in model.model_fields.items():
        yield name
        for below in _models(info.annotation):
            yield from fields_of(below)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


# --- what pages read of forms and queries -----------------------------------------------------


def names_read(module: str) -> set[str]:
    """Return the names that a module of pages reads of forms and queries, and writes into them."""
    loaded = import_module(module)
    tree = ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))
    return {name for node in ast.walk(tree) for name in _names(node, loaded)}


def _names(node: ast.AST, module: ModuleType) -> Iterator[str]:
    match node:
        case ast.Subscript(value=ast.Attribute(attr="typed"), slice=key):
            yield from _texts([key], module)
        case ast.Call(func=ast.Attribute(value=of, attr="get" | "getlist"), args=args):
            if ast.unparse(of).endswith(_READERS):
                yield from _texts(args[:1], module)
        case ast.Call(func=ast.Attribute(attr="given"), args=args):
            yield from _texts(args, module)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="Form"), attr=how), args=args):
            if how in _FORMS:
                yield from _texts(args if how == "blank" else args[1:], module)
                yield from (word.arg for word in node.keywords if word.arg)


def _texts(nodes: Sequence[ast.expr], module: ModuleType) -> Iterator[str]:
    for node in nodes:
        named = node.value if isinstance(node, ast.Starred) else node
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield named.value
        elif isinstance(named, ast.Name):
            value = getattr(module, named.id, ())
            yield from [value] if isinstance(value, str) else (str(one) for one in value)


def page_modules() -> list[str]:
    paths = sorted(PAGES.rglob("*.py"))
    return [".".join(path.relative_to(PAGES.parents[1]).with_suffix("").parts) for path in paths]


def action_fields() -> dict[str, set[str]]:
    """Return the names of the fields of each action form of the ticket page, by its path."""
    values = {}
    for action_form in ACTION_FORMS:
        files = any(one.kind is FieldKind.FILES for one in action_form.form.fields)
        values[action_form.path] = {one.name for one in action_form.form.fields} | (
            {STORED_FILES} if files else set()
        )
    return values


# --- forms in pages -----------------------------------------------------------------------------


@dataclass
class ParsedForm:
    """A form in a page: its address, its fields as a browser would send them, and its buttons."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def presses(self) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """Yield the address and the content that each button sends."""
        for action, name, value in self.buttons or [("", "", "")]:
            values: dict[str, list[str]] = {}
            for each, text in [*self.fields, *([(name, value)] if name else [])]:
                values.setdefault(each, []).append(text)
            yield action or self.action, values


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[ParsedForm] = []
        self._open: ParsedForm | None = None
        self._named: dict[str, ParsedForm] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = ParsedForm(has.get("action", "")) if has.get("method") == "post" else None
            if self._open is not None:
                self.found.append(self._open)
                self._named[has.get("id", "")] = self._open
            return
        form = self._named.get(has["form"]) if "form" in has else self._open
        if form is None:
            return
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "button":
            form.buttons.append((has.get("formaction", ""), name, value))
        elif name and tag in ("input", "textarea", "select") and has.get("type") != "file":
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms(page: httpx.Response) -> list[ParsedForm]:
    """Return the forms of a page that change something; all boxes of it are ticked."""
    reader = _Forms()
    reader.feed(page.text)
    return reader.found


# --- the record ---------------------------------------------------------------------------------

_LOOSE = {"attempt", "counter", "lockout", "reservation"} | {
    "change",
    "change_pending",
    "change_head",
    "change_feed",
    "figure_formulas",
}
"""Tables that count attempts and change with every request, those of changes, which whoever
reads them numbers, and that of the formulas by which somebody asked for figures."""


async def record(store: Store) -> dict[str, str]:
    """Return a digest of each table; of sessions and views only what somebody would miss."""

    def read(connection: Connection) -> dict[str, str]:
        # In one turn of the reader: a walk asks thousands of times for every table.
        return {name: _digest(connection.execute(_content(name)).all()) for name in _watched()}

    return await store.read(read)


def _digest(found: Sequence[Row[Any]]) -> str:
    rows = sorted(repr(tuple(row)) for row in found)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@cache
def _watched() -> list[str]:
    return sorted(tables.Base.metadata.tables.keys() - _LOOSE)


@cache
def _content(name: str) -> Select[Any]:
    table = tables.Base.metadata.tables[name]
    if name == identity_tables.SessionTable.__tablename__:
        return select(table.c.digest)
    if name == tables.ViewTable.__tablename__:
        # A search that finds nothing is logged without a number.
        return select(table).where(table.c.number.is_not(None))
    return select(table)


# --- answers ------------------------------------------------------------------------------------

_SIGNED = re.compile(r"[\w-]{12,}\.[\w-]{4,}\.[\w-]{20,}")
_DRAWN = re.compile(r"[0-9a-f]{16,}")


def plain(answer: httpx.Response, *texts: str) -> tuple[int, str]:
    """Return status and text of an answer without what was said in the request or drawn."""
    text = answer.text + answer.headers.get("location", "")
    for one in sorted((one for one in texts if one), key=len, reverse=True):
        text = text.replace(one, "…")
    return answer.status_code, _DRAWN.sub("#", _SIGNED.sub("#", text))


def tells(answer: httpx.Response, secrets: Sequence[str]) -> list[str]:
    """Return which of the secrets an answer holds, also as JSON writes them."""
    text = answer.text
    return [one for one in secrets if one in text or json.dumps(one)[1:-1] in text]
