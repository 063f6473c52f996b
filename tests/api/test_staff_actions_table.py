"""Tests that the table of action forms is complete: commands, fields and messages."""

import pytest

from api.http.i18n import CHINESE, translations
from api.pages.actions.all_actions import ACTION_FORMS, GROUPS
from api.pages.actions.choices import LISTS
from api.pages.actions.spec import ActionForm
from domain.commands.forms import Choices, FieldKind
from domain.commands.registry import COMMANDS
from domain.ticket.minutes import Minutes
from domain.ticket.rating import Rating

NOT_IN_A_FORM = {
    "do": "the address of the form says it",
    "incident": "only the system merges the members of an incident",
}
"""Fields of commands that no form has, and the reason."""


def test_every_command_has_one_row_and_completing_has_one() -> None:
    assert len(ACTION_FORMS) == len({action_form.path for action_form in ACTION_FORMS})
    assert {action_form.command for action_form in ACTION_FORMS} == {*COMMANDS, None}


def test_every_list_that_a_form_names_is_filled() -> None:
    assert set(LISTS) == set(Choices)


@pytest.mark.parametrize("action_form", ACTION_FORMS, ids=lambda action_form: action_form.path)
def test_every_field_of_its_model_is_in_the_form(action_form: ActionForm) -> None:
    wanted = action_form.model.model_fields.keys() - NOT_IN_A_FORM.keys()
    assert {field.path[0] for field in action_form.form.fields} == wanted


def test_nested_models_are_filled_in_whole() -> None:
    nested = {
        field.into
        for action_form in ACTION_FORMS
        for field in action_form.form.fields
        if "." in field.into
    }
    assert nested == {f"minutes.{name}" for name in Minutes.model_fields} | {
        f"rating.{name}" for name in Rating.model_fields
    }


def test_shortcuts_are_told_apart_and_every_group_has_a_heading() -> None:
    keys = [action_form.form.shortcut for action_form in ACTION_FORMS if action_form.form.shortcut]
    assert len(keys) == len(set(keys))
    assert {action_form.form.group for action_form in ACTION_FORMS} == set(GROUPS)


def test_choices_have_choices_and_yes_or_no_has_both() -> None:
    chosen = {FieldKind.CHOICE, FieldKind.PICK, FieldKind.UNITS, FieldKind.CALLS}
    for action_form in ACTION_FORMS:
        for field in action_form.form.fields:
            assert (field.kind in chosen) == (field.choices is not None), (
                action_form.path,
                field.name,
            )
            assert (field.kind is FieldKind.YES_NO) == bool(field.yes and field.no)


def test_every_action_says_in_both_languages_what_it_is_and_what_was_done() -> None:
    chinese = translations(CHINESE)
    for action_form in ACTION_FORMS:
        for message in (action_form.form.label, action_form.form.done):
            assert chinese.gettext(message) != message
