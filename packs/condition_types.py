"""The type checker for conditions of a city pack.

The CEL library compiles without checking whether a name exists or whether two values can be
compared; it fails at run time, and only in the branch it takes. A condition of a pack decides
about tickets for years, so it is parsed here first, by the grammar of CEL, and whatever could fail
later is refused now. Every accepted condition runs in time proportional to its length.

The grammar is a subset of CEL: `? :`, `||`, `&&`, `!`, comparisons, `in` a list of constants,
`+` and `-` on numbers, the functions of `FUNCTIONS`, and fields of the condition's variables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from packs.condition_text import ConditionError, Token, tokens

BOOL, WHOLE, DECIMAL, TEXT = "true or false", "a whole number", "a decimal number", "a text"
_NUMBERS = (WHOLE, DECIMAL)
_FIELD_TYPES: dict[object, str] = {bool: BOOL, int: WHOLE, float: DECIMAL, str: TEXT}

FUNCTIONS = ("size", "startsWith", "endsWith", "contains")
MOST_NESTED = 20
MOST_OPERATORS = 60


@dataclass
class Reading:
    """The result of parsing a condition.

    `fields`: those it uses, per variable. `text`: its text with `size` renamed to `characters`.
    """

    text: str
    fields: dict[str, list[str]]


def read(text: str, vocabulary: Mapping[str, type[BaseModel]]) -> Reading:
    """Parse `text`; ConditionError unless it is true or false for all values."""
    reader = _Reader(text, vocabulary)
    result = reader.choice()
    if reader.here.kind != "end":
        raise ConditionError(f"{reader.here.text!r} is not expected here")
    if result != BOOL:
        raise ConditionError(f"the condition is {result}, not {BOOL}")
    return Reading(reader.counted(), {name: sorted(used) for name, used in reader.used.items()})


@dataclass
class _Reader:
    """A left-to-right parser; each method returns the type of the expression it has read."""

    text: str
    vocabulary: Mapping[str, type[BaseModel]]
    used: dict[str, set[str]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    depth: int = 0
    operators: int = 0

    def __post_init__(self) -> None:
        self._tokens = tokens(self.text)
        self._next = 0

    @property
    def here(self) -> Token:
        return self._tokens[self._next]

    def counted(self) -> str:
        """Return the text with each call of `size` renamed.

        The library's `size` counts bytes, where CEL counts characters: 提级 would be 6 long.
        """
        text = self.text
        for at in reversed(self.sizes):
            text = f"{text[:at]}characters{text[at + len('size') :]}"
        return text

    def choice(self) -> str:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise ConditionError(f"nested more than {MOST_NESTED} deep")
        result = self._chain("||", lambda: self._chain("&&", self._comparison))
        if self._takes("?"):
            _must(result, BOOL, "before ?")
            first = self.choice()
            self._expects(":")
            second = self.choice()
            if first != second:
                raise ConditionError(f"? : chooses between {first} and {second}")
            result = first
        self.depth -= 1
        return result

    def _chain(self, sign: str, part: Callable[[], str]) -> str:
        result = part()
        while self._takes(sign):
            _must(result, BOOL, f"before {sign}")
            _must(part(), BOOL, f"after {sign}")
        return result

    def _comparison(self) -> str:
        left = self._sum()
        sign = self.here.text
        if self.here.kind == "name" and sign == "in":
            self._advance()
            _comparable(left, self._list(), "in")
            return BOOL
        if sign not in ("==", "!=", "<", "<=", ">", ">="):
            return left
        self._advance()
        right = self._sum()
        _comparable(left, right, sign)
        if left == BOOL and sign not in ("==", "!="):
            raise ConditionError(f"{sign} does not compare {BOOL}")
        return BOOL

    def _sum(self) -> str:
        result = self._signed()
        while (sign := self.here.text) in ("+", "-"):
            self._advance()
            added = self._signed()
            if result not in _NUMBERS or added != result:
                message = f"{sign} joins {result} and {added}: it needs two numbers of one sort"
                raise ConditionError(f"{message} (1 is a whole one, 1.0 a decimal one)")
        return result

    def _signed(self) -> str:
        if self._takes("!"):
            return _must(self._deeper(self._signed), BOOL, "after !")
        if self._takes("-"):
            result = self._deeper(self._signed)
            if result not in _NUMBERS:
                raise ConditionError(f"- before {result}: it needs a number")
            return result
        return self._member()

    def _deeper(self, part: Callable[[], str]) -> str:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise ConditionError(f"nested more than {MOST_NESTED} deep")
        result = part()
        self.depth -= 1
        return result

    def _member(self) -> str:
        type_name = self._simple()
        while self._takes("."):
            name = self._name()
            if self.here.text != "(":
                raise ConditionError(f"{name!r} is not a field of {type_name}")
            type_name = self._call(name, type_name)
        if self.here.text == "[":
            raise ConditionError("[ ] after a value is not possible here")
        return type_name

    def _simple(self) -> str:
        token = self.here
        self._advance()
        if token.text == "(":
            result = self.choice()
            self._expects(")")
            return result
        if token.kind == "text":
            return TEXT
        if token.kind in ("whole", "decimal"):
            return WHOLE if token.kind == "whole" else DECIMAL
        if token.text in ("true", "false"):
            return BOOL
        if token.kind == "name" and self.here.text == "(":
            return self._call(token.text, None)
        if token.kind == "name":
            return self._field(token.text)
        if token.text == "[":
            raise ConditionError("a list stands only after in")
        raise ConditionError(
            f"{token.text!r} is not expected here" if token.text else "the condition breaks off"
        )

    def _field(self, variable: str) -> str:
        model = self.vocabulary.get(variable)
        if model is None:
            known = ", ".join(self.vocabulary)
            raise ConditionError(f"unknown variable {variable!r}; known here: {known}")
        if not self._takes("."):
            raise ConditionError(f"{variable!r} alone says nothing: name one of its fields")
        name = self._name()
        if name not in model.model_fields:
            raise ConditionError(f"{variable!r} has no field {name!r}")
        self.used.setdefault(variable, set()).add(name)
        return _FIELD_TYPES[model.model_fields[name].annotation]

    def _call(self, function: str, of: str | None) -> str:
        if function not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise ConditionError(f"unknown function {function!r}; known: {known}")
        begins = self._tokens[self._next - 1].at
        self._expects("(")
        values = [of] if of is not None else []
        while not self._takes(")"):
            if len(values) > (of is not None):
                self._expects(",")
            values.append(self.choice())
        if function == "size":
            self.sizes.append(begins)
        if function != "size" and of is None:
            raise ConditionError(f'{function} follows a text: t.area.{function}("…")')
        if values != [TEXT] * (1 if function == "size" else 2):
            raise ConditionError(f"{function} is asked of {' and '.join(values) or 'nothing'}")
        return WHOLE if function == "size" else BOOL

    def _list(self) -> str:
        """Read a list of one or more constants of one type; return that type."""
        self._expects("[")
        result = ""
        while True:
            negative = self._takes("-")
            token = self.here
            if token.kind not in ("text", "whole", "decimal") or (
                negative and token.kind == "text"
            ):
                raise ConditionError("after in stands a list of texts or numbers")
            sort = self._simple()
            if result and sort != result:
                raise ConditionError(f"the list has {result} and {sort}")
            result = sort
            if not self._takes(","):
                self._expects("]")
                return result

    def _name(self) -> str:
        token = self.here
        if token.kind != "name":
            raise ConditionError("a name is missing after the dot")
        self._advance()
        return token.text

    def _advance(self) -> None:
        token = self.here
        if token.kind == "sign" and token.text not in "()[],.:":
            self.operators += 1
            if self.operators > MOST_OPERATORS:
                raise ConditionError(f"more than {MOST_OPERATORS} operators")
        if token.kind != "end":
            self._next += 1

    def _takes(self, sign: str) -> bool:
        taken = self.here.kind == "sign" and self.here.text == sign
        if taken:
            self._advance()
        return taken

    def _expects(self, sign: str) -> None:
        if not self._takes(sign):
            page_text = repr(self.here.text) if self.here.text else "the end"
            raise ConditionError(f"{sign} is missing before {page_text}")


def _must(result: str, wanted: str, where: str) -> str:
    if result != wanted:
        raise ConditionError(f"{where} stands {result}, not {wanted}")
    return result


def _comparable(left: str, right: str, sign: str) -> None:
    if left != right and not (left in _NUMBERS and right in _NUMBERS):
        raise ConditionError(f"{sign} compares {left} with {right}")
