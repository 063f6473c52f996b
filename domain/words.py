"""Messages of tables: marked where they are written, translated when they are shown."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

_HOLE = re.compile(r"%\((\w+)\)s")


def N_(message: str) -> str:
    """Mark a message in a table, to be translated when it is shown."""
    return message


@dataclass(frozen=True)
class Phrase:
    """A message marked with `N_`, and the values of its placeholders, of which some are phrases.

    Raises:
        ValueError: the values are not those of the placeholders
    """

    message: str
    values: Mapping[str, "str | Phrase"]

    def __post_init__(self) -> None:
        if set(_HOLE.findall(self.message)) != set(self.values):
            raise ValueError(f"{self.message!r} is not filled by {sorted(self.values)}")

    def text(self, say: Callable[[str], str] = N_) -> str:
        """Return the text in the language into which `say` translates messages, else in English."""
        values = {
            name: value.text(say) if isinstance(value, Phrase) else value
            for name, value in self.values.items()
        }
        return say(self.message) % values


def phrase(message: str, **values: object) -> Phrase:
    """Return a message with its values; what is not a phrase itself is written as it is."""
    written = {name: v if isinstance(v, Phrase) else str(v) for name, v in values.items()}
    return Phrase(message, written)


def clauses(parts: Iterable[Phrase]) -> Phrase:
    """Join one or more phrases to a sentence."""
    return reduce(lambda text, part: phrase(N_("%(text)s; %(part)s"), text=text, part=part), parts)


def listed(items: Iterable[str | Phrase]) -> str | Phrase:
    """List one or more values one after the other."""
    return reduce(
        lambda text, item: phrase(N_("%(text)s, %(item)s"), text=text, item=item), list(items)
    )
