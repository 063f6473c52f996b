"""Conversion of form input to a command: names to codes, dates to moments; errors are recorded at
their fields.
"""

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import Any

from starlette.datastructures import FormData

from api.pages.actions.choices import choices_of
from api.pages.actions.context import ActionContext
from api.pages.actions.spec import ActionForm, FormValues
from api.pages.shared.forms import Form, filled_in
from domain.canonical import folded, typed_code, typed_number
from domain.commands.forms import Field, FieldKind
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.words import N_

ROWS, PLANS = 6, 4
"""The number of rows in a form: units of one whistle, and plans of one meeting."""

IN = "_in"
"""The suffix of the field with a span's time unit."""

STORED_FILES = "kept"
"""The field with the ids of stored files."""

ROW_LABELS: dict[FieldKind, dict[str, str]] = {
    FieldKind.CALLS: {
        "unit": N_("Unit %(n)s"),
        "task": N_("Task of unit %(n)s"),
        "limit": N_("Limit of unit %(n)s"),
    },
    FieldKind.PLANS: {"title": N_("Plan %(n)s"), "votes": N_("Votes for plan %(n)s")},
}
"""The labels of a row's parts in error messages."""

_YES = {"yes": True, "true": True, "no": False, "false": False}
_NOT_LISTED = N_("Please choose one of the list.")
_NO_DATE = N_("This is not a date.")
_NO_NUMBER = N_("A number is needed here.")
_MISSING = N_("Please fill this in.")


def names(action_form: ActionForm, action_context: ActionContext) -> list[str]:
    """Return the HTML names of the form's fields."""
    fields = action_form.at(action_context)
    return [STORED_FILES, *(name for field in fields for name in _names(field))]


def _names(field: Field) -> Iterator[str]:
    match field.kind:
        case FieldKind.SPAN:
            yield from (field.name, field.name + IN)
        case FieldKind.CALLS:
            yield field.name
            for row in range(1, ROWS + 1):
                yield from (f"unit_{row}", f"task_{row}", f"limit_{row}", f"limit_{row}{IN}")
        case FieldKind.PLANS:
            yield field.name
            for row in range(1, PLANS + 1):
                yield from (f"title_{row}", f"pros_{row}", f"cons_{row}", f"votes_{row}")
        case _:
            yield field.name


def blank(action_form: ActionForm, action_context: ActionContext, values: dict[str, str]) -> Form:
    """Return the form without user input; `values` are fields prefilled by the URL."""
    known = names(action_form, action_context)
    presets = {field.name: field.preset for field in action_form.at(action_context) if field.preset}
    lengths = {name: "d" for name in known if name.endswith(IN)}
    filled = {name: text for name, text in values.items() if name in known and name != STORED_FILES}
    return Form.blank(*known, **(presets | lengths | filled))


def typed(action_form: ActionForm, action_context: ActionContext, sent: FormData) -> Form:
    """Return the submitted form; several values of a name, one a line."""
    known = names(action_form, action_context)
    form = Form.of(sent, *known)
    for name in known:
        texts = [filled_in(value) for value in sent.getlist(name) if isinstance(value, str)]
        form.typed[name] = "\n".join(value for value in texts if value)
    return form


def command_of(
    action_form: ActionForm, form: Form, action_context: ActionContext, files: list[str]
) -> Any:
    """Return the command, or the result handed in; None if the form has faults.

    Raises:
        ValidationError: for `Form.refuse`, with the remaining faults.
    """
    values: FormValues = {}
    for field in action_form.at(action_context):
        value = _value(field, form, action_context, files)
        if value is not None:
            _put(values, field.path, value)
    if form.faults:
        form.problem = "invalid_request"
        return None
    return action_form.model.model_validate(values)


