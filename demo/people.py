"""API clients of the demonstration: staff with tokens, citizens with a number and its code."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.actors import Role
from domain.pack.pack import Pack
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from store.identity import tokens

_ATTEMPTS = 8
_PAUSE = 0.25
_LATER = frozenset(
    {"not_started_yet", "engine_unavailable", "too_late", "gave_up", "store_unavailable"}
)
"""Codes after which a request is repeated."""

_VALID = timedelta(days=1)


class Refusal(Exception):
    """A refusal by the API; `code` is its code."""

    def __init__(self, what: str, status: int, code: str) -> None:
        super().__init__(f"{what}: {status} {code}")
        self.what, self.status, self.code = what, status, code


class Badges:
    """A token for each role, and for an officer of each unit."""

    def __init__(self, texts: dict[tuple[Role, str | None], str]) -> None:
        self._texts = texts

    @classmethod
    async def issue(cls, store: Store, pack: Pack) -> "Badges":
        wanted: list[tuple[Role, str | None]] = [
            (Role.DESK, None),
            (Role.DISPATCHER, None),
            (Role.SUPERVISOR, None),
            *((Role.OFFICER, unit.code) for unit in pack.units),
        ]
        until = datetime.now(UTC) + _VALID
        texts = {}
        for role, unit in wanted:
            city = pack.city.id if unit else None
            issued = await tokens.issue(store, role, unit, "demonstration", until, city=city)
            texts[role, unit] = issued[1]
        return cls(texts)

    def of(self, role: Role, unit: str | None = None) -> str:
        return self._texts[role, unit]


class People:
    """API requests of citizens and staff; each call is one action of one person.

    A call that finds the system unavailable is repeated with the same key, as clients should.
    """

    def __init__(self, http: httpx.AsyncClient, badges: Badges) -> None:
        self._http = http
        self._badges = badges

    async def file(self, body: dict[str, Any], key: str) -> tuple[str, str]:
        """File a complaint; return its number and access code."""
        value = await self._call("POST", "/complaints", {"Idempotency-Key": key}, body)
        return value["number"], value["access_code"]

    async def look(self, number: str) -> Ticket:
        """Return the ticket as a supervisor sees it."""
        headers = self._as(Role.SUPERVISOR)
        return Ticket.model_validate(await self._call("GET", f"/tickets/{number}", headers))

    async def read(self, path: str, role: Role, unit: str | None = None) -> Any:
        """Return what this role sees at `path`."""
        return await self._call("GET", path, self._as(role, unit))

    async def staff(
        self, role: Role, number: str, what: str, body: dict[str, Any], unit: str | None = None
    ) -> None:
        """Send a command of a staff member; `unit` is an officer's unit."""
        headers = self._as(role, unit) | {"Idempotency-Key": secrets.token_hex(12)}
        await self._call("POST", f"/tickets/{number}/{what}", headers, body)

    async def complete(
        self,
        unit: str,
        number: str,
        n: int,
        reply: str,
        resolved: bool,
        evidence: Sequence[str] = (),
    ) -> None:
        """Complete an assignment of a unit."""
        headers = self._as(Role.OFFICER, unit)
        body = {"reply": reply, "resolved": resolved, "evidence": list(evidence)}
        # A repeated call may find that the first one went through after all.
        await self._call(
            "POST", f"/assignments/{number}-{n}/complete", headers, body, done="already_done"
        )

    async def citizen(self, number: str, code: str, what: str, body: dict[str, Any]) -> Any:
        """Send a citizen's command on their own ticket; return the answer."""
        headers = {"Access-Code": code}
        if what != "rating":
            headers["Idempotency-Key"] = secrets.token_hex(12)
        path = f"/tickets/{number}/{what}"
        return await self._call("POST", path, headers, body, done="already_rated")

    def _as(self, role: Role, unit: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._badges.of(role, unit)}"}

    async def _call(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | None = None,
        done: str | None = None,
    ) -> Any:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = await self._http.request(method, path, headers=headers, json=body)
            except httpx.TransportError as error:
                refusal = Refusal(f"{method} {path}", 0, type(error).__name__)
            else:
                if answer.is_success:
                    return answer.json()
                refusal = Refusal(f"{method} {path}", answer.status_code, _code(answer))
                if attempt > 1 and refusal.code == done:
                    return None
                if refusal.code not in _LATER:
                    raise refusal
            await asyncio.sleep(_PAUSE * attempt)
        raise refusal


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
