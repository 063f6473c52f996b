"""The door for Open311 clients: which categories they may file, and what is asked of each."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from domain.pack.policies import PackPart, Words
from domain.ticket.complaint import Code, Crs, Kind, of_wrongdoing

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""A text that clients show to citizens."""

CONSENT = "public"
"""The attribute by which a citizen refuses publication: every service has it."""

NO = "no"
"""The value of `CONSENT` that refuses it."""


class AttributeType(StrEnum):
    """The types of GeoReport v2."""

    STRING = "string"
    NUMBER = "number"
    DATETIME = "datetime"
    TEXT = "text"
    SINGLE = "singlevaluelist"
    MULTIPLE = "multivaluelist"


LISTS = frozenset({AttributeType.SINGLE, AttributeType.MULTIPLE})
"""The types whose values are chosen from a list."""


class AttributeValue(PackPart):
    """A value of a list. `code`: its key, which clients send."""

    code: Code
    name: Words


class ServiceAttribute(PackPart):
    """A question about a request. `hint`: how to answer it. `values`: the choices of a list."""

    code: Code
    name: Words
    type: AttributeType = AttributeType.STRING
    required: bool = False
    hint: str = Field("", max_length=200)
    values: tuple[AttributeValue, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.type in LISTS) != bool(self.values):
            raise ValueError("values: a list has them, and nothing else")
        codes = [value.code for value in self.values]
        if len(set(codes)) < len(codes):
            raise ValueError("values: a code is there twice")
        return self

    def name_of(self, value: str) -> str | None:
        """Return the name of a choice; None if it is none."""
        return next((one.name for one in self.values if one.code == value), None)


class RequestService(PackPart):
    """A category that Open311 clients may file, by its `code`.

    Without `name` and `keywords` they are the category's. `groups`: under which headings clients
    show it. `kind`: of the tickets that are filed by it.
    """

    code: Code
    name: str = Field("", max_length=100)
    description: str = Field("", max_length=500)
    keywords: tuple[Words, ...] = ()
    groups: tuple[Words, ...] = ()
    kind: Kind = Kind.COMPLAINT
    attributes: tuple[ServiceAttribute, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if of_wrongdoing(self.kind):
            raise ValueError("kind: what is filed here is public, and a report never is")
        codes = [one.code for one in self.attributes]
        if len(set(codes)) < len(codes):
            raise ValueError("attributes: a code is there twice")
        if CONSENT in codes:
            raise ValueError(f"attributes: {CONSENT} is every service's own")
        return self


class Open311Policy(PackPart):
    """`[open311]` of city.toml: without it the city has no such door.

    `contact`: whom developers ask, and where they get a key. `notice`: what clients show to
    citizens before and after filing: that the request is published. `crs`: the datum of the points
    that clients send; what is shown is WGS-84.
    """

    contact: Sentence
    notice: Sentence
    crs: Crs = Crs.WGS84
    services: tuple[RequestService, ...] = Field(min_length=1, max_length=500)

    def service(self, code: str) -> RequestService | None:
        """Return the service of that code, if there is one."""
        return next((one for one in self.services if one.code == code), None)
