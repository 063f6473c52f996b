"""Formulas of a city pack (CEL) in words: what is counted, and out of what."""

from api.pages.shared.page_words import PageWords
from domain.words import N_
from packs.condition_text import ConditionError, Token, tokens

_TRUE = {
    # boolean names: the words for true and for false
    "anonymous": (N_("anonymous"), N_("not anonymous")),
    "public": (N_("published"), N_("not published")),
    "open": (N_("still open"), N_("ended")),
    "due": (N_("due by now"), N_("not due yet")),
    "answered": (N_("answered"), N_("not answered")),
    "handled": (N_("handled by a unit"), N_("not handled")),
    "replied": (N_("replied to"), N_("not replied to")),
    "on_time": (N_("on time"), N_("not on time")),
    "late": (N_("late"), N_("not late")),
    "rated": (N_("rated"), N_("not rated")),
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
}
_VALUES = {
    # names that are compared
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
    "repeats": N_("earlier complaints about the same"),
    "urges": N_("urges"),
    "revisits": N_("revisits"),
    "co_handlers": N_("co-handlers"),
    "raised": N_("levels raised"),
    "delegations": N_("delegations"),
    "red": N_("red cards"),
    "yellow": N_("yellow cards"),
    "orders": N_("supervision orders"),
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
_LABELLED = ("kind", "channel", "outcome", "stage")
_ALL = N_("all of them")
_BY = {
    "ended": N_("Of the tickets that ended in the month"),
    "filed": N_("Of the tickets that were filed in the month"),
    "due": N_("Of the tickets that were due in the month"),
}


def in_words(condition: str, words: PageWords) -> str:
    """Put a condition into the reader's language; what has no words stays as written."""
    if condition.strip() == "true":
        return words.say(_ALL)
    try:
        return _Reader(tokens(condition), words).sentence()
    except ConditionError:
        return condition


def period_in_words(by: str, words: PageWords) -> str:
    """Return the words for the rule that puts a ticket into the month."""
    return words.say(_BY[by])


class _Reader:
    """A single pass over tokens; a name determines what the texts after it are values of."""

    def __init__(self, tokens: list[Token], words: PageWords) -> None:
        self._left, self._words = tokens[:-1], words
        self._about = ""

    def sentence(self) -> str:
        parts: list[str] = []
        while self._left:
            parts.append(self._next())
        text = " ".join(part for part in parts if part)
        tidied = text.replace("( ", "(").replace(" )", ")")
        return tidied.replace(" ", "") if self._words.language == "zh" else tidied

    def _next(self) -> str:
        token = self._left.pop(0)
        if token.text == "!":
            return self._name(self._left.pop(0), 1)
        if token.kind == "name" and token.text != "in":
            return self._name(token, 0)
        if token.kind == "text":
            return self._value(token.text[1:-1])
        if token.text in "[]":
            return ""
        return self._words.say(_SIGNS[token.text]) if token.text in _SIGNS else token.text

    def _name(self, token: Token, negated: int) -> str:
        if token.text == "t" and self._left and self._left[0].text == ".":
            self._left.pop(0)
            token = self._left.pop(0)
        self._about = token.text
        if token.text in _TRUE:
            return self._words.say(_TRUE[token.text][negated])
        text = self._words.say(_VALUES.get(token.text, token.text))
        return f"!{text}" if negated else text

    def _value(self, text: str) -> str:
        if self._about in _LABELLED:
            return self._words.label(self._about, text)
        return f"“{text}”"
