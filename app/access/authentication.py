"""Authentication by password and one-time password; failures cost time, and reveal nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog

from app.access import guards
from app.access.guards import Attempt
from app.context import AppContext
from app.errors import Problem
from domain.canonical import typed_code
from store.identity import accounts, lockouts, passwords, second_factor
from store.identity.accounts import Account, Credentials

logger = structlog.stdlib.get_logger("jiesu.api")

KNOWN = timedelta(days=30)
"""The time for which a network is remembered from which somebody signed in."""


async def sign_in(
    context: AppContext, network: str, name: str, password: str, code: str | None
) -> Account:
    """Return the account with this name and password.

    Every failure has the same answer after about the same time, whether the account exists or not.

    Raises:
        Problem: sign_in_failed, second_factor_needed, first_password_over, too_many_attempts
    """
    name = typed_code(name).lower()
    now = datetime.now(UTC)
    async with _attempt(context, network, name) as tried:
        proof = await accounts.proof_of(context.store, name)
        known = await passwords.matches(password, proof.password if proof else None)
        if proof is None or not known or not proof.account.enabled:
            _fail(context, name, network)
        elif proof.totp is not None:
            if not code:
                await tried.undecided()
                raise Problem("second_factor_needed")
            if not await _second(context, proof, code, now):
                _fail(context, name, network)
        await _succeeded(context, tried, network, name)
    _still_good(context, proof.account, now)
    logger.info("signed in", account=proof.account.id)
    return proof.account


async def check_again(context: AppContext, network: str, account: Account, password: str) -> None:
    """Check the password of a signed-in person again; a failure counts as at sign-in."""
    async with _attempt(context, network, account.name) as tried:
        proof = await accounts.proof_of(context.store, account.name)
        if not await passwords.matches(password, proof.password if proof else None):
            _fail(context, account.name, network)
        await _succeeded(context, tried, network, account.name)
    _still_good(context, account, datetime.now(UTC))


def good_until(context: AppContext, account: Account) -> datetime | None:
    """Return when a password given by somebody else expires; None if it is their own."""
    given_at = account.password_given_at
    return given_at and given_at + timedelta(days=context.settings.first_password_days)


def _still_good(context: AppContext, account: Account, now: datetime) -> None:
    """Refuse an expired first password; only those who know it are shown this."""
    until = good_until(context, account)
    if until is not None and now >= until:
        logger.warning("sign-in failed", account=account.id, code="first_password_over")
        raise Problem("first_password_over")


def key_of(context: AppContext, name: str) -> str:
    """Return the key to count failures with this name (`store.identity.lockouts`)."""
    return f"name/{context.mark(f'name/{name}')}"


@asynccontextmanager
async def _attempt(context: AppContext, network: str, name: str) -> AsyncIterator[Attempt]:
    """Count an attempt with this name from this network; refuse any password during a wait.

    Accepting the right one would reward guessing.
    """
    by_name, here = key_of(context, name), _mark(context, network)
    known = _known(context, network, name)
    rules = (
        lockouts.of_pair(by_name, here),
        guards.window(f"from/{here}", context.settings.limit_sign_in),
        await guards.unless_known(context, lockouts.of_name(by_name), known),
    )
    async with guards.attempt(context, f"sign-in/{network}", rules, "too_many_attempts") as tried:
        yield tried


async def _succeeded(context: AppContext, tried: Attempt, network: str, name: str) -> None:
    """Forgive what this name failed from this network; from here it is known from now on."""
    pair = lockouts.of_pair(key_of(context, name), _mark(context, network)).key
    await tried.succeeded(pair, _known(context, network, name), KNOWN)


def _mark(context: AppContext, network: str) -> str:
    return context.mark(f"from/{network}")


def _known(context: AppContext, network: str, name: str) -> str:
    return f"known/{context.mark(f'name/{name}/from/{network}')}"


def _fail(context: AppContext, name: str, network: str) -> NoReturn:
    # Keyed fingerprints: failures of one name or one address can be correlated.
    by_name, by_address = key_of(context, name), _mark(context, network)
    logger.warning("sign-in failed", name=by_name[-12:], address=by_address[-12:])
    raise Problem("sign_in_failed")


async def _second(context: AppContext, proof: Credentials, code: str, now: datetime) -> bool:
    """Return whether it is the current one-time password or a recovery code; each is valid once."""
    account = proof.account
    secret = context.cipher.decrypt(f"totp/{account.id}", proof.totp or b"")
    step = second_factor.step_of(secret, code, now)
    if step is not None:
        return await accounts.use_step(context.store, account, step)
    digest = second_factor.recovery_digest(code)
    return await accounts.use_recovery(context.store, account, digest)
