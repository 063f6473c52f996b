"""The city's API, as a department's program uses it: open orders, signing, answering, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from jiesu_department.orders import CitizenSaid, UnitOrder, UnitResult

_API = "/api/v1"
_PAGE = 200
_LATER = frozenset({408, 425, 429})
_OVER = frozenset({"already_done", "assignment_ended", "assignment_not_found", "not_running"})
_SAID = frozenset({"facts_added", "urged", "complainant_added", "complainant_urged"})
_MORE_SECONDS = 15.0


class CityAway(Exception):
    """The city's system does not answer, or asks to come later: try again."""


class CityRefused(Exception):
    """A refusal of the city's system. `code`: see docs/reference/errors.md."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


@dataclass(frozen=True)
class OpenShare:
    """An open share of a unit, as the inbox has it."""

    number: str
    n: int
    row: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.number}-{self.n}"

    @property
    def signed(self) -> bool:
        return self.row["signed_at"] is not None


@dataclass(frozen=True)
class Changes:
    """Changes of tickets, and the cursor after them."""

    items: Sequence[Mapping[str, Any]]
    cursor: str
    more: bool


class CityApi:
    """A city's API with an officer's token of one unit."""

    def __init__(self, http: httpx.AsyncClient, unit: str) -> None:
        self._http, self.unit = http, unit

    async def changes(self, after: str, wait: int = 0) -> Changes:
        """Return what follows a cursor (`now`: the cursor of this moment)."""
        query = {"after": after, "wait": wait}
        told = await self._ask("GET", "/changes", params=query, timeout=wait + _MORE_SECONDS)
        return Changes(told["items"], told["cursor"], told["more"])

    async def open_shares(self) -> list[OpenShare]:
        """Return all open shares of the unit."""
        found: list[OpenShare] = []
        query: dict[str, Any] = {"unit": self.unit, "limit": _PAGE}
        while True:
            page = await self._ask("GET", "/assignments", params=query)
            found += [OpenShare(row["number"], row["n"], row) for row in page["items"]]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]

    async def order(self, share: OpenShare) -> UnitOrder:
        """Return the order of a share, with what citizens said so far."""
        ticket = await self._ask("GET", f"/tickets/{share.number}")
        events = await self._ask("GET", f"/tickets/{share.number}/events")
        complaint, row = ticket["complaint"], share.row
        return UnitOrder(
            number=share.number,
            assignment=share.n,
            unit=row["unit"],
            city=row["city"],
            title=complaint.get("title", ""),
            text=complaint["text"],
            category=ticket.get("category"),
            area=ticket.get("area"),
            address=complaint.get("place", {}).get("address", ""),
            rework=row["rework"],
            due_at=row["due_at"],
            share=row["share"],
            task=row["task"],
            files=complaint.get("files", []),
            said=_said(share.number, events),
        )

    async def sign(self, share: OpenShare) -> None:
        """Sign for a share (签收); one that is signed already stays so."""
        try:
            await self._ask("POST", f"/tickets/{share.number}/sign", json={"assignment": share.n})
        except CityRefused as refused:
            if refused.code != "already_signed" and refused.code not in _OVER:
                raise

    async def complete(self, share: OpenShare, result: UnitResult) -> None:
        """Hand in a result, once: a second time, or when the share has ended, nothing happens."""
        body = result.model_dump(mode="json", include={"reply", "resolved", "evidence"})
        try:
            await self._ask("POST", f"/assignments/{share.key}/complete", json=body)
        except CityRefused as refused:
            if refused.code not in _OVER:
                raise

    async def ask_to_return(self, share: OpenShare, ground: str, reason: str) -> None:
        """Ask to give a share back (退单), on one of the grounds of the city."""
        body = {"assignment": share.n, "ground": ground, "reason": reason}
        await self._ask("POST", f"/tickets/{share.number}/return", json=body)

    async def upload(self, content: bytes, name: str, media_type: str) -> str:
        """Upload a photo of what was done; return its reference for a result's `evidence`."""
        sent = await self._ask(
            "POST",
            "/files",
            params={"purpose": "after"},
            files={"file": (name, content, media_type)},
        )
        return str(sent["reference"])

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = await self._http.request(method, f"{_API}{path}", **more)
        except httpx.TransportError as error:
            raise CityAway(type(error).__name__) from error
        if answer.status_code >= 500 or answer.status_code in _LATER:
            raise CityAway(str(answer.status_code))
        if answer.is_error:
            raise CityRefused(answer.status_code, _code(answer))
        return answer.json()


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "unknown"


def _said(number: str, events: Sequence[Mapping[str, Any]]) -> list[CitizenSaid]:
    facts = [(event, event["fact"]) for event in events if event["fact"]["kind"] in _SAID]
    return [
        CitizenSaid(
            number=fact.get("number", number),
            at=event["at"],
            text=fact["text"],
            files=fact.get("files", []),
        )
        for event, fact in facts
        if fact.get("text") or fact.get("files")
    ]
