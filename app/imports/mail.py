"""Mail as a channel: a mail becomes a complaint, or a fact on the ticket that it answers.

An address in a mail proves nothing, and no mail is told anything of a ticket. A reply adds to a
ticket only where it carries the reference that was sent to the citizen: a keyed fingerprint of the
ticket's number, which nobody can make up, and which opens nothing else. Or where the same sender
answers a mail of their own by its Message-ID, which only they and the city have.
"""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import structlog

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.filing.attachments import attached
from app.filing.intake import ComplaintIn, take
from app.filing.uploads import upload
from app.imports.mail_parts import BadMail, MailFile, ReadMail, fitted, without_quotes
from app.sending.commands import execute
from app.sending.used_keys import is_reserved
from domain.actors import CITIZEN
from domain.canonical import says_nothing
from domain.commands.citizens.add_facts import AddFacts
from domain.facts.anytime import FactsAdded
from domain.refusals import Refused
from domain.ticket.complaint import Channel
from domain.ticket.files import MOST_FILES, Purpose
from media.errors import FileRefused
from media.receive import Piece
from store.db.errors import TooManyFiles, UnknownFile
from store.imports import mails
from store.secrets.vault import Person
from store.tickets import tickets
from store.tickets.mail_references import named_ticket
from store.tickets.numbers import parse_number

logger = structlog.stdlib.get_logger("jiesu.mail")

KEPT = timedelta(days=90)
"""The time for which a mail is known by its Message-ID."""


async def take_mail(context: AppContext, city: str, recipient: str, mail: ReadMail) -> str:
    """File a mail or add it to its ticket; return what became of it.

    The same mail again, by its Message-ID and its words, is what it was the first time.

    Raises:
        BadMail: it says nothing.
        Problem, StoreError: not taken; to be sent again.
    """
    if mail.by_machine:
        return mail.by_machine
    # The same Message-ID above other words is another mail: programs that make none, or always one.
    said = json.dumps([city, recipient, mail.sender, mail.message_id, mail.title, mail.text])
    key = context.mark(f"mail/{said}")
    if (known := await mails.outcome(context.store, key)) is not None:
        return known
    number = await _answered(context, city, mail)
    outcome = "filed"
    if number is not None and await _added(context, number, mail, key):
        outcome = "added"
    else:
        number = await _filed(context, city, mail, key)
    ids = [key, *_known_as(context, city, mail, [mail.message_id])]
    await mails.keep(context.store, ids, city, number, outcome, context.now(), KEPT)
    return outcome


async def _answered(context: AppContext, city: str, mail: ReadMail) -> str | None:
    """Return the ticket that a mail answers a mail about, or a mail of the same sender that it is.

    Citizens who have more to say often answer their own mail, before anything was sent to them.
    """
    key = context.vault.ring.root_key
    number = await named_ticket(context.store, key, mail.references)
    if number is not None:
        return number
    return await mails.ticket_of(context.store, _known_as(context, city, mail, mail.answers))


def _known_as(
    context: AppContext, city: str, mail: ReadMail, message_ids: Sequence[str]
) -> list[str]:
    sender = mail.sender.lower()
    return [
        context.mark(f"mail-id/{json.dumps([city, sender, one])}") for one in message_ids if one
    ]


async def _added(context: AppContext, number: str, mail: ReadMail, key: str) -> bool:
    """Add a reply to its ticket; return False if that takes nothing any more."""
    caller = Caller(CITIZEN, "citizen", ticket=number)
    text = without_quotes(mail.text) or mail.title
    if says_nothing(text) and not mail.files:
        raise BadMail("554 5.6.0 This mail says nothing")
    files, notes = await _files(context, mail)
    said = fitted(text or "（见附件）", notes)
    if await is_reserved(context, caller, number, f"mail-{key}"):
        # Begun before: the engine no longer knows that where the ticket has ended meanwhile.
        found = await tickets.events(context.store, number)
        if any(isinstance(one.fact, FactsAdded) and one.fact.text == said for one in found):
            return True
    try:
        parse_number(number)
        async with attached(context, caller, "add_facts", number, files) as existing:
            command = AddFacts(text=said, files=existing)
            await execute(context, caller, number, command, f"mail-{key}", [key])
    except (Refused, UnknownFile, TooManyFiles) as refusal:
        logger.info("a reply was not added", number=number, why=getattr(refusal, "code", "files"))
        return False
    except Problem as problem:
        if problem.code in ("ticket_not_found", "ticket_ended"):
            return False
        raise
    return True


async def _filed(context: AppContext, city: str, mail: ReadMail, key: str) -> str:
    text = mail.text or mail.title
    if says_nothing(text) and not mail.files:
        raise BadMail("554 5.6.0 This mail says nothing")
    files, notes = await _files(context, mail)
    contact = _contact(mail)
    body = ComplaintIn(
        city=city,
        channel=Channel.MAIL,
        title=mail.title,
        text=fitted(text if not says_nothing(text) else "（见附件）", notes),
        files=files,
        contact=contact,
        anonymous=contact is None,
    )
    try:
        filed = await take(context, None, body, f"mail/{key}", same=key)
    except TooManyFiles:
        notes = ["附件超过限额，未收录"]
        body = body.model_copy(update={"files": [], "text": fitted(text or mail.title, notes)})
        filed = await take(context, None, body, f"mail/{key}", same=key)
    return filed.receipt.number


def _contact(mail: ReadMail) -> Person | None:
    """Return who wrote, for the vault; None where the address is none."""
    try:
        return Person(name=mail.name or None, email=mail.answer_to)
    except ValueError:
        return None


async def _files(context: AppContext, mail: ReadMail) -> tuple[list[str], list[str]]:
    """Take the files of a mail, and return their references, and notes of what was left out."""
    references: list[str] = []
    notes: list[str] = []
    for file in mail.files:
        if len(references) >= MOST_FILES:
            notes.append(f"附件“{file.name}”超过数量，未收录")
            continue
        try:
            references.append(await _file(context, mail, file))
        except FileRefused as refused:
            notes.append(f"附件“{file.name}”未收录：{refused.code}")
        except Problem as problem:
            if problem.code not in ("too_many_uploads", "uploads_busy"):
                raise
            notes.append(f"附件“{file.name}”未收录：{problem.code}")
    if mail.left_out:
        notes.append(f"另有 {mail.left_out} 个部分未收录")
    return references, notes[:MOST_FILES]


async def _file(context: AppContext, mail: ReadMail, file: MailFile) -> str:
    async def pieces() -> AsyncIterator[Piece]:
        yield Piece(file.content, "")  # mail programs name types as they like

    taken = await upload(
        context, None, f"mail {mail.sender}", pieces(), Purpose.COMPLAINT, len(file.content)
    )
    return f"{taken.row.id}.{context.uploads.signer.proof(taken.row.id)}"
