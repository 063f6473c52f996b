"""Formulas of a city pack (CEL) in words: what is counted, and out of what."""

import re

from api.http.i18n import CHINESE
from api.pages.shared.formatting import BilingualName
from api.pages.shared.page_words import PageWords
from domain.pack.pack import Pack
from domain.words import N_
from packs.condition_text import ConditionError, Token, tokens

_TRUE = {
    # boolean names: the words for true and for false
    "anonymous": (N_("anonymous"), N_("not anonymous")),
    "has_address": (N_("with an address"), N_("without an address")),
    "has_point": (N_("placed on the map"), N_("not placed on the map")),
    "public": (N_("published"), N_("not published")),
    "open": (N_("still open"), N_("ended")),
    "due": (N_("due by now"), N_("not due yet")),
    "answered": (N_("answered"), N_("not answered")),
    "handled": (N_("handled by a unit"), N_("not handled")),
    "replied": (N_("replied to"), N_("not replied to")),
    "on_time": (N_("on time"), N_("not on time")),
    "late": (N_("late"), N_("not late")),
    "rated": (N_("rated"), N_("not rated")),
    "rated_apart": (N_("with a rating set apart"), N_("without a rating set apart")),
    "asked": (N_("the citizen said whether there was contact"), N_("nothing said about contact")),
    "contacted": (N_("the citizen was contacted"), N_("the citizen was not contacted")),
    "resolved": (N_("solved, by the citizen's word"), N_("not solved, by the citizen's word")),
    "satisfied": (N_("the citizen is satisfied"), N_("the citizen is not satisfied")),
    "merged": (N_("merged into another"), N_("not merged")),
    "joint": (N_("handled by several units"), N_("handled by one unit")),
    "arbitrated": (N_("arbitrated"), N_("not arbitrated")),
    "verified": (N_("looked at on the spot"), N_("not looked at on the spot")),
    "excluded": (N_("excluded"), N_("not excluded")),
    "recurred": (N_("the problem came back"), N_("the problem did not come back")),
    "supervised": (N_("went to supervision"), N_("did not go to supervision")),
    "true": (N_("always true"), N_("never true")),
    "false": (N_("never true"), N_("always true")),
}
_VALUES = {
    # names that are compared
    "number": N_("ticket number"),
    "area": N_("division code"),
    "unit_kind": N_("kind of unit"),
    "kind": N_("kind"),
    "channel": N_("channel"),
    "category": N_("category"),
    "tier": N_("tier"),
    "unit": N_("unit"),
    "level": N_("level"),
    "outcome": N_("outcome"),
    "stage": N_("stage"),
    "grade": N_("grade"),
    "hours": N_("hours since filing"),
    "returns": N_("returns"),
    "reworks": N_("reworks"),
    "extensions": N_("extensions"),
    "holds": N_("times put on hold"),
    "severity": N_("severity"),
    "complainants": N_("people who complained"),
    "repeats": N_("earlier complaints about the same"),
    "urges": N_("urges"),
    "revisits": N_("revisits"),
    "co_handlers": N_("co-handlers"),
    "raised": N_("levels raised"),
    "delegations": N_("delegations"),
    "red": N_("red cards"),
    "yellow": N_("yellow cards"),
    "orders": N_("supervision orders"),
    "notices": N_("public notices"),
    "evidence": N_("pieces of evidence"),
    "lot": N_("lot (0 to 99)"),
}
_SIGNS = {
    "&&": N_("and"),
    "||": N_("or"),
    "==": N_("is"),
    "!=": N_("is not"),
    "in": N_("is one of"),
    ">": N_("more than"),
    "<": N_("less than"),
    ">=": N_("at least"),
    "<=": N_("at most"),
    ",": N_("or"),
}
_CALLS = {
    # functions of texts
    "startsWith": N_("begins with"),
    "endsWith": N_("ends with"),
    "contains": N_("contains"),
}
_SIZE = N_("length of %(text)s")
_BRACKETS = {"(": "（", ")": "）"}
_LABELLED = ("kind", "channel", "outcome", "stage", "level", "unit_kind")
_ALL = N_("all of them")
_NOT = N_("not")
_EMPTY = N_("empty")
_BY = {
    "ended": N_("Of the tickets that ended in the month"),
    "filed": N_("Of the tickets that were filed in the month"),
    "due": N_("Of the tickets that were due in the month"),
}
_ESCAPED = re.compile(r"\\(['\"\\])")


