"""Staff accounts and their sign-in, for tests."""

import secrets
from dataclasses import dataclass

from domain.actors import Role
from store.identity import accounts, passwords
from tests.api.running_api import Api

PASSWORD = "a long and quiet evening"  # pragma: allowlist secret
_HASHED: list[str] = []


@dataclass
class SignedIn:
    """A session: `cookie` is enough to read; `headers`, with the CSRF token, to change things."""

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
    api: Api, role: Role = Role.DESK, unit: str | None = None, city: str | None = None
) -> str:
    """Create an account whose owner has chosen `PASSWORD`, and return its name."""
    if not _HASHED:
        _HASHED.append(await passwords.hashed(PASSWORD))
    city = api.city_for(role, unit, city)
    name = f"{role}-{secrets.token_hex(8)}"
    await accounts.create(
        api.store, name, role, unit=unit, city=city, password_hash=_HASHED[0], own=True
    )
    return name


async def signed_in(
    api: Api, role: Role = Role.DESK, unit: str | None = None, city: str | None = None
) -> SignedIn:
    """Create an account, and sign in to it over HTTP."""
    return await sign_in(api, await new_account(api, role, unit, city))


async def sign_in(api: Api, name: str, password: str = PASSWORD) -> SignedIn:
    fields = {"name": name, "password": password}
    answer = await api.http.post("/api/v1/session", json=fields)
    assert answer.status_code == 200, answer.text
    secret = answer.cookies["jiesu-session"]
    api.http.cookies.clear()  # each request names its session explicitly
    return SignedIn(name, secret, answer.json()["csrf"])
