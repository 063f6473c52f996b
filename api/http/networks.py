"""The network that a request comes from, and the address that it was sent to."""

import ipaddress

from starlette.requests import Request

from runtime.settings import Settings


def host_of(request: Request) -> str:
    """Return the caller's address; empty if the server does not know it."""
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    """Return the caller's address, or the network of an IPv6 subscriber."""
    host = host_of(request)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


def origin_of(request: Request, settings: Settings) -> str:
    """Return the origin that browsers use for this installation: scheme, host and port."""
    return settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
