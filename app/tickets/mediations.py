"""Mediations (调解): the record that the called-in unit keeps, and the signatures of the sides.

Names, words, proposal and points are sealed in the store. Staff with a share of the ticket read
them; the sides read what they are to sign.
"""

from datetime import date
from hashlib import sha256

from pydantic import Field

from app.access import guards
from app.access.caller import Caller
from app.access.guests import Guest, check_resident
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.filing.files import visible_files
from app.sending.used_keys import reserved
from app.tickets.acted_on import ActedOn, acted_on
from app.tickets.codes import WRONG_SIGNATURES, discreet, signature_code, signature_mark
from app.tickets.moments import TimelineMoment
from domain.mediation.mediation import (
    Mediation,
    MediationDraft,
    MediationState,
    Proposal,
    Words,
    is_late,
)
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.refusals import Refused
from domain.ticket.files import FileKind
from store.db.engine import Store
from store.secrets.encryption import Cipher
from store.tickets import mediations, tickets
from store.tickets.mediations import MediationRecord, Reseal


class FailIn(Incoming):
    """The reason why they do not agree."""

    reason: Words


class PaperIn(Incoming):
    """A photo of the signed paper, which is among the files of the ticket."""

    file: str = Field(max_length=100)


class KeepIn(Incoming):
    """Nothing: a point is kept."""


class PartyOut(Recorded):
    n: int
    name: str
    says: str
    signed_at: Instant | None
    paper: str | None = Field(description="The file with the photo of the signed paper.")


class AgreementPointOut(Recorded):
    n: int
    text: str
    due: date | None
    kept_at: Instant | None
    late: bool


class MediationOut(Recorded):
    """A mediation with all that was said; `reason`: why they do not agree."""

    n: int
    unit: str
    state: MediationState
    subject: str
    parties: list[PartyOut]
    proposal: str
    points: list[AgreementPointOut]
    reason: str
    opened_at: Instant
    proposed_at: Instant | None
    ended_at: Instant | None


class MediationsOut(Recorded):
    items: list[MediationOut]


class Proposed(Recorded):
    """The proposal, and a code for each side, in their order; the codes are shown only here."""

    codes: list[str] = Field(examples=[["7K2M-9QXD-4TRB", "H0ZW-5CAP-83VN"]])
    mediation: MediationOut


class ToSign(Recorded):
    """The text that a side reads and signs, without what the others said."""

    city: str
    subject: str
    name: str
    proposal: str
    points: list[AgreementPointOut]
    state: MediationState
    signed_at: Instant | None


class _Sealed(Recorded):
    """The sealed part of a mediation itself."""

    subject: str
    proposal: str = ""
    reason: str = ""


class _Side(Recorded):
    name: str
    says: str


# --- staff ------------------------------------------------------------------------------------


async def mediations_of(context: AppContext, caller: Caller, number: str) -> list[MediationOut]:
    """Return the mediations of a ticket; none of a report of wrongdoing.

    Raises:
        Problem: ticket_not_found, forbidden
    """
    known = await acted_on(context, caller, "list_mediations", number)
    if known.ticket.of_wrongdoing:
        return []
    found = await mediations.of_ticket(context.store, number)
    return [_out(context, one, known.pack) for one in found]


async def open_mediation(
    context: AppContext, caller: Caller, number: str, draft: MediationDraft, key: str | None = None
) -> MediationOut:
    """Open a mediation. The same `key` again is the same one.

    Raises:
        Problem, Refused: mediation_of_report, ticket_ended, not_started_yet
    """
    known = await _keeping(context, caller, number)
    nonce = key or context.nonce()
    new = Mediation(
        id=context.mark(f"mediation/{caller.id}/{number}/{nonce}")[:32],
        number=number,
        city=known.pack.city.id,
        n=0,
        unit=caller.unit or known.ticket.unit or known.pack.city.fallback,
        state=MediationState.OPEN,
        opened_at=context.now(),
    )
    sealed = _seal(context, new.id, _Sealed(subject=draft.subject))
    sides = [_seal(context, new.id, _Side(**dict(one))) for one in draft.parties]
    async with reserved(context, caller, f"mediation/{number}", key, draft.model_dump_json()):
        made = await mediations.open_(context.store, new, sealed, sides)
    return _out(context, made, known.pack)


