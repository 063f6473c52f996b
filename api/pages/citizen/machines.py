"""The forms of a citizen about machines: contest an act, and ask for a person."""

from api.pages.shared.forms import Form
from app.access.caller import Caller
from app.agents import requests
from app.agents.requests import ContestIn, PersonIn
from app.context import AppContext


async def contest(context: AppContext, caller: Caller, number: str, form: Form) -> None:
    """Contest an act of a machine."""
    await requests.contest_machine(
        context, caller, number, ContestIn.model_validate(form.filled("version", "reason"))
    )


async def person(context: AppContext, caller: Caller, number: str, form: Form) -> None:
    """Ask for a person."""
    await requests.ask_for_person(
        context, caller, number, PersonIn.model_validate(form.filled("reason"))
    )
