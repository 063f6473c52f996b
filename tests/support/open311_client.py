"""A client of GeoReport v2 for tests: it reads both formats with parsers of their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx

from domain.actors import Role
from domain.policy.permissions import Scope
from store.identity import tokens
from tests.api.running_api import Api

V2 = "/open311/v2"
FORMATS = ("xml", "json")
MEDIA_TYPES = {
    "xml": "text/xml; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
LAMP: dict[str, Any] = {
    "service_code": "0204",
    "lat": "39.9021",
    "long": "116.6573",
    "description": "小区东门外三盏路灯不亮。",
}
"""A request for street lamps in Tongzhou, as a client sends it."""


@dataclass
class Client:
    """A client with a base address, a format and a key, as every client is set up."""

    api: Api
    key: str = ""
    suffix: str = "json"
    jurisdiction: str | None = "tongzhou"

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.api.http.get(
            f"{V2}/{path}.{self.suffix}", params=self._with_city(parameters)
        )

    async def post(self, path: str, data: Mapping[str, Any], **more: Any) -> httpx.Response:
        sent = self._with_city({"api_key": self.key, **data} if self.key else dict(data))
        return await self.api.http.post(f"{V2}/{path}.{self.suffix}", data=sent, **more)

    async def file(self, **changes: Any) -> str:
        """File a request that differs from all others, and return its id."""
        body = LAMP | {"description": f"路灯不亮，{uuid4().hex}。"} | changes
        answer = await self.post("requests", body)
        return await self.number_in(answer)

    async def number_in(self, answer: httpx.Response) -> str:
        """Return the id that an answer to a request gives, at once or by its token.

        On a busy machine the ticket may begin later: then there is a token, which is polled.
        """
        assert answer.status_code == 200, answer.text
        (filed,) = items(answer)
        async with asyncio.timeout(60):
            while not filed.get("service_request_id"):
                await asyncio.sleep(0.1)
                (filed,) = items(await self.get(f"tokens/{filed['token']}"))
        return str(filed["service_request_id"])

    def _with_city(self, parameters: dict[str, Any]) -> dict[str, Any]:
        city = {"jurisdiction_id": self.jurisdiction} if self.jurisdiction else {}
        return city | parameters


async def client_of(
    api: Api,
    suffix: str = "json",
    *,
    role: Role = Role.DESK,
    scopes: tuple[Scope, ...] = (Scope.FILE,),
    city: str | None = "tongzhou",
) -> Client:
    """Return a client whose key has these rights."""
    _, key = await tokens.issue(api.store, role, None, "FixMyStreet", scopes=scopes, city=city)
    return Client(api, key, suffix)


def values_of(answer: httpx.Response) -> Any:
    """Return the content of an answer, whichever format it has, by a real parser.

    XML has texts only: an empty element is None.
    """
    declared = answer.headers["content-type"]
    if declared == MEDIA_TYPES["json"]:
        return answer.json()
    assert declared == MEDIA_TYPES["xml"], declared
    return _read(ElementTree.fromstring(answer.content))


def items(answer: httpx.Response) -> list[Any]:
    """Return the list that an answer is."""
    value = values_of(answer) or []
    assert isinstance(value, list), value
    return value


def errors_of(answer: httpx.Response) -> tuple[int, str]:
    """Return code and description of an error, which must be in the standard's form."""
    (error,) = items(answer)
    assert set(error) == {"code", "description"}
    assert error["description"]
    code = error["code"]
    if answer.headers["content-type"] == MEDIA_TYPES["json"]:
        assert type(code) is int
    else:
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "errors"
        assert [child.tag for child in root] == ["error"]
    assert int(code) == answer.status_code
    return answer.status_code, error["description"]


_LISTS = {
    "services", "groups", "attributes", "values", "service_requests", "endpoints", "formats",
    "extended_attributes", "notes", "service_request_updates", "errors",
}  # fmt: skip


def _read(element: ElementTree.Element) -> Any:
    if element.tag in _LISTS:
        return [_read(child) for child in element] or None
    if len(element):
        assert len({child.tag for child in element}) == len(element), element.tag
        return {child.tag: _read(child) for child in element}
    return element.text