async def propose(
    context: AppContext,
    caller: Caller,
    number: str,
    n: int,
    body: Proposal,
    key: str | None = None,
) -> Proposed:
    """Write down what is proposed, and issue each side a code that signs it once.

    A later proposal replaces it, with its codes and signatures. The same `key` with the same words
    gives the same codes, and leaves the signatures; other words have other codes.

    Raises:
        Problem, Refused: mediation_not_found, not_your_unit, mediation_not_now,
            mediation_of_report, in_the_past
    """
    known, found = await _kept_by(context, caller, number, n)
    of, nonce = found.mediation, key or context.nonce()
    # With the words, for a code that was handed out must not sign others.
    said = sha256(body.model_dump_json().encode()).hexdigest()
    codes = [signature_code(context, f"{of.id}/{nonce}/{said}/{one.n}") for one in found.parties]
    points = [(one, _cipher(context).encrypt(of.id, one.text)) for one in body.points]
    marks = [signature_mark(context, code) for code in codes]
    today = context.now().astimezone(known.pack.calendar.tz).date()
    reseal = _resealing(context, of.id, proposal=body.text)
    async with reserved(context, caller, f"proposal/{of.id}", key, body.model_dump_json()):
        changed = await mediations.propose(context.store, of.id, reseal, points, marks, today)
    return Proposed(codes=codes, mediation=_out(context, changed, known.pack))


async def sign_on_paper(
    context: AppContext, caller: Caller, number: str, n: int, party: int, body: PaperIn
) -> MediationOut:
    """Record that a side signed on paper; the photo is a file of the ticket.

    Raises:
        Problem, Refused: unknown_file, unknown_party, mediation_not_found, not_your_unit,
            mediation_not_now, mediation_of_report
    """
    known, found = await _kept_by(context, caller, number, n)
    photos = await visible_files(context, caller, number)
    if not any(one.id == body.file and one.kind is FileKind.PHOTO for one in photos):
        raise Problem("unknown_file")
    store = context.store
    changed = await mediations.sign_on_paper(store, found.mediation.id, party, body.file)
    return _out(context, changed, known.pack)


async def fail_mediation(
    context: AppContext, caller: Caller, number: str, n: int, body: FailIn
) -> MediationOut:
    """Record that they do not agree, and why.

    Raises:
        Problem, Refused: mediation_not_found, not_your_unit, mediation_not_now,
            mediation_of_report
    """
    known, found = await _kept_by(context, caller, number, n)
    of = found.mediation.id
    reseal = _resealing(context, of, reason=body.reason)
    changed = await mediations.fail(context.store, of, reseal)
    return _out(context, changed, known.pack)


async def keep_point(
    context: AppContext, caller: Caller, number: str, n: int, point: int
) -> MediationOut:
    """Record that a point of the agreement is kept.

    Raises:
        Problem, Refused: mediation_not_found, not_your_unit, unknown_agreement_point,
            mediation_not_now
    """
    known, found = await _kept_by(context, caller, number, n)
    changed = await mediations.keep_point(context.store, found.mediation.id, point)
    return _out(context, changed, known.pack)


# --- the sides --------------------------------------------------------------------------------


async def to_sign(context: AppContext, code: str, guest: Guest) -> ToSign:
    """Return what a code signs. Wrong codes are counted by network.

    Raises:
        Problem: signature_unknown, too_many_attempts
    """
    await permit(context, None, "sign_agreement")
    return await _to_sign(context, signature_mark(context, code), guest.network)


async def sign(context: AppContext, code: str, guest: Guest) -> ToSign:
    """Sign with a code; it counts once, and cannot be taken back.

    Raises:
        Problem, Refused: code_of_resident, signature_unknown, too_many_attempts,
            mediation_not_now
    """
    await permit(context, None, "sign_agreement")
    check_resident(guest)
    mark = signature_mark(context, code)
    await _to_sign(context, mark, guest.network)
    try:
        await mediations.sign(context.store, mark)
    except Refused as refused:
        raise discreet(refused, "signature_unknown") from refused
    return await _to_sign(context, mark, guest.network)


