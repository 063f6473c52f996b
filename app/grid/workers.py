"""Appointments of grid workers: residents ask, the street confirms, and appoints others."""

import secrets
from datetime import timedelta
from typing import Annotated

import structlog
from pydantic import AfterValidator, Field, StringConstraints

from app.access import guards
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.grid.cells import Ground, cell_in, ground_of, name_of, policy_of
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code, required
from store.grid import workers
from store.grid.workers import WaitingResident, Worker
from store.identity import accounts, administrators, passwords
from store.identity.reservations import Window
from store.secrets.masks import MaskedPerson, masked
from store.secrets.phones import normal_phone
from store.secrets.vault import ContactDetails, Person
from store.tickets import view_log

logger = structlog.stdlib.get_logger("jiesu.api")

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
PER_NETWORK, PER_NETWORK_AND_DAY = 10, 40
"""Requests of one network in an hour, and in a day: in the sixty days for which a request waits, no
network alone fills a city's list for all others."""
_MOST_WAITING = 5000
_MOST_LISTED = 500
_FOR, _ONCE = "网格员报名审核", timedelta(minutes=10)
"""Why names and phones are read, and the time in which a reader is logged once."""

_Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(required)]
_Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]
AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{1,63}$")]


class SignUpIn(Incoming):
    """A resident who would like to be a part-time grid worker."""

    city: Code
    cell: Code = Field(description="The street, community or cell that they would like to take.")
    name: _Name = Field(description="Goes to the vault, until the street has decided.")
    phone: _Phone = Field(description="Goes to the vault, until the street has decided.")


class SignedUpOut(Recorded):
    """The request was received; it says nothing of earlier ones."""

    received: bool = True


class ConfirmSignUpIn(Incoming):
    """The account that a resident gets. `cell`: another one than they asked for."""

    login: AccountName = Field(description="What they sign in with.")
    cell: Code | None = None


class AppointIn(Incoming):
    """A cell for somebody who has an account of a grid worker."""

    login: AccountName = Field(description="What they sign in with.")
    cell: Code
    full_time: bool = True


class RefuseSignUpIn(Incoming):
    """Nothing: a request is refused, and forgotten."""


class EndWorkerIn(Incoming):
    """Nothing: an appointment ends."""


class WaitingOut(Recorded):
    """A resident who waits. Without the scope `unmask` a program reads name and phone masked."""

    id: str
    cell: str
    cell_name: str
    asked_at: Instant
    name: str | None
    phone: str | None


class WorkerOut(Recorded):
    """An appointment. `id`: of the account."""

    id: str
    account: str
    display: str
    cell: str
    cell_name: str
    full_time: bool
    confirmed_at: Instant
    ended_at: Instant | None


class WorkersOut(Recorded):
    """The grid workers of an area, and the residents who wait for its confirmation."""

    city: str
    area: str
    items: list[WorkerOut]
    waiting: list[WaitingOut]


class ConfirmedOut(Recorded):
    """The new account, with its first password, shown only here."""

    id: str
    account: str
    password: str
    cell: str


async def sign_up(context: AppContext, network: str, body: SignUpIn) -> SignedUpOut:
    """Keep a resident's request for the street.

    Raises:
        Problem: not_in_this_city, place_without_area, too_many_requests
        Refused: grid_waiting_full
        UnknownCity; ValidationError: this is no phone.
    """
    await permit(context, None, "sign_up_for_grid")
    pack = context.packs.get(body.city)
    if not policy_of(pack).part_time:
        raise Problem("not_in_this_city", "Residents do not sign up in this city.")
    contact = ContactDetails(name=body.name, phone=body.phone)
    cell = cell_in(context, pack, body.cell)
    turn = f"grid/{context.mark(network)}"
    rules = (
        Window(turn, PER_NETWORK, _HOUR),
        Window(f"{turn}/day", PER_NETWORK_AND_DAY, _DAY),
    )
    async with guards.attempt(context, turn, rules, "too_many_requests"):
        asked = WaitingResident(secrets.token_hex(12), cell, context.now(), contact)
        mark = context.mark(f"grid sign-up/{contact.phone}")
        await workers.ask(context.store, context.vault, asked, pack.city.id, mark, _MOST_WAITING)
    return SignedUpOut()


async def grid_workers(context: AppContext, caller: Caller, city: str | None) -> WorkersOut:
    """Return the grid workers of the caller's area, and who waits.

    Names and phones of those who wait are read in full by signed-in staff, and by tokens with the
    scope `unmask`; that is logged. Others read them masked.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request, forbidden
    """
    await permit(context, caller, "list_grid_workers")
    ground = ground_of(context, caller, city)
    here = ground.pack.city.id
    named = await workers.listed(context.store, here, ground.area, _MOST_LISTED)
    waiting: list[WaitingResident] = []
    if caller.actor.role in ground.policy.confirmers:
        waiting = await _waiting(context, caller, ground)
    return WorkersOut(
        city=here,
        area=ground.area,
        items=[
            WorkerOut(
                id=one.worker.account,
                account=one.name,
                display=one.display,
                cell=one.worker.cell,
                cell_name=name_of(ground.pack, one.worker.cell),
                full_time=one.worker.full_time,
                confirmed_at=one.worker.confirmed_at,
                ended_at=one.worker.ended_at,
            )
            for one in named
        ],
        waiting=[
            WaitingOut(
                id=one.id,
                cell=one.cell,
                cell_name=name_of(ground.pack, one.cell),
                asked_at=one.asked_at,
                name=contact.name,
                phone=contact.phone,
            )
            for one in waiting
            for contact in [one.contact if caller.unmasks else _masked(one.contact)]
        ],
    )