def in_words(condition: str, words: PageWords, pack: Pack) -> str:
    """Put a condition into the reader's language; what has no words stays as written."""
    if condition.strip() == "true":
        return words.say(_ALL)
    try:
        return _Reader(tokens(condition), words, pack).sentence()
    except ConditionError:
        return condition


def period_in_words(by: str, words: PageWords) -> str:
    """Return the words for the rule that puts a ticket into the month."""
    return words.say(_BY[by])


class _Reader:
    """A single pass over tokens; a name determines what the texts after it are values of."""

    def __init__(self, tokens: list[Token], words: PageWords, pack: Pack) -> None:
        self._left, self._words, self._pack = tokens[:-1], words, pack
        self._about = ""

    def sentence(self) -> str:
        parts: list[str] = []
        while self._left:
            parts += self._next()
        return self._joined(parts)

    def _joined(self, parts: list[str]) -> str:
        if self._words.language == CHINESE:
            return "".join(_BRACKETS.get(part, part) for part in parts)
        text, before = "", "("
        for part in parts:
            text += part if before == "(" or part == ")" else f" {part}"
            before = part
        return text

    def _next(self) -> list[str]:
        token = self._pop()
        if token.text == "!":
            return self._negation()
        if token.text == "(":
            return ["(", *self._until(")"), ")"]
        if token.text == ".":
            return self._call(self._pop().text)
        if token.kind == "name" and token.text != "in":
            return self._name(token.text)
        if token.kind == "text":
            return [self._value(_ESCAPED.sub(r"\1", token.text[1:-1]))]
        if token.text in "[]":
            return []
        return [self._words.say(_SIGNS[token.text]) if token.text in _SIGNS else token.text]

    def _pop(self) -> Token:
        if not self._left:
            raise ConditionError("the condition breaks off")
        return self._left.pop(0)

    def _comes(self, *texts: str) -> bool:
        """Return whether these tokens come next."""
        return tuple(token.text for token in self._left[: len(texts)]) == texts

    def _until(self, end: str) -> list[str]:
        parts: list[str] = []
        while not self._comes(end):
            parts += self._next()
        self._pop()
        return parts

    def _negation(self) -> list[str]:
        negated = True
        while self._comes("!"):
            self._pop()
            negated = not negated
        if not negated:
            return self._next()
        if self._left and self._left[0].kind == "name":
            return self._name(self._pop().text, negated=True)
        return [self._words.say(_NOT), *self._next()]

    def _name(self, name: str, *, negated: bool = False) -> list[str]:
        if name == "t" and self._comes("."):
            self._pop()
            name = self._pop().text
        self._about = name
        if name in _TRUE:
            return [self._words.say(_TRUE[name][self._compared(negated)])]
        if name == "size":
            return [self._words.say(_SIZE) % {"text": self._joined(self._arguments(name))}]
        parts = [self._words.say(_VALUES.get(name, name))]
        while self._comes("."):
            self._pop()
            parts += self._call(self._pop().text)
        return [self._words.say(_NOT), "(", *parts, ")"] if negated else parts

    def _compared(self, negated: bool) -> bool:
        """Return whether a name that is compared with true or false is negated by that, too."""
        for sign in ("==", "!="):
            for value in ("true", "false"):
                if self._comes(sign, value):
                    del self._left[:2]
                    return negated != ((sign == "!=") != (value == "false"))
        return negated

    def _call(self, function: str) -> list[str]:
        return [self._words.say(_CALLS.get(function, function)), *self._arguments(function)]

    def _arguments(self, function: str) -> list[str]:
        """Read the arguments of a function, in brackets."""
        self._about = ""
        if not self._comes("("):
            raise ConditionError(f"{function} has no arguments")
        self._pop()
        return self._until(")")

    def _value(self, text: str) -> str:
        if not text:
            return self._words.say(_EMPTY)
        if self._about in _LABELLED:
            return self._words.label(self._about, text)
        return f"“{self._named(text)}”"

    def _named(self, code: str) -> str:
        """Return the pack's name of a code."""
        thing: BilingualName | None = None
        match self._about:
            case "tier":
                thing = self._pack.tiers.get(code)
            case "category" if self._pack.knows(code):
                thing = self._pack.category(code)
            case "unit" if self._pack.has_unit(code):
                thing = self._pack.unit(code)
        return self._words.named(thing) if thing else code
