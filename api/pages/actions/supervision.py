"""The action forms of supervision, appointments and revisits."""

from datetime import timedelta

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.context import ActionContext
from api.pages.actions.fields import RECORDS, files, note, said
from api.pages.actions.spec import ActionForm, Field, FieldKind, Group, Told
from domain.commands import supervising


def _later(occasion: ActionContext) -> list[Told]:
    return [{"starts_at": occasion.now + timedelta(days=1)}]


def _holds(_occasion: ActionContext) -> list[Told]:
    return [{"holds": True}]


DEEDS = (
    ActionForm(
        "supervise",
        supervising.Supervise,
        Group.DECIDE,
        N_("Issue an order"),
        N_("Ordered. The unit that leads has to answer."),
        fields=(said("text", N_("Order")),),
        shortcut="i",
    ),
    ActionForm(
        "notice",
        supervising.Notice,
        Group.DECIDE,
        N_("Public notice"),
        N_("The notice is recorded."),
        N_("Names what was neglected, inside the city."),
        (said("text", N_("What was neglected")),),
    ),
    ActionForm(
        "minutes",
        supervising.KeepMinutes,
        Group.RECORD,
        N_("Keep minutes"),
        N_("The minutes are kept."),
        fields=(
            Field(
                "what",
                FieldKind.CHOICE,
                N_("Meeting"),
                required=True,
                choices=choices.meetings,
                into="minutes.what",
            ),
            said("text", N_("Minutes"))._replace(into="minutes.text"),
            Field(
                "units",
                FieldKind.UNITS,
                N_("Who was there"),
                choices=choices.involved_units,
                into="minutes.units",
            ),
            Field("residents", FieldKind.COUNT, N_("How many residents"), into="minutes.residents"),
            Field(
                "options",
                FieldKind.PLANS,
                N_("What was deliberated"),
                N_("One reason a line."),
                into="minutes.options",
            ),
            note("decision", N_("Decision"))._replace(into="minutes.decision"),
            Field(
                "agreed",
                FieldKind.YES_NO,
                N_("Did they agree?"),
                yes=N_("Agreed"),
                no=N_("Not agreed"),
                into="minutes.agreed",
            ),
        ),
    ),
    ActionForm(
        "settle-all",
        supervising.SettleAll,
        Group.RECORD,
        N_("Settle all of the kind"),
        N_("Inspections are opened."),
        N_("Found one: an inspection is opened at every unit of the lead's kind, or those named."),
        (
            said("text", N_("What to inspect")),
            Field(
                "units",
                FieldKind.UNITS,
                N_("At which units"),
                N_("Left empty: at every unit of the lead's kind."),
                choices=choices.units_alike,
            ),
        ),
        trials=lambda _occasion: ({}, {"units": ["-"]}),
    ),
    ActionForm(
        "appoint",
        supervising.Appoint,
        Group.RECORD,
        N_("Make an appointment"),
        N_("The appointment is made; the citizen is told."),
        fields=(
            Field("starts_at", FieldKind.MOMENT, N_("When"), required=True),
            note("text", N_("What the citizen has to know")),
        ),
        trials=_later,
    ),
    ActionForm(
        "revisit",
        supervising.Revisit,
        Group.RECORD,
        N_("Record a revisit"),
        N_("The revisit is recorded."),
        N_("Whether the effect holds. Where it does not, the ticket goes on."),
        (
            Field(
                "holds",
                FieldKind.YES_NO,
                N_("Does it hold?"),
                required=True,
                yes=N_("It holds"),
                no=N_("It is back"),
            ),
            said("note", N_("What was seen")),
            files(N_("Photos and papers")),
            RECORDS,
        ),
        trials=_holds,
    ),
    ActionForm(
        "replan",
        supervising.Replan,
        Group.RECORD,
        N_("Plan provisional dates again"),
        N_("The dates were planned by the published calendar."),
        N_("After a year's working calendar was published. It also happens by itself."),
    ),
)
