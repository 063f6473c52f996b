"""Settle all of the kind (举一反三): inspections at every unit of the same kind."""

from activities.errors import refusal, ticket_activity
from domain.activity_io import SettlePlan, SettleQuestion
from domain.actors import Role
from domain.pack.pack import Pack, UnknownUnit
from domain.ticket.complaint import Channel, Complaint, Filer, Kind, Place
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from store.secrets.ticket_keys import TicketKeys
from store.tickets import intake
from store.tickets.numbers import new_number


class Settle:
    def __init__(self, packs: ArchivedPacks, store: Store, keys: TicketKeys) -> None:
        self._packs = packs
        self._store = store
        self._keys = keys

    @ticket_activity("open_inspections")
    async def open_inspections(self, question: SettleQuestion) -> SettlePlan:
        """Register one inspection per unit; the intake backlog starts them. Idempotent.

        Raises:
            ApplicationError: `unknown_unit`; `no_siblings`, when no other unit is of the kind.
        """
        pack = await self._packs.of(question.complaint.city, question.pack)
        units = _named(pack, question) if question.units else pack.siblings(question.unit)
        if not units:
            raise refusal("no_siblings", f"No other unit is of the kind of {question.unit}.")
        numbers = []
        for unit in units:
            registered = await intake.register(
                self._store,
                _inspection(question, unit, pack),
                None,
                None,
                f"settle:{question.key}:{unit}",
                question.key,
                lambda: new_number(question.at.astimezone(pack.calendar.tz).date()),
                self._keys,
            )
            numbers.append(registered.number)
        return SettlePlan(tickets=numbers)


def _named(pack: Pack, question: SettleQuestion) -> list[str]:
    try:
        return [pack.unit(code).code for code in dict.fromkeys(question.units)]
    except UnknownUnit as error:
        raise refusal(error.code, str(error)) from error


def _inspection(question: SettleQuestion, unit: str, pack: Pack) -> Complaint:
    complaint = question.complaint
    return Complaint(
        number="",  # given at registration
        city=complaint.city,
        kind=Kind.SUGGESTION,
        channel=Channel.INSPECTION,
        title=complaint.title,
        text=question.text,
        category=question.category,
        unit=unit,
        follows=complaint.number,
        place=Place(area=pack.unit(unit).area),
        filed_by=Filer(role=Role.SYSTEM),
        filed_at=question.at,
    )
