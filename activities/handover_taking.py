"""The taking of matters: whom another city told of, and of whom no files are asked for a while."""

from datetime import datetime, timedelta

from pydantic import ValidationError

from domain.handover.handover import HandoverWords
from store.secrets.vault import Person

MOST_WAITING = 5_000
"""The matters among which those to be tried now are looked for: more than can wait."""

_NO_FILES = timedelta(seconds=30)


class AwayCities:
    """The cities of which no files are asked for a while. Forgotten with the process."""

    def __init__(self) -> None:
        self._cities: dict[str, datetime] = {}

    def no_files(self, neighbour: str, now: datetime) -> None:
        """Ask a city that is away for no files for a while."""
        if not self.without_files(neighbour, now):
            self._cities[neighbour] = now + _NO_FILES

    def without_files(self, neighbour: str, now: datetime) -> bool:
        """Return whether a city is asked for no files now."""
        return now < self._cities.get(neighbour, now)


def known_person(words: HandoverWords) -> Person | None:
    """Return whom the other city told of, as far as it is what a person can have here.

    Its rules are its own: a phone that we do not take must not keep the matter from being filed.
    """
    told = words.person.model_dump(exclude_defaults=True) if words.person else {}
    values: dict[str, str] = {}
    for name, value in told.items():
        try:
            Person.model_validate({name: value})
        except ValidationError:
            continue
        values[name] = value
    return Person.model_validate(values) if values else None
