"""Findings of the doctor on the store and on what waits in it."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from app.installation.findings import Finding, Part
from app.installation.message_checks import messages_of, ways_set
from domain.webhooks.hooks import HookState
from domain.words import N_, Phrase, clauses, listed, phrase
from runtime.names import RETENTION
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreError, StoreUnavailable
from store.db.schema import SchemaState, inspect
from store.secrets.key_ring import open_ring
from store.secrets.re_encryption import use_of_keys
from store.tickets import history_archive, intake, outbox
from store.tickets.stuck import Stuck, Waits, stuck
from store.webhooks import subscriptions

_LATE = timedelta(days=1)
"""The delay of archiving that is worth knowing: it is done every hour."""

_SCHEMAS: Mapping[SchemaState, tuple[str, str]] = {
    SchemaState.MISSING: ("note", N_("empty; `jiesu up` or `jiesu migrate` creates the tables")),
    SchemaState.OLDER: ("note", N_("older than this program; `jiesu migrate` upgrades it")),
    SchemaState.CURRENT: ("ok", N_("up to date")),
    SchemaState.NEWER: ("wrong", N_("written by a newer Jiesu; upgrade Jiesu")),
    SchemaState.FOREIGN: ("wrong", N_("holds something else; name another database")),
}

_DOUBTS: Mapping[str, str] = {
    "lost": N_("forgotten by the engine before they were archived: %(n)s"),
    "differs": N_("different from their record when they were archived: %(n)s"),
    "runs_differ": N_("with runs that did not follow from each other: %(n)s"),
    "not_deterministic": N_("not replayed when they were archived: %(n)s"),
    "no_history": N_("ended before a worker had taken them up: %(n)s"),
}
_DOUBT = N_("%(finding)s: %(n)s")

WAITS: Mapping[Waits, str] = {
    Waits.START: N_("Registered, and not taken by the engine"),
    Waits.RECORD: N_("Taken by the engine, and nothing recorded yet"),
    Waits.TRIAGE: N_("Not classified by the machine, nor left to a person"),
    Waits.DISPATCH: N_("Not sent to its unit"),
    Waits.FEEDBACK: N_("The answer is there, and not sent to the citizen"),
    Waits.RUNG: N_("A card or reminder was due, and is not recorded"),
    Waits.SETBACK: N_("The record has events that the engine has lost"),
}
"""The words for what a stuck ticket waits for."""


async def store_of(
    settings: Settings,
    now: datetime,
    city: str | None = None,
    retention: timedelta = RETENTION,
) -> AsyncIterator[Finding]:
    """Check the store. `now`: the engine's time; `city`: only its stuck tickets are named;
    `retention`: how long the engine keeps a history."""
    try:
        schema = await inspect(settings.store)
    except StoreUnavailable:
        yield Finding(Part.STORE, "wrong", phrase(N_("the store cannot be reached")))
        return
    except (StoreError, ValueError) as error:
        yield Finding(Part.STORE, "wrong", unusable(error))
        return
    state, message = _SCHEMAS[schema]
    yield Finding(Part.STORE, state, phrase(message))
    if schema is not SchemaState.CURRENT:
        return
    store = Store.open(settings.store)
    try:
        yield await _keys(settings, store)
        waiting = await intake.pending(store, timedelta(minutes=1), 1000, now)
        letters = await outbox.pending_count(store)
        stuck_tickets = await stuck(store, now, city)
        archived = await _archive(store, now, retention)
        hooks = await _webhooks(store)
        sent = await messages_of(store)
    finally:
        await store.close()
    says = phrase(N_("complaints that wait for the engine: %(n)s"), n=len(waiting))
    yield Finding(Part.SPOOL, "note" if waiting else "ok", says)
    yield Finding(Part.OUTBOX, "ok", phrase(N_("messages to deliver: %(n)s"), n=letters))
    yield hooks
    for finding in ways_set(settings):
        yield finding
    yield sent
    yield archived
    if not stuck_tickets:
        message = N_("none waits for longer than a minute, except for people")
        yield Finding(Part.TICKETS, "ok", phrase(message))
    for one in stuck_tickets:
        yield Finding(Part.TICKETS, "wrong", _stuck(one))


async def _webhooks(store: Store) -> Finding:
    """Report subscribers that the system has stopped sending to, and those that fail."""
    known = await subscriptions.listing(store)
    disabled = [one.name or one.id for one in known if one.state is HookState.DISABLED]
    failing = [
        one.name or one.id for one in known if one.state is HookState.ACTIVE and one.failures
    ]
    if disabled:
        message = N_("disabled, nothing is sent to: %(names)s")
        return Finding(Part.WEBHOOKS, "wrong", phrase(message, names=listed(disabled)))
    if failing:
        says = phrase(N_("do not answer, and are tried again: %(names)s"), names=listed(failing))
        return Finding(Part.WEBHOOKS, "note", says)
    waiting = sum(one.waiting for one in known)
    says = phrase(
        N_("subscribers: %(count)s; messages to send: %(n)s"), count=len(known), n=waiting
    )
    return Finding(Part.WEBHOOKS, "ok", says)


def unusable(error: Exception) -> Phrase:
    """Return that something cannot be used, with the text of the error."""
    return phrase(N_("it cannot be used: %(error)s"), error=error)


async def _archive(store: Store, now: datetime, retention: timedelta) -> Finding:
    """Report how far archiving is behind; wrong once half of the time that the engine keeps a
    history is over."""
    count, since = await history_archive.behind(store)
    doubtful = sorted((await history_archive.doubtful(store)).items())
    asides = [_doubt(finding, n) for finding, n in doubtful]
    if since is None:
        says = phrase(N_("every ended ticket's history is archived"))
        return Finding(Part.ARCHIVE, "note" if asides else "ok", clauses([says, *asides]))
    says = phrase(
        N_("ended tickets to archive: %(n)s, the first ended %(days)s days ago"),
        n=count,
        days=f"{(now - since).total_seconds() / 86_400:.1f}",
    )
    if now - since > retention / 2:
        message = N_("the engine forgets a history after %(days)s days: look at the worker")
        forgets = phrase(message, days=retention.days)
        return Finding(Part.ARCHIVE, "wrong", clauses([says, *asides, forgets]))
    state = "note" if asides or now - since > _LATE else "ok"
    return Finding(Part.ARCHIVE, state, clauses([says, *asides]))


def _doubt(finding: str, count: int) -> Phrase:
    if finding in _DOUBTS:
        return phrase(_DOUBTS[finding], n=count)
    return phrase(_DOUBT, finding=finding, n=count)


def _stuck(one: Stuck) -> Phrase:
    more = ["…"] if one.tickets > len(one.numbers) else []
    return phrase(
        N_("%(waits)s; tickets: %(n)s, the first since %(since)s UTC: %(numbers)s"),
        waits=phrase(WAITS[one.waits]),
        n=one.tickets,
        since=f"{one.since:%Y-%m-%d %H:%M}",
        numbers=listed([*one.numbers, *more]),
    )


async def _keys(settings: Settings, store: Store) -> Finding:
    """Report keys that are in use and not in the ring, whose data would be lost."""
    if settings.key_text is None and not settings.key_file.exists():
        return Finding(Part.KEYS, "note", phrase(N_("no key ring yet; `jiesu up` makes one")))
    try:
        ring = open_ring(settings.key_text, settings.key_file)
    except StoreError as error:
        return Finding(Part.KEYS, "wrong", unusable(error))
    missing = sorted((await use_of_keys(store)).keys() - set(ring.ids))
    if missing:
        keys = listed(map(str, missing))
        says = phrase(N_("in use, and not in the key ring: %(keys)s"), keys=keys)
        return Finding(Part.KEYS, "wrong", says)
    message = N_("%(count)s in the ring; key %(current)s encrypts")
    return Finding(Part.KEYS, "ok", phrase(message, count=len(ring.ids), current=ring.current))
