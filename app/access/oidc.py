"""Sign-in with an identity provider: OpenID Connect, code flow with PKCE, state and nonce.

A person is linked to an account by issuer and subject, which never change; their role here follows,
at each sign-in, from a claim and the settings. Passwords and the second factor of this installation
are not used: authentication is the provider's responsibility.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError
from itsdangerous import BadSignature
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.access.role_scope import RoleScope, scope_of
from app.context import AppContext
from app.errors import Problem
from domain.actors import OF_UNITS, Role
from domain.pack.pack import UnknownUnit
from domain.policy.permissions import ACCOUNTS
from packs.registry import UnknownCity
from store.db import counters
from store.identity import accounts
from store.identity.accounts import Account, BadName, NameTaken

logger = structlog.stdlib.get_logger("jiesu.api")

COOKIE, BACK = "jiesu-oidc", "/staff/oidc/back"
LONGEST = 10 * 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_TIMEOUT = 10.0


class Departure(NamedTuple):
    """The address to send the browser to, and the cookie that it has to bring back."""

    url: str
    cookie: str


class Arrival(NamedTuple):
    """The values that the browser brings back: the cookie of the departure, `state` and `code`."""

    cookie: str
    state: str
    code: str


def parse_role_mapping(settings_roles: Mapping[str, str]) -> dict[str, RoleScope]:
    """Parse the roles of the claim's values in the settings: role, role:unit, role:unit:city.

    Raises:
        ValueError: with the value that is invalid.
    """
    values = {}
    for value, text in settings_roles.items():
        role, unit, city = [*text.split(":"), "", ""][:3]
        if role not in ACCOUNTS or (Role(role) in OF_UNITS) != bool(unit):
            raise ValueError(f"oidc_roles: '{value}' cannot be '{text}'")
        values[value] = RoleScope(Role(role), unit or None, city or None)
    return values


async def depart(context: AppContext, origin: str) -> Departure:
    """Begin a sign-in at the provider, which sends the browser back to `origin` + `BACK`.

    Raises:
        Problem: not_found if there is none, oidc_failed if it is unreachable.
    """
    if not context.settings.oidc_issuer:
        raise Problem("not_found")
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    async with _client(context, origin) as client:
        endpoints = await _endpoints(client, context)
        url, state = client.create_authorization_url(
            endpoints["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
    values = {"state": state, "nonce": nonce, "verifier": verifier}
    return Departure(url, str(context.signer("oidc").dumps(values)))


async def arrive(context: AppContext, origin: str, arrival: Arrival) -> Account:
    """Return the account of a person who comes back from the provider.

    Raises:
        Problem: oidc_failed, or not_admitted if the provider's claims are not enough.
    """
    try:
        account = await _account(context, await _vouched(context, origin, arrival))
    except Problem as error:
        # Nothing that the provider sent is logged, only what was wrong with it.
        why = type(error.__cause__).__name__ if error.__cause__ else None
        logger.warning("sign-in failed", code=error.code, why=why)
        raise
    logger.info("signed in", account=account.id)
    return account


async def _vouched(context: AppContext, origin: str, arrival: Arrival) -> dict[str, Any]:
    """Return the provider's claims for a sign-in begun in this browser and not completed yet."""
    try:
        value = context.signer("oidc").loads(arrival.cookie, max_age=LONGEST)
    except BadSignature:
        raise Problem("oidc_failed", "The sign-in was begun elsewhere, or too long ago.") from None
    if not arrival.code or not hmac.compare_digest(arrival.state.encode(), value["state"].encode()):
        raise Problem("oidc_failed")
    if not await _first_answer(context, arrival.state):
        raise Problem("oidc_failed", "This sign-in was answered before.")
    async with _client(context, origin) as client:
        return await _claims(client, context, arrival.code, value)


async def _first_answer(context: AppContext, state: str) -> bool:
    """Return whether this state is new: not every provider refuses a code used twice."""
    once = f"oidc/{context.mark(f'oidc/{state}')}"
    lasts = timedelta(seconds=LONGEST)
    return await counters.count(context.store, once, 1, lasts, datetime.now(UTC)) == 1


def _client(context: AppContext, origin: str) -> AsyncOAuth2Client:
    settings = context.settings
    secret = settings.oidc_client_secret
    return AsyncOAuth2Client(
        settings.oidc_client_id,
        secret.get_secret_value() if secret else None,
        redirect_uri=f"{origin}{BACK}",
        scope="openid profile",
        code_challenge_method="S256",
        timeout=_TIMEOUT,
    )


