"""Authentication by password and one-time password; failures cost time, and reveal nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog

from app.context import AppContext
from app.errors import Problem
from domain.canonical import typed_code
from store.identity import accounts, lockouts, passwords, second_factor
from store.identity.accounts import Account, Credentials

logger = structlog.stdlib.get_logger("jiesu.api")

FREE_PER_NAME, FREE_PER_ADDRESS = 5, 30
"""Failures in a row without a wait; each one more doubles the wait."""


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
    by_name, by_address = _keys(context, name, network)
    await _wait_over(context, by_name, by_address, now)
    proof = await accounts.proof_of(context.store, name)
    known = await passwords.matches(password, proof.password if proof else None)
    if proof is None or not known or not proof.account.enabled:
        await _fail(context, by_name, by_address, now)
    elif proof.totp is not None:
        if not code:
            raise Problem("second_factor_needed")
        if not await _second(context, proof, code, now):
            await _fail(context, by_name, by_address, now)
    await lockouts.clear(context.store, by_name)
    _still_good(context, proof.account, now)
    logger.info("signed in", account=proof.account.id)
    return proof.account


async def check_again(context: AppContext, network: str, account: Account, password: str) -> None:
    """Check the password of a signed-in person again; a failure counts as at sign-in."""
    now = datetime.now(UTC)
    by_name, by_address = _keys(context, account.name, network)
    await _wait_over(context, by_name, by_address, now)
    proof = await accounts.proof_of(context.store, account.name)
    if not await passwords.matches(password, proof.password if proof else None):
        await _fail(context, by_name, by_address, now)
    _still_good(context, account, now)


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


def _keys(context: AppContext, name: str, network: str) -> tuple[str, str]:
    return key_of(context, name), f"from/{context.mark(f'from/{network}')}"


def key_of(context: AppContext, name: str) -> str:
    """Return the key to count failures with this name (`store.identity.lockouts`)."""
    return f"name/{context.mark(f'name/{name}')}"


async def _wait_over(context: AppContext, by_name: str, by_address: str, now: datetime) -> None:
    """Refuse any password during the wait: accepting the right one would reward guessing."""
    left = max(
        await asyncio.gather(
            lockouts.locked_for(context.store, by_name, now),
            lockouts.locked_for(context.store, by_address, now),
        )
    )
    if left > timedelta(0):
        seconds = str(int(left.total_seconds()) + 1)
        raise Problem("too_many_attempts", headers={"Retry-After": seconds})


async def _fail(context: AppContext, by_name: str, by_address: str, now: datetime) -> NoReturn:
    await lockouts.failed(context.store, by_name, now, FREE_PER_NAME)
    await lockouts.failed(context.store, by_address, now, FREE_PER_ADDRESS)
    # Keyed fingerprints: failures of one name or one address can be correlated.
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
