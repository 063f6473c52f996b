"""Masks for what must not be logged: phones, e-mail, identity numbers, codes, tokens, passwords.

This system does not log them. The masks are a second safeguard: they are applied to all that other
libraries log, or errors quote, before it is written.
"""

import re
from functools import partial
from typing import Any

from structlog.types import EventDict, WrappedLogger

from domain.canonical import substituted

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"jsu_[0-9a-f]{12}_[0-9a-f]{8,}"), "[token]"),
    (re.compile(r"(?ia)(?<!\w)(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [token]"),
    (re.compile(r"(?a)(?<!\w)eyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\$argon2\w*\$[^\s\"']+"), "[hash]"),
    (re.compile(r"(?i)((?:__Host-)?jiesu-\w+)=[^\s;,\"']+"), r"\1=[cookie]"),
    (re.compile(r"(?a)[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    # 身份证: seventeen digits and a check character; in the old form fifteen digits.
    (re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?![\dXx])"), "[id]"),
    (re.compile(r"(?<!\d)[1-9]\d{7}[01]\d[0-3]\d{4}(?!\d)"), "[id]"),
    (re.compile(r"(?<!\d)(?:(?:\+|00)86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\d.])(?:\+86[ -]?)?\(?0\d{2,3}\)?[ -]\d{7,8}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)0(?:10|2\d|[3-9]\d{2})\d{7,8}(?!\d)"), "[phone]"),
    # An access code: eight digits and no more. A ticket's number has thirteen, and may be logged.
    (re.compile(r"(?a)(?<![\w.])\d{8}(?!\w|\.\d)"), "[code]"),
    (re.compile(r"(?a)(?<![\w.-])\d{4}[ -]\d{4}(?![\w-]|\.\d)"), "[code]"),
)
_SECRET = re.compile(
    r"(?i)(password|passwd|secret|token|authorization|cookie|access_?code|totp|otp|phone|mobile"
    r"|e_?mail|id_?card|csrf)$"
)
_UNMASKED = frozenset({"timestamp", "level", "logger"})
_DEEPEST = 6


def mask_text(text: str) -> str:
    """Replace everything in `text` that looks like such data by its kind, however written."""
    for pattern, instead in _PATTERNS:
        if text.isascii():
            text = pattern.sub(instead, text)
        else:
            text = substituted(text, pattern, partial(_instead, instead))
    return text


def _instead(template: str, match: re.Match[str]) -> str:
    return match.expand(template)


def mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Mask the values of a log line, however deep they are (a structlog processor)."""
    return {
        key: value if key in _UNMASKED or key.startswith("_") else _masked(key, value)
        for key, value in line.items()
    }


def _masked(key: object, value: Any, depth: int = 0) -> Any:
    if isinstance(key, str) and _SECRET.search(key) and value not in (None, "", True, False):
        return "[masked]"
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        # A number may be a phone or identity number, too.
        text = mask_text(str(value))
        return value if text == str(value) else text
    if depth >= _DEEPEST:
        return "[too deep]"
    if isinstance(value, dict):
        return {mask_text(str(k)): _masked(k, v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(None, each, depth + 1) for each in value]
    return mask_text(value if isinstance(value, str) else str(value))