async def _waiting(context: AppContext, caller: Caller, ground: Ground) -> list[WaitingResident]:
    found = await workers.waiting(
        context.store, context.vault, ground.pack.city.id, ground.area, _MOST_LISTED
    )
    if caller.unmasks and found:
        who = caller.actor.model_copy(update={"id": caller.id})
        await view_log.note_sign_ups(context.store, who, context.now(), _FOR, _ONCE)
    return found


def _masked(contact: ContactDetails) -> MaskedPerson:
    return masked(Person(name=contact.name, phone=contact.phone))


async def confirm_sign_up(
    context: AppContext, caller: Caller, city: str | None, request: str, body: ConfirmSignUpIn
) -> ConfirmedOut:
    """Confirm a resident: they get an account, and its first password from the street.

    Raises:
        Problem: as `grid_workers`, and grid_request_not_found, place_without_area
        BadName, NameTaken
    """
    ground = await _deciding(context, caller, city)
    here = ground.pack.city.id
    if body.cell is not None:
        _own(ground, cell_in(context, ground.pack, body.cell))
    wanted = await workers.cell_of(context.store, request, here, ground.area)
    if wanted is None:
        raise Problem("grid_request_not_found")
    street = ground.pack.street_of(body.cell or wanted)
    if street is None:
        raise Problem("place_without_area", "No street answers for this cell.")
    password = passwords.random_password()
    account = await accounts.create(
        context.store,
        body.login,
        Role.GRID_WORKER,
        unit=street.code,
        city=here,
        password_hash=await passwords.hashed(password),
    )
    asked = await workers.decided(context.store, request, here, ground.area)
    if asked is None:  # another one of the street was quicker
        await administrators.close(context.store, account)
        raise Problem("grid_request_not_found")
    new = Worker(account.id, here, body.cell or asked, False, context.now(), None)
    await workers.appoint(context.store, new, caller.id)
    logger.info("grid worker", what="confirmed", account=account.id, by=caller.id)
    return ConfirmedOut(id=account.id, account=account.name, password=password, cell=new.cell)


async def refuse_sign_up(
    context: AppContext, caller: Caller, city: str | None, request: str
) -> None:
    """Refuse a request, and forget who asked.

    Raises:
        Problem: as `grid_workers`, and grid_request_not_found
    """
    ground = await _deciding(context, caller, city)
    here = ground.pack.city.id
    if await workers.decided(context.store, request, here, ground.area) is None:
        raise Problem("grid_request_not_found")


async def appoint_worker(
    context: AppContext, caller: Caller, city: str | None, body: AppointIn
) -> None:
    """Give a cell to an account of a grid worker; it replaces the one they had.

    Raises:
        Problem: as `grid_workers`, and account_not_found, place_without_area
    """
    ground = await _deciding(context, caller, city)
    here = ground.pack.city.id
    cell = _own(ground, cell_in(context, ground.pack, body.cell))
    account = await accounts.by_name(context.store, body.login)
    theirs = account is not None and account.role is Role.GRID_WORKER
    if account is None or not theirs or account.city not in (None, here):
        raise Problem("account_not_found")
    street = ground.pack.street_of(cell)
    if street is None or account.unit is None or not ground.pack.has_unit(account.unit):
        raise Problem("account_not_found")
    if not ground.pack.is_within(account.unit, street.code):
        raise Problem("account_not_found")  # it is another street's
    known = await workers.get(context.store, account.id)
    if known is not None and known.ended_at is None:
        _own(ground, known.cell)  # nobody takes another street's worker
    new = Worker(account.id, here, cell, body.full_time, context.now(), None)
    await workers.appoint(context.store, new, caller.id)
    logger.info("grid worker", what="appointed", account=account.id, by=caller.id)


async def end_worker(context: AppContext, caller: Caller, city: str | None, worker: str) -> None:
    """End an appointment. What the account sends from then on is refused.

    Raises:
        Problem: as `grid_workers`, and account_not_found
    """
    await permit(context, caller, "manage_grid_workers")
    try:
        ground = await _deciding(context, caller, city)
    except Problem as problem:
        if problem.code != "forbidden":
            raise
        raise Problem("account_not_found") from None  # a unit without cells has nobody there
    here = ground.pack.city.id
    if not await workers.end(context.store, worker, here, ground.area, context.now()):
        raise Problem("account_not_found")
    logger.info("grid worker", what="ended", account=worker, by=caller.id)


async def _deciding(context: AppContext, caller: Caller, city: str | None) -> Ground:
    await permit(context, caller, "manage_grid_workers")
    ground = ground_of(context, caller, city)
    if caller.actor.role not in ground.policy.confirmers:
        raise Problem("forbidden", "In this city others confirm grid workers.")
    return ground


def _own(ground: Ground, cell: str) -> str:
    if not cell.startswith(ground.area):
        raise Problem("forbidden", "This cell is not in the unit's area.")
    return cell