def _put(values: FormValues, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
    if isinstance(value, list):
        value = [*values.get(path[-1], []), *value]
    values[path[-1]] = value


def _value(field: Field, form: Form, action_context: ActionContext, files: list[str]) -> Any:
    """Return the field's value for the command, if any."""
    text = form.typed[field.name]
    match field.kind:
        case FieldKind.FILES:
            return files
        case FieldKind.CALLS:
            return _calls(field, form, action_context) or None
        case FieldKind.PLANS:
            return _plans(form)
        case FieldKind.UNITS:
            lines = text.splitlines()
            texts = [_picked(form, field.name, line, field, action_context) for line in lines]
            return list(dict.fromkeys(code for code in texts if code))
        case FieldKind.RECORDS:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case FieldKind.SPAN:
            return _span(form, field.name)
    if not text:
        return None
    match field.kind:
        case FieldKind.YES_NO:
            return _YES.get(text, text)
        case FieldKind.PICK:
            return _picked(form, field.name, text, field, action_context)
        case FieldKind.MOMENT:
            return _moment(form, field.name, text, action_context.speech.zone)
        case FieldKind.DAY:
            return _day(form, field.name, text)
        case _:
            return text


def _picked(
    form: Form, name: str, text: str, field: Field, action_context: ActionContext
) -> str | None:
    """Return the code of a typed code, a name, or both as the list shows them."""
    if not text:
        return None
    text = typed_code(text)
    code = text.rpartition(" · ")[2]
    for choice in choices_of(field, action_context):
        if choice.value in (text, code) or folded(choice.words) == folded(text):
            return choice.value
    # A choice no longer listed (the form is sent a second time) is left to the ticket to refuse.
    known = _known(action_context.pack, text, code)
    if known is None:
        form.fail(name, _NOT_LISTED)
    return known


def _known(pack: Pack, text: str, code: str) -> str | None:
    things: list[Unit | Category] = [*pack.units, *pack.categories]
    for thing in things:
        if thing.code == code or folded(text) in (folded(thing.name), folded(thing.name_en)):
            return thing.code
    return None


def _span(form: Form, name: str) -> str | None:
    """Return a span as in packs, such as 3d."""
    count, unit = typed_number(form.typed[name]), form.typed[name + IN]
    if not count:
        return None
    if not count.isdecimal():
        return count
    if len(count) > 3 or int(count) == 0:
        form.fail(name, _NO_NUMBER)
        return None
    return f"{int(count)}{unit or 'd'}"


def _moment(form: Form, name: str, text: str, zone: tzinfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        form.fail(name, _NO_DATE)
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _day(form: Form, name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        form.fail(name, _NO_DATE)
        return None


def _calls(field: Field, form: Form, action_context: ActionContext) -> list[FormValues]:
    items = []
    for row in range(1, ROWS + 1):
        unit, task = form.typed[f"unit_{row}"], form.typed[f"task_{row}"]
        limit = _span(form, f"limit_{row}")
        if not (unit or task or limit):
            continue
        for name, text in ((f"unit_{row}", unit), (f"task_{row}", task)):
            if not text:
                form.fail(name, _MISSING)
        code = _picked(form, f"unit_{row}", unit, field, action_context)
        items.append({"unit": code, "task": task, **({"limit": limit} if limit else {})})
    if not items:
        form.fail("unit_1", _MISSING)
    return items


def _plans(form: Form) -> list[FormValues]:
    items = []
    for row in range(1, PLANS + 1):
        title, votes = form.typed[f"title_{row}"], form.typed[f"votes_{row}"]
        pros, cons = form.typed[f"pros_{row}"], form.typed[f"cons_{row}"]
        if not (title or votes or pros or cons):
            continue
        if not title:
            form.fail(f"title_{row}", _MISSING)
        if votes and not typed_number(votes).isdecimal():
            form.fail(f"votes_{row}", _NO_NUMBER)
            continue
        lines = {"title": title, "pros": pros.splitlines(), "cons": cons.splitlines()}
        items.append(lines | ({"votes": int(typed_number(votes))} if votes else {}))
    return items
