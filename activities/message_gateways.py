"""The ways out of the house that an installation has set."""

import structlog

from activities.chat_way import ChatWay, is_installed
from activities.mail_way import MailWay
from activities.message_ways import Way
from activities.push_way import PushWay
from activities.sms_way import NoSuchVendor, sms_way
from domain.messaging.addresses import mail_address
from domain.messaging.states import WayOut
from runtime.settings import Settings
from store.secrets.key_ring import KeyRing

log = structlog.get_logger(__name__)


def ways_of(settings: Settings, ring: KeyRing) -> dict[WayOut, Way]:
    """Return the ways that the settings name. One that cannot be had is said by the doctor."""
    ways: dict[WayOut, Way] = {}
    if (by_mail := MailWay.of(settings)) is not None:
        ways[WayOut.EMAIL] = by_mail
    try:
        if (by_sms := sms_way(settings)) is not None:
            ways[WayOut.SMS] = by_sms
    except NoSuchVendor as error:
        log.error("no text messages are sent", error=str(error))
    if (by_push := PushWay.of(settings, ring)) is not None:
        ways[WayOut.PUSH] = by_push
    addresses = settings.staff_addresses.values()
    if is_installed() and any(mail_address(one.get_secret_value()) is None for one in addresses):
        ways[WayOut.CHAT] = ChatWay()
    return ways