async def _to_sign(context: AppContext, mark: str, network: str) -> ToSign:
    found = await mediations.by_mark(context.store, mark)
    ticket = await tickets.state(context.store, found[0].mediation.number) if found else None
    if ticket is None or ticket.of_wrongdoing:  # which nobody outside is told
        found = None
    record, n = await guards.opened(
        context, "signature", network, WRONG_SIGNATURES, found, "signature_unknown"
    )
    out = _out(context, record, context.packs.get(record.mediation.city))
    side = out.parties[n - 1]
    return ToSign(
        city=record.mediation.city,
        name=side.name,
        signed_at=side.signed_at,
        **{name: getattr(out, name) for name in ("subject", "proposal", "points", "state")},
    )


# --- the timeline -----------------------------------------------------------------------------

_ENDS = {
    MediationState.AGREED: "mediation_agreed",
    MediationState.FAILED: "mediation_failed",
}


async def mediation_moments(store: Store, number: str) -> list[TimelineMoment]:
    """Return when mediations of a ticket began and ended, without a word of what was said."""
    found: list[TimelineMoment] = []
    for of in await mediations.headings(store, number):
        found.append(TimelineMoment(of.opened_at, "mediation_opened", ""))
        if of.ended_at is not None and of.state in _ENDS:
            found.append(TimelineMoment(of.ended_at, _ENDS[of.state], ""))
    return found


# --- parts ------------------------------------------------------------------------------------


async def _keeping(context: AppContext, caller: Caller, number: str) -> ActedOn:
    known = await acted_on(context, caller, "keep_mediation", number)
    if known.ticket.of_wrongdoing:
        raise Problem("mediation_of_report")
    return known


def keeps(caller: Caller, unit: str) -> bool:
    """Return whether a mediation that `unit` opened is the caller's to keep."""
    return caller.unit in (None, unit)


async def _kept_by(
    context: AppContext, caller: Caller, number: str, n: int
) -> tuple[ActedOn, MediationRecord]:
    """Return a mediation of the caller's unit: another one with a share may be a side of it.

    Raises:
        Problem: as `_keeping`, and mediation_not_found, not_your_unit
    """
    known = await _keeping(context, caller, number)
    found = await _one(context, number, n)
    if not keeps(caller, found.mediation.unit):
        raise Problem("not_your_unit", "Another unit keeps this mediation.")
    return known, found


async def _one(context: AppContext, number: str, n: int) -> MediationRecord:
    for one in await mediations.of_ticket(context.store, number):
        if one.mediation.n == n:
            return one
    raise Problem("mediation_not_found")


def _cipher(context: AppContext) -> Cipher:
    return Cipher(context.vault.ring.root_key, "mediations")


def _seal(context: AppContext, owner: str, what: Recorded) -> bytes:
    return _cipher(context).encrypt(owner, what.model_dump_json())


def _opened(context: AppContext, of: str, sealed: bytes) -> _Sealed:
    return _Sealed.model_validate_json(_cipher(context).decrypt(of, sealed))


def _resealing(context: AppContext, of: str, **changes: str) -> Reseal:
    """Return a change of what is sealed: of what is there by then, not of what was read before."""

    def reseal(sealed: bytes) -> bytes:
        return _seal(context, of, _opened(context, of, sealed).model_copy(update=changes))

    return reseal


def _out(context: AppContext, record: MediationRecord, pack: Pack) -> MediationOut:
    of, cipher = record.mediation, _cipher(context)
    today = context.now().astimezone(pack.calendar.tz).date()
    agreed = of.state is MediationState.AGREED
    parties = []
    for one in record.parties:
        side = _Side.model_validate_json(cipher.decrypt(of.id, one.sealed))
        parties.append(PartyOut(n=one.n, signed_at=one.signed_at, paper=one.paper, **dict(side)))
    return MediationOut(
        n=of.n,
        unit=of.unit,
        state=of.state,
        parties=parties,
        points=[
            AgreementPointOut(
                n=one.n,
                text=cipher.decrypt(of.id, one.sealed),
                due=one.due,
                kept_at=one.kept_at,
                late=agreed and is_late(one.due, one.kept_at, today),
            )
            for one in record.points
        ],
        opened_at=of.opened_at,
        proposed_at=of.proposed_at,
        ended_at=of.ended_at,
        **dict(_opened(context, of.id, record.sealed)),
    )
