"""The tokens of a condition, and the error raised for a bad condition."""

import re
from dataclasses import dataclass


class ConditionError(ValueError):
    """A condition that a pack may not have; the message says what to change."""

    code = "bad_condition"


@dataclass(frozen=True, slots=True)
class Token:
    """A token. `kind`: name, text, whole, decimal, sign or end. `at`: its offset in the text."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<decimal>[0-9]{1,9}\.[0-9]{1,9}(?![\w.]))
  | (?P<whole>[0-9]{1,9}(?![\w.]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?!["'\w]))
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!?:()\[\],.+-])
    """,
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """Split `text` into tokens, an `end` last; ConditionError on anything else."""
    tokens, at = list[Token](), 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConditionError(f"{_shown(text, at)} cannot be used in a condition")
        if match.lastgroup and match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    return [*tokens, Token("end", "", at)]


def _shown(text: str, at: int) -> str:
    word = re.match(r"[\w.]+[\"']?", text[at:])
    return repr(word[0] if word else text[at])
