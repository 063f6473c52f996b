"""The cities that have the door, and the one that is asked (`jurisdiction_id`)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.access.caller import Caller
from app.context import AppContext
from app.errors import FieldProblem, Problem
from domain.pack.open311 import Open311Policy
from domain.pack.pack import Pack

Model = TypeVar("Model", bound=BaseModel)


def open_doors(context: AppContext) -> list[Pack]:
    """Return the packs of the cities that have the door.

    Raises:
        Problem: not_in_this_city: none has it
    """
    packs = [context.packs.get(city) for city in context.packs.ids()]
    having = [pack for pack in packs if pack.open311 is not None]
    if not having:
        raise Problem("not_in_this_city", "Open311 is not offered here.")
    return having


def door(context: AppContext, jurisdiction: str | None, caller: Caller | None = None) -> Pack:
    """Return the pack of the city that is asked.

    Who names none means the city of their key, else the installation's own choice
    (`open311_city`), else the only one that has the door.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request: several have it
    """
    having = open_doors(context)
    asked = jurisdiction or (caller.city if caller is not None else None)
    if asked is not None:
        if caller is not None and not caller.serves(asked):
            raise Problem("not_your_city", "The api_key is for another jurisdiction.")
        found = next((pack for pack in having if pack.city.id == asked), None)
        if found is None:
            raise Problem("not_in_this_city", "jurisdiction_id is unknown here.")
        return found
    if len(having) == 1:
        return having[0]
    preset = next((pack for pack in having if pack.city.id == context.settings.open311_city), None)
    if preset is not None:
        return preset
    which = ", ".join(pack.city.id for pack in having)
    raise malformed("jurisdiction_id", "missing", f"is needed here: one of {which}")


def policy_of(pack: Pack) -> Open311Policy:
    """Return the rules of a door that is open.

    Raises:
        Problem: not_in_this_city
    """
    if pack.open311 is None:
        raise Problem("not_in_this_city", "Open311 is not offered here.")
    return pack.open311


def malformed(field: str, code: str, message: str) -> Problem:
    """Return the refusal of one parameter."""
    return Problem(
        "invalid_request", errors=[FieldProblem(field=field, code=code, message=message)]
    )


def read_as(
    model: type[Model], values: Mapping[str, Any], named: Callable[[str], str] = str
) -> Model:
    """Return the values as this model. `named`: the client's name of one of its fields.

    Raises:
        Problem: invalid_request
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Problem(
            "invalid_request",
            errors=[
                FieldProblem(
                    field=named(".".join(map(str, one["loc"]))),
                    code=one["type"],
                    message=one["msg"].removeprefix("Value error, "),
                )
                for one in error.errors(include_input=False, include_url=False)
            ],
        ) from None
