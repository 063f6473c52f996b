"""Signs of abuse of rewards, gathered from what the store knows of a report and its pictures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select

from domain.actors import Role
from domain.canonical import folded
from domain.pack.policies import Severity
from domain.pack.rewards import RewardPolicy
from domain.policy.rewards import Signs, are_alike
from domain.ticket.complaint import Channel
from domain.ticket.files import FileKind, Purpose
from domain.ticket.ticket import Ticket
from store.db import reward_tables, tables
from store.db.engine import Store
from store.identity import sign_in_places
from store.secrets.vault import Vault
from store.tickets.repeats import find_repeats, where_of

NETWORKS_KEPT = timedelta(days=30)
"""The time for which it is known from which network a report was filed."""

_RESIDENTS_OWN = frozenset(
    {Channel.SNAPSHOT, Channel.APP, Channel.WECHAT, Channel.WEB, Channel.PORTAL}
)
"""The channels by which residents file themselves."""

_DAY = timedelta(days=1)
_MARK, _NETWORK = reward_tables.picture_mark.c, reward_tables.filing_network.c
_FILE, _TICKET, _PERSON = tables.file.c, tables.ticket.c, tables.person.c


# --- pictures -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unmarked:
    """A photo of a report that was not looked at yet; `key` names its bytes."""

    file: str
    key: str
    number: str
    filed_at: datetime


async def unmarked(
    store: Store, city: str, channels: Sequence[str], since: datetime, limit: int
) -> list[Unmarked]:
    """Return photos that came with reports of these channels, and have no mark yet."""
    statement = (
        select(_FILE.id, _FILE.key, _TICKET.number, _TICKET.filed_at)
        .select_from(
            tables.ticket.join(tables.file, _FILE.number == _TICKET.number).outerjoin(
                reward_tables.picture_mark, _MARK.file == _FILE.id
            )
        )
        .where(
            _TICKET.city == city,
            _TICKET.filed_at >= since,
            _TICKET.channel.in_(channels),
            _TICKET.of_wrongdoing.is_(False),
            _FILE.kind == FileKind.PHOTO.value,
            _FILE.purpose == Purpose.COMPLAINT.value,
            _MARK.file.is_(None),
        )
        .order_by(_TICKET.filed_at, _FILE.id)
        .limit(limit)
    )
    return [
        Unmarked(row.id, row.key, row.number, row.filed_at) for row in await store.rows(statement)
    ]


async def note_mark(store: Store, city: str, photo: Unmarked, mark: str) -> None:
    """Store what a photo looks like. It may be repeated."""
    row = {
        "file": photo.file,
        "number": photo.number,
        "city": city,
        "mark": mark,
        "filed_at": photo.filed_at,
    }
    await store.change(store.insert(reward_tables.picture_mark).on_conflict_do_nothing(), row)


async def forget_marks(store: Store, city: str, before: datetime) -> int:
    """Delete the marks of photos of reports filed before then, which nothing is compared with."""
    return await store.change(
        delete(reward_tables.picture_mark).where(_MARK.city == city, _MARK.filed_at < before)
    )


async def _alike(store: Store, ticket: Ticket, policy: RewardPolicy) -> tuple[str, ...]:
    """Return the reports filed before this one with a picture like one of its own."""
    complaint = ticket.complaint
    own = await store.rows(
        select(_MARK.mark).where(_MARK.number == complaint.number, _MARK.mark != "")
    )
    if not own:
        return ()
    earlier = or_(
        _MARK.filed_at < complaint.filed_at,
        and_(_MARK.filed_at == complaint.filed_at, _MARK.number < complaint.number),
    )
    others = await store.rows(
        select(_MARK.number, _MARK.mark)
        .join(tables.ticket, _TICKET.number == _MARK.number)
        .where(
            _MARK.city == complaint.city,
            _MARK.filed_at >= complaint.filed_at - policy.alike_within.length,
            earlier,
            _MARK.mark != "",
            _MARK.number != complaint.number,
            _TICKET.of_wrongdoing.is_(False),
        )
    )
    found = {row.number for row in others if any(are_alike(row.mark, mine.mark) for mine in own)}
    return tuple(sorted(found))


# --- networks, phones and names -----------------------------------------------------------------


async def note_network(store: Store, number: str, network: str, at: datetime) -> None:
    """Note from which network a report was filed, as a keyed fingerprint."""
    row = {"number": number, "network": network, "at": at}
    await store.change(store.insert(reward_tables.filing_network).on_conflict_do_nothing(), row)


async def forget_networks(store: Store, now: datetime) -> int:
    """Delete what is older than `NETWORKS_KEPT`."""
    return await store.change(
        delete(reward_tables.filing_network).where(_NETWORK.at < now - NETWORKS_KEPT)
    )


async def _networks(store: Store, ticket: Ticket, units: Collection[str]) -> tuple[bool, int]:
    """Return whether the report came from a network of these units, and how many came from it."""
    row = await store.first(
        select(_NETWORK.network, _NETWORK.at).where(_NETWORK.number == ticket.complaint.number)
    )
    if row is None:
        return False, 0
    city = ticket.complaint.city
    ours = await sign_in_places.is_of_units(store, row.network, city, units, row.at)
    of_day = select(func.count().label("count")).where(
        _NETWORK.network == row.network, _NETWORK.at > row.at - _DAY, _NETWORK.at <= row.at
    )
    return ours, int((await store.rows(of_day))[0]._mapping["count"])


async def _names(store: Store, vault: Vault, ticket: Ticket, policy: RewardPolicy) -> int:
    """Return how many names were given with the citizen's phone within the policy's time.

    They are decrypted to be compared, and told to nobody.
    """
    complaint = ticket.complaint
    if complaint.person is None:
        return 0
    phone = (
        select(_PERSON.phone_hash)
        .where(_PERSON.id == complaint.person, _PERSON.phone_hash.is_not(None))
        .scalar_subquery()
    )
    since = complaint.filed_at - policy.alike_within.length
    rows = await store.rows(
        select(_PERSON.id, _PERSON.sealed).where(
            _PERSON.phone_hash == phone, _PERSON.created_at >= since
        )
    )
    names = {folded(vault.decrypt(row.id, row.sealed).name or "") for row in rows}
    return len(names - {""})


def _by_staff(ticket: Ticket, units: Collection[str]) -> bool:
    """Return whether somebody of staff filed a report that earns points for who has its receipt.

    The desk files for who calls, and an app for its users; neither is meant.
    """
    complaint = ticket.complaint
    filer = complaint.filed_by
    if filer is None or filer.role in (Role.CITIZEN, Role.SYSTEM):
        return False
    in_person = not filer.program and (
        filer.role is Role.OFFICER or complaint.channel in _RESIDENTS_OWN
    )
    return in_person or filer.unit in units


async def gathered(store: Store, vault: Vault, ticket: Ticket, policy: RewardPolicy) -> Signs:
    """Return what the store knows of a report that may speak against a reward."""
    complaint = ticket.complaint
    units = {*ticket.dropped.units, *(share.unit for share in ticket.assignments)}
    units_network, from_network = await _networks(store, ticket, units)
    before: list[str] = []
    if ticket.category is not None:
        place = Severity(repeats_metres=policy.place_metres)
        since = complaint.filed_at - policy.repeat_within.length
        before = await find_repeats(
            store, complaint, ticket.category, where_of(ticket), place, since
        )
    return Signs(
        alike=await _alike(store, ticket, policy),
        before=tuple(before),
        by_staff=_by_staff(ticket, units),
        units_network=units_network,
        names=await _names(store, vault, ticket, policy),
        from_network=from_network,
    )
