"""Free ports of 127.0.0.1, this machine's own address."""

import random
import socket

_OURS = range(20_000, 32_000)
"""Ports below those that systems give to outgoing connections (Linux begins at 32,768)."""

_chance = random.SystemRandom()


def port_taken(port: int) -> bool:
    """Return whether something listens on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """Find `count` different ports of 127.0.0.1 that nothing listens on."""
    numbers: list[int] = []
    while len(numbers) < count:
        port = _chance.choice(_OURS)
        if port not in numbers and not port_taken(port):
            numbers.append(port)
    return numbers


def free_port() -> int:
    """Find one port of 127.0.0.1 that nothing listens on."""
    return free_ports(1)[0]
