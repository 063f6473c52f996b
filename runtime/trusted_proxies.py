"""The proxies whose headers are believed, and what is unsafe about them."""

import ipaddress
from urllib.parse import urlsplit

from domain.words import N_, Phrase, phrase
from runtime.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def parse_address(text: str) -> Address | None:
    """Return an address as headers and sockets write it; None if it is none.

    A port and brackets are left out. An IPv4 address in the clothes of an IPv6 one is an IPv4
    address: else all of IPv4 would be one network.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a setting, separated by commas.

    Raises:
        ValueError: with the part that is no address and no network.
    """
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()
    )


def is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    """Return whether one of the networks has this address."""
    return any(address.version == one.version and address in one for one in networks)


def is_local(settings: Settings) -> bool:
    """Return whether browsers reach this installation on its own machine only."""
    if not settings.public_url:
        return True
    host = urlsplit(settings.public_url).hostname or ""
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def unsafe(settings: Settings) -> Phrase | None:
    """Return why the API must not be started with these settings, in one line; None if it may."""
    named = settings.trusted_proxies
    try:
        trusted = parse_networks(named)
    except ValueError:
        message = N_(
            "JIESU_TRUSTED_PROXIES (or FORWARDED_ALLOW_IPS) has to name the proxies by address or "
            "network, separated by commas; '%(named)s' does not: whoever is believed can pretend "
            "to be anybody"
        )
        return phrase(message, named=named)
    if any(network.prefixlen == 0 for network in trusted):
        message = N_(
            "JIESU_TRUSTED_PROXIES '%(named)s' believes everybody: name the addresses of the "
            "proxies alone"
        )
        return phrase(message, named=named)
    if settings.public_url.startswith("https://") and not trusted:
        message = N_(
            "JIESU_PUBLIC_URL is %(url)s, so a proxy stands in front, and JIESU_TRUSTED_PROXIES "
            "does not name its address: everybody would seem to come from the proxy, and one "
            "stranger could lock out all others"
        )
        return phrase(message, url=settings.public_url)
    return None
