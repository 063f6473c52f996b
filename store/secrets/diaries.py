"""The encryption of diaries (民情日记): what residents say in their own words, and of whom."""

from store.secrets.key_ring import KeyRing

_PURPOSE = b"jiesu diary seal"


def sealed(ring: KeyRing, entry: str, text: str) -> bytes:
    """Encrypt the text of an entry; decrypting it requires the id of the same `entry`."""
    return ring.encrypt(_PURPOSE, text.encode(), entry.encode())


def opened(ring: KeyRing, entry: str, content: bytes) -> str:
    """Decrypt what `sealed` encrypted.

    Raises:
        BadKey: encrypted with another key, for another entry, or changed since.
    """
    return ring.decrypt(_PURPOSE, content, entry.encode()).decode()
