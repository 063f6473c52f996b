"""Files of a form: stored as by the API, and kept when the form is shown again."""

from collections.abc import Iterable
from typing import NamedTuple

from starlette.datastructures import FormData

from api.pages.actions.parsing import STORED_FILES
from api.pages.shared.chosen_files import chosen_files, store_chosen
from api.pages.shared.forms import Form
from api.pages.shared.translator import Translator
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.filing.file_views import FileOut, file_out
from app.filing.files import own_files, same_file
from domain.commands.forms import Field
from domain.ticket.files import file_id
from domain.words import N_
from media.errors import FileRefused
from store.db.errors import StoreError

MOST = 20


class FormFiles(NamedTuple):
    """The files of a form: `ids` lists their ids, `refused` the names and reason codes."""

    ids: list[str]
    refused: list[tuple[str, str]]


async def taken(
    context: AppContext, caller: Caller, number: str | None, sent: FormData, field: Field
) -> FormFiles:
    """Store the files chosen now, and keep those stored when the form was sent before.

    `number`: the ticket that they are for, if there is one already.
    """
    files = FormFiles(_stored_ids(sent), [])
    for chosen in chosen_files(sent, field.name):
        try:
            row = await store_chosen(context, caller, chosen, field.purpose)
        except (FileRefused, Problem, StoreError) as error:
            name = (chosen.filename or "")[:80]
            files.refused.append((name, str(getattr(error, "code", ""))))
            continue
        same = await same_file(context, caller, number, row.sha256) if number else None
        files.ids.append(same or row.id)
    return files


def tell(form: Form, field: Field, files: FormFiles, speech: Translator) -> None:
    """Record stored and refused files in the form."""
    form.typed[STORED_FILES] = "\n".join(files.ids)
    if files.refused:
        text = "; ".join(f"{name}: {speech.problem(code)}" for name, code in files.refused)
        form.fail(field.name, N_("Not taken: %(files)s What else you chose is kept."), files=text)
        form.problem = "invalid_request"


async def shown(context: AppContext, caller: Caller, ids: Iterable[str]) -> list[FileOut]:
    """Return the files of a form, with links; only the caller's own."""
    return [file_out(context, row) for row in await own_files(context, caller, list(ids))]


def _stored_ids(sent: FormData) -> list[str]:
    values = (value for value in sent.getlist(STORED_FILES) if isinstance(value, str))
    return [one for value in values for one in value.split() if file_id(one) == one][:MOST]
