"""Drawing of the ticket page: the details, the possible actions, and the open form."""

from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from api.pages.actions import files as action_files
from api.pages.actions import parsing
from api.pages.actions.all_actions import ACTION_FORMS, BY_PATH, GROUPS
from api.pages.actions.choices import LENGTHS, choices_of
from api.pages.actions.context import ActionContext
from api.pages.actions.execute import LATER
from api.pages.actions.possible import why_not
from api.pages.actions.spec import ActionForm
from api.pages.shared.forms import Form
from api.pages.shared.staff_page import staff_page
from api.pages.ticket.details import ticket_details
from app.context import AppContext
from app.filing.filing import Receipt
from app.sending.contact_budget import budget_of
from domain.commands.forms import FieldKind
from domain.commands.lookups import pending_request
from domain.words import N_
from store.secrets.vault import Person

_LATER = N_("Handed over. The page shows it in a moment: load it again.")


@dataclass(frozen=True)
class Opened:
    """The open action form. `stored_files`: ids of files that were received already."""

    action_form: ActionForm
    form: Form
    to: str = ""
    stored_files: tuple[str, ...] = ()


class ActionGroup(NamedTuple):
    """The actions of a group that are possible now."""

    heading: str
    action_forms: list[ActionForm]


async def draw(
    request: Request,
    context: AppContext,
    action_context: ActionContext,
    waiting: bool,
    opened: Opened | None,
    status: int = 200,
    *,
    look: Form | None = None,
    person: Person | None = None,
    receipt: Receipt | None = None,
) -> Response:
    """Draw the page. `look`: the refused form for unmasking the complainant."""
    can = [
        action_form for action_form in ACTION_FORMS if why_not(action_form, action_context) is None
    ]
    why = why_not(opened.action_form, action_context) if opened and not opened.form.wrong else None
    files = (
        await action_files.shown(context, action_context.caller, opened.stored_files)
        if opened
        else []
    )
    return staff_page(
        request,
        "ticket/ticket.html",
        action_context.caller,
        status,
        pack=action_context.pack,
        speech=action_context.speech,
        action_context=action_context,
        file=await ticket_details(context, action_context, waiting, person),
        action_groups=_groups(can),
        shortcuts=[action_form for action_form in can if action_form.form.shortcut],
        opened=opened,
        closed=why.code if why else None,
        blank=Form.blank(),
        kept=files,
        kinds=FieldKind,
        choices_of=choices_of,
        names=_labels(action_context, opened),
        lengths=LENGTHS,
        rows=parsing.ROWS,
        plans=parsing.PLANS,
        done=_done(request),
        look=look or Form.blank("purpose"),
        may_mediate=_may_mediate(action_context),
        receipt=receipt,
        contact_budget=await budget_of(context, action_context.caller, action_context.ticket),
        pending_request=pending_request(action_context.ticket),
    )


def _may_mediate(action_context: ActionContext) -> bool:
    """Return whether the caller reads the mediations of the ticket."""
    ticket, pack = action_context.ticket, action_context.pack
    return action_context.caller.may_with("list_mediations", ticket, pack)


def _done(request: Request) -> str | None:
    """Return the message for the action just done, if the address names one."""
    action_form = BY_PATH.get(request.query_params.get("done", ""))
    if action_form is None:
        return None
    return _LATER if LATER in request.query_params else action_form.form.done


def _labels(action_context: ActionContext, opened: Opened | None) -> dict[str, str]:
    """Return the labels of the fields of the open form."""
    say, fields = action_context.speech.say, opened.action_form.at(action_context) if opened else ()
    named = {field.name: say(field.label) for field in fields}
    for kind, parts in parsing.ROW_LABELS.items():
        if any(field.kind is kind for field in fields):
            rows = range(1, parsing.ROWS + 1)
            named |= {f"{part}_{n}": say(words, n=n) for part, words in parts.items() for n in rows}
    return named


def _groups(can: list[ActionForm]) -> list[ActionGroup]:
    """Group the possible actions in the order of `GROUPS`, without empty groups."""
    groups = [
        ActionGroup(
            heading, [action_form for action_form in can if action_form.form.group is group]
        )
        for group, heading in GROUPS.items()
    ]
    return [offered for offered in groups if offered.action_forms]
