"""Redaction of published texts: they must not identify a person.

Consent to publication does not cover a phone number mentioned in the text.
"""

import re

REDACTED = "▇▇▇"

_PATTERN = re.compile(
    r"""
    [A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+   # e-mail
    | \d(?:[ \-]?\d){14,17}[\dXx]?                # identity and bank card numbers
    | (?:\+?86[ \-]?)?1\d(?:[ \-]?\d){9}          # mobile phones
    | 0\d{2,3}[ \-]?\d{7,8}                       # fixed lines
    | [京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}   # plates
    | \d{1,4}号楼.{0,12}?\d{2,4}(?:室|号|户)?       # a flat
    | \d{1,3}单元\s*\d{2,4}(?:室|号|户)?
    """,
    re.VERBOSE,
)


def redacted(text: str) -> str:
    """Return `text` without phones, e-mail, identity numbers, plates and flats."""
    return _PATTERN.sub(REDACTED, text)