async def _endpoints(client: AsyncOAuth2Client, context: AppContext) -> dict[str, str]:
    """Return the provider's metadata; refuse endpoints that leave https."""
    issuer = context.settings.oidc_issuer.rstrip("/")
    values = await _json(client, f"{issuer}/.well-known/openid-configuration")
    if str(values.get("issuer", "")).rstrip("/") != issuer:
        raise Problem("oidc_failed", "The provider calls itself something else.")
    if urlsplit(issuer).scheme == "https" and any(
        urlsplit(str(values.get(name, "https:"))).scheme != "https"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    ):
        raise Problem("oidc_failed", "The provider leads away from https.")
    return values


async def _json(client: AsyncOAuth2Client, url: str, *, signed: bool = False) -> dict[str, Any]:
    try:
        answer = await client.request("GET", url, withhold_token=not signed)
        answer.raise_for_status()
        payload = answer.json()
    except (HTTPError, ValueError) as error:
        raise Problem("oidc_failed", "The identity provider cannot be reached.") from error
    if not isinstance(payload, dict):
        raise Problem("oidc_failed")
    return payload


async def _claims(
    client: AsyncOAuth2Client, context: AppContext, code: str, values: Mapping[str, str]
) -> dict[str, Any]:
    """Return the provider's claims: signed, for us, for exactly this sign-in, and not expired."""
    endpoints = await _endpoints(client, context)
    try:
        token = await client.fetch_token(
            endpoints["token_endpoint"], code=code, code_verifier=values["verifier"]
        )
        keys = KeySet.import_key_set(await _json(client, endpoints["jwks_uri"]))  # type: ignore[arg-type]
        claims = jwt.decode(str(token["id_token"]), keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": endpoints["issuer"]},
            aud={"essential": True, "value": context.settings.oidc_client_id},
            azp={"value": context.settings.oidc_client_id},
            nonce={"essential": True, "value": values["nonce"]},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(claims)
    except (AuthlibBaseError, JoseError, HTTPError, KeyError, ValueError) as error:
        raise Problem("oidc_failed") from error
    if context.settings.oidc_claim not in claims and "userinfo_endpoint" in endpoints:
        more = await _json(client, endpoints["userinfo_endpoint"], signed=True)
        if more.get("sub") == claims["sub"]:
            claims = {**more, **claims}
    return claims


async def _account(context: AppContext, claims: Mapping[str, Any]) -> Account:
    """Return the linked account, updated from the claim; create it at the first sign-in.

    A claim without a configured value admits nobody, and an account disabled here stays disabled.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    mapped_role = _mapped_role(context, claims.get(context.settings.oidc_claim))
    account = await accounts.by_identity(context.store, issuer, subject)
    if mapped_role is None or (account is not None and not account.enabled):
        raise Problem("not_admitted")
    if account is None:
        return await _new(context, claims, mapped_role)
    if (account.role, account.unit, account.city) != mapped_role:
        await accounts.change(context.store, account, **mapped_role._asdict())
        account = await accounts.by_id(context.store, account.id) or account
    return account


def _mapped_role(context: AppContext, claim: object) -> RoleScope | None:
    """Return the role of the first configured value that the claim has.

    Raises:
        Problem: not_admitted, if the settings name a unit or city that is not here, or no city and
            several have such a unit.
    """
    values = {str(each) for each in claim} if isinstance(claim, list) else {str(claim)}
    known = parse_role_mapping(context.settings.oidc_roles)
    mapped = next((role for value, role in known.items() if value in values), None)
    try:
        return mapped and scope_of(context.packs, *mapped)
    except (Problem, UnknownCity, UnknownUnit) as error:
        logger.error("oidc_roles", role=mapped, why=str(error))
        raise Problem("not_admitted") from error


async def _new(context: AppContext, claims: Mapping[str, Any], mapped_role: RoleScope) -> Account:
    """Create an account with the provider's user name, or a generated one if that is taken."""
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    own = f"oidc-{hashlib.sha256(f'{issuer} {subject}'.encode()).hexdigest()[:12]}"
    wished = re.sub(r"[^a-z0-9._@-]", "", str(claims.get("preferred_username", "")).lower())
    display = str(claims.get("name") or wished or own)[:64]
    for name in (wished, own):
        try:
            account = await accounts.create(
                context.store,
                name,
                mapped_role.role,
                display=display,
                unit=mapped_role.unit,
                city=mapped_role.city,
            )
        except (BadName, NameTaken):
            continue
        await accounts.link(context.store, account, issuer, subject)
        return account
    linked = await accounts.by_identity(context.store, issuer, subject)
    if linked is None:
        raise Problem("not_admitted")
    return linked
