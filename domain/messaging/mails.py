"""Mails: both languages, as plain text and as simple HTML, with a way to end them."""

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from html import escape

from domain.messaging.texts import LANGUAGES, Written
from domain.model import Recorded

_TAGS = {"zh": "zh-CN", "en": "en"}
_ENDING = {
    "zh": "不想再收到邮件：{link}",
    "en": "No more mail about your requests: {link}",
}
_LOOK = {"zh": "查看办理情况", "en": "See how it goes"}
_RULE = "-- \n"


_AS_WRITTEN = frozenset({"list-unsubscribe", "list-unsubscribe-post"})


class _MailPolicy(EmailPolicy):
    """The policy of SMTP, with the headers that programs read left as they are.

    A long word without a blank would be folded into encoded words, which no provider of mail
    takes for an address: its own button for ending mails would be missing (RFC 8058).
    """

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _AS_WRITTEN:
            return f"{name}: {value}{SMTP.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _AS_WRITTEN:
            return self.fold(name, value).encode("ascii")
        folded: bytes = super().fold_binary(name, value)
        return folded


_POLICY = _MailPolicy(linesep=SMTP.linesep)


class MailEnvelope(Recorded):
    """The sender of a mail, and its own name. `id` becomes the Message-ID.

    `reply_to`: the address that takes replies; `reference`: of the ticket that they are about.
    """

    id: str
    sender: str
    sender_name: str
    at: datetime
    unsubscribe: str = ""
    reply_to: str = ""
    reference: str = ""


def mail(envelope: MailEnvelope, to: str, written: Written, language: str = "") -> EmailMessage:
    """Return the mail; `language`: the only one wanted, else both.

    Raises:
        ValueError: an address or a header is none.
    """
    message = EmailMessage(policy=_POLICY)
    local, _, domain = envelope.sender.rpartition("@")
    message["From"] = Address(_header(envelope.sender_name), local, domain)
    message["To"] = Address(addr_spec=to)
    if envelope.reply_to:
        message["Reply-To"] = Address(addr_spec=envelope.reply_to)
    message["Subject"] = _header(written.subject)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = message_id(envelope)
    message["Auto-Submitted"] = "auto-generated"
    languages = [one for one in LANGUAGES if one in written.texts]
    if language in languages:
        languages = [language]
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_plain(written, languages, envelope.unsubscribe), cte="base64")
    html = _html(written, languages, envelope.unsubscribe)
    message.add_alternative(html, subtype="html", cte="base64")
    message["Content-Language"] = ", ".join(_TAGS[one] for one in languages)
    return message


def message_id(envelope: MailEnvelope) -> str:
    """Return the Message-ID: the same for every attempt, so that a receiver can drop the second.

    Where replies are taken it names the ticket: programs for mail repeat it in every reply.
    """
    named = envelope.id
    if envelope.reply_to and envelope.reference:
        named = f"{envelope.id}.{envelope.reference}"
    return f"<{named}@{envelope.sender.rpartition('@')[2]}>"


def _header(text: str) -> str:
    """Return the text without what would begin another header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _plain(written: Written, languages: Sequence[str], unsubscribe: str) -> str:
    parts = []
    for language in languages:
        text = written.texts[language]
        parts.append(f"{text}\n{written.link}" if written.link else text)
    body = "\n\n".join(parts)
    if unsubscribe:
        endings = "\n".join(_ENDING[one].format(link=unsubscribe) for one in languages)
        body += f"\n\n{_RULE}{endings}"
    return body + "\n"


def _html(written: Written, languages: Sequence[str], unsubscribe: str) -> str:
    parts = []
    for language in languages:
        lines = "<br>".join(escape(line) for line in written.texts[language].splitlines())
        link = (
            f'<p><a href="{escape(written.link)}">{escape(_LOOK[language])}</a></p>'
            if written.link
            else ""
        )
        parts.append(f'<section lang="{_TAGS[language]}"><p>{lines}</p>{link}</section>')
    if unsubscribe:
        links = "".join(
            f'<p lang="{_TAGS[one]}">'
            + escape(_ENDING[one].format(link="\0")).replace(
                "\0", f'<a href="{escape(unsubscribe)}">{escape(unsubscribe)}</a>'
            )
            + "</p>"
            for one in languages
        )
        parts.append(f"<hr>{links}")
    return (
        f'<!doctype html><html lang="{_TAGS[languages[0]]}"><head><meta charset="utf-8">'
        f"<title>{escape(written.subject)}</title></head><body>{''.join(parts)}</body></html>\n"
    )
