"""Staff who sign in, for tests."""

import secrets
from dataclasses import dataclass

from domain.actors import Role
from store.identity import accounts, passwords
from tests.api.house import House

PASSWORD = "a long and quiet evening"  # pragma: allowlist secret
_HASHED: list[str] = []


@dataclass
class SignedIn:
    """`cookie` alone reads; with the CSRF token (`headers`) it changes things, too."""

    name: str
    secret: str
    csrf: str

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"jiesu-session={self.secret}"}

    @property
    def headers(self) -> dict[str, str]:
        return self.cookie | {"X-CSRF-Token": self.csrf}


async def new_account(
    house: House, role: Role = Role.DESK, unit: str | None = None, city: str | None = None
) -> str:
    """The name of a new account whose owner has chosen `PASSWORD`."""
    if not _HASHED:
        _HASHED.append(await passwords.hashed(PASSWORD))
    name = f"{role}-{secrets.token_hex(8)}"
    await accounts.create(
        house.store, name, role, unit=unit, city=city, password_hash=_HASHED[0], own=True
    )
    return name


async def signed_in(
    house: House, role: Role = Role.DESK, unit: str | None = None, city: str | None = None
) -> SignedIn:
    """Somebody with a new account, signed in over HTTP."""
    return await sign_in(house, await new_account(house, role, unit, city))


async def sign_in(house: House, name: str, password: str = PASSWORD) -> SignedIn:
    told = {"name": name, "password": password}
    answer = await house.http.post("/api/v1/session", json=told)
    assert answer.status_code == 200, answer.text
    secret = answer.cookies["jiesu-session"]
    house.http.cookies.clear()  # each test says for itself as whom it asks
    return SignedIn(name, secret, answer.json()["csrf"])
