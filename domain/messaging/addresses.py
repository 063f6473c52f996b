"""Addresses that messages can be sent to: a mobile phone, a mailbox."""

import re

_HOME_MOBILE = re.compile(r"1[3-9]\d{9}")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST = 254


def sms_number(phone: str | None) -> str | None:
    """Return the number with + and country code; None if it is no phone that takes messages."""
    if phone is None:
        return None
    if _HOME_MOBILE.fullmatch(phone):
        return f"+86{phone}"
    return phone if _ABROAD.fullmatch(phone) else None


def mail_address(email: str | None) -> str | None:
    """Return the address as a mail server takes it; None if no mail can go there.

    A domain in other letters is written in ASCII. Nothing that could end a header is let through.
    """
    if email is None or len(email) > _LONGEST or email.count("@") != 1:
        return None
    local, _, domain = email.partition("@")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith("."):
        return None
    if ".." in local:
        return None
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = plain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return f"{local}@{plain}"
