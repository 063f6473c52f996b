"""Settle all of the kind (举一反三): inspections at every unit of the same kind."""

from activities.errors import refusal, ticket_activity
from domain.activity_io import SettlePlan, SettleQuestion
from domain.actors import Role
from domain.commands.may_have import within
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
            ApplicationError: `unknown_unit`; `no_siblings`, when no other unit is of the kind;
                `accused_unit`, when one that is named is accused.
        """
        pack = await self._packs.of(question.complaint.city, question.pack)
        units = _named(pack, question) if question.units else _alike(pack, question)
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
        units = [pack.unit(code).code for code in dict.fromkeys(question.units)]
    except UnknownUnit as error:
        raise refusal(error.code, str(error)) from error
    if any(_accused(pack, question, unit) for unit in units):
        raise refusal("accused_unit", "The report is about one of these units.")
    return units


def _alike(pack: Pack, question: SettleQuestion) -> list[str]:
    """Return the units of the lead's kind that are not accused."""
    return [unit for unit in pack.siblings(question.unit) if not _accused(pack, question, unit)]


def _accused(pack: Pack, question: SettleQuestion, unit: str) -> bool:
    return within(pack, unit, {*(question.accused or ()), *question.kept_from})


def _inspection(question: SettleQuestion, unit: str, pack: Pack) -> Complaint:
    """Return an inspection; of a report of wrongdoing it has no word, and is kept from the same."""
    complaint = question.complaint
    title = pack.category(question.category).name if question.confidential else complaint.title
    return Complaint(
        number="",  # given at registration
        city=complaint.city,
        kind=Kind.SUGGESTION,
        channel=Channel.INSPECTION,
        accused=question.accused,
        kept_from=question.kept_from,
        title=title,
        text=question.text,
        category=question.category,
        unit=unit,
        follows=None if question.confidential else complaint.number,
        place=Place(area=pack.unit(unit).area),
        filed_by=Filer(role=Role.SYSTEM),
        filed_at=question.at,
    )
