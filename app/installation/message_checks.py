"""Findings of the doctor on messages that leave the house."""

from collections.abc import Iterator

from activities.chat_way import is_installed
from activities.mail_way import MailWay
from activities.sms_way import NoSuchVendor, sms_way
from app.installation.findings import Finding, Part
from domain.messaging.addresses import mail_address
from domain.messaging.states import WayOut
from domain.words import N_, Phrase, clauses, listed, phrase
from runtime.settings import Settings
from store.db.engine import Store
from store.messaging import deliveries

_NAMES = {
    WayOut.EMAIL: N_("e-mail"),
    WayOut.SMS: N_("text messages"),
    WayOut.CHAT: N_("staff chat"),
    WayOut.PUSH: N_("web push"),
}
_COUNTS = N_(
    "under way: %(going)s, held back: %(held)s, perhaps arrived: %(unknown)s, failed: %(failed)s"
)


def ways_set(settings: Settings) -> Iterator[Finding]:
    """Report which ways out are set, and what of the settings cannot be used."""
    known: list[WayOut] = []
    if MailWay.of(settings) is not None:
        known.append(WayOut.EMAIL)
    elif settings.smtp_host or settings.mail_from:
        says = phrase(N_("e-mail needs both JIESU_SMTP_HOST and JIESU_MAIL_FROM"))
        yield Finding(Part.MESSAGES, "wrong", says)
    try:
        if sms_way(settings) is not None:
            known.append(WayOut.SMS)
        elif settings.sms_url:
            says = phrase(N_("text messages need both JIESU_SMS_URL and JIESU_SMS_SECRET"))
            yield Finding(Part.MESSAGES, "wrong", says)
    except NoSuchVendor:
        message = N_("the plug-in of JIESU_SMS_VENDOR is not installed: %(vendor)s")
        yield Finding(Part.MESSAGES, "wrong", phrase(message, vendor=settings.sms_vendor))
    if settings.push_contact:
        known.append(WayOut.PUSH)
    chats = [one for one in settings.staff_addresses.values() if not _is_mail(one)]
    if chats and is_installed():
        known.append(WayOut.CHAT)
    elif chats:
        says = phrase(N_("staff chats need the extra: pip install 'jiesu[chat]'"))
        yield Finding(Part.MESSAGES, "wrong", says)
    if not known:
        message = N_("no way out is set: citizens read messages on their ticket's page only")
        yield Finding(Part.MESSAGES, "note", phrase(message))
    else:
        names = listed(phrase(_NAMES[one]) for one in known)
        yield Finding(Part.MESSAGES, "ok", phrase(N_("set: %(ways)s"), ways=names))


async def messages_of(store: Store) -> Finding:
    """Report how many messages failed or wait, and which channels cannot be reached."""
    counts = await deliveries.counts(store)
    away = await deliveries.health(store)
    failed = counts.get("failed", 0)
    says: list[Phrase] = [
        phrase(
            _COUNTS,
            going=counts.get("sending", 0) + counts.get("new", 0),
            held=counts.get("waiting", 0),
            unknown=counts.get("unknown", 0),
            failed=failed,
        )
    ]
    for one in away:
        name = phrase(_NAMES[one.channel])
        says.append(phrase(N_("%(way)s cannot be reached: %(error)s"), way=name, error=one.error))
    state = "wrong" if away else "note" if failed else "ok"
    return Finding(Part.DELIVERIES, state, clauses(says))


def _is_mail(address: object) -> bool:
    value = getattr(address, "get_secret_value", lambda: "")()
    return mail_address(value) is not None
