"""The acts of carried forms in words, shown before one is sent.

A form of an address that is not here is not carried.
"""

import re
from typing import NamedTuple

from domain.commands.registry import COMMANDS
from domain.words import N_

_ON_TICKET = re.compile(r"/staff/tickets/(\d{13})/([a-z-]+)")
_TICKET_ACTS = {command.spec.path: command.spec.form.label for command in COMMANDS} | {
    "complete": N_("Hand in the result"),
    "recur": N_("It is back"),
    "person": N_("Show in full who complained"),
    "access-code": N_("Replace the access code"),
    "councils": N_("Prepare a council"),
    "checks": N_("Have the place looked at"),
    "promises": N_("Record a promise"),
    "mediations": N_("Open a mediation"),
    "handovers": N_("Hand the ticket over to another city"),
}
_BESIDE = (
    (r"/staff/tickets/(\d{13})/councils/\w+/[a-z0-9/-]+", N_("Change a council")),
    (r"/staff/tickets/(\d{13})/promises/\w+/keep", N_("Say that a promise is kept")),
    (r"/staff/tickets/(\d{13})/promises/\w+/break", N_("Say that a promise is not kept")),
    (r"/staff/tickets/(\d{13})/promises/\w+/excuse", N_("Excuse a promise")),
    (r"/staff/tickets/(\d{13})/handovers/withdraw", N_("Take back the offer to another city")),
    (r"/staff/tickets/(\d{13})/machines/contest", N_("Contest what a program did")),
    (r"/staff/tickets/(\d{13})/machines/person", N_("Ask for a person")),
    (r"/staff/tickets/(\d{13})/machines/\w+/decide", N_("Decide what was asked about a program")),
    (r"/staff/tickets/(\d{13})/machines/drafts/\w+/(?:use|discard)", N_("Decide on a draft")),
    (r"/staff/tickets/(\d{13})/mediations/\w+/[a-z0-9/-]+", N_("Change a mediation")),
    (r"/staff/tickets/(\d{13})/rating-checks/\w+/count", N_("Let a rating count")),
    (
        r"/staff/satisfaction/[\w.-]+/tickets/(\d{13})",
        N_("Record a second answer"),
    ),
    (r"/staff/hearings/[\w.-]+/tickets/(\d{13})/(?:answer|promise)", N_("Change a public hearing")),
)
"""The acts beside a ticket's workflow, with the ticket's number in the address."""

_OTHERS = (
    (r"/staff/call(/suggestions|/caller)?", N_("The call screen: search, file, answer or add")),
    (r"/staff/call-backs/phone", N_("Show in full who complained")),
    (r"/staff/call-backs/call-back", N_("Record a call-back")),
    (r"/staff/decisions/decide", N_("Decide a request")),
    (r"/staff/decisions/arbitrate", N_("Record an arbitration")),
    (r"/staff/merge", N_("Merge tickets")),
    (r"/staff/merge/unmerge", N_("Let a merged ticket go its own way")),
    (r"/staff/register", N_("Batch registration")),
    (r"/staff/batches(/[0-9a-f]+)?", N_("File a batch of slips")),
    (r"/staff/triage/triage", N_("Classify a ticket")),
    (r"/staff/triage/reassign", N_("Reassign a ticket")),
    (r"/staff/triage/conclude", N_("Conclude a ticket")),
    (r"/staff/inbox/sign", N_("Sign the ticked tickets")),
    (r"/staff/inbox/delegate", N_("Delegate the ticked tickets")),
    (r"/staff/inbox/print", N_("Print the ticked tickets")),
    (r"/staff/rewards/\w+", N_("Decide on a reward that is held back")),
    (r"/staff/grid", N_("Send what a grid worker wrote")),
    (r"/staff/grid-workers/\w+", N_("Confirm, appoint or end a grid worker")),
    (r"/staff/diaries", N_("Search the diaries")),
    (r"/staff/diaries/tickets", N_("File a ticket of diary entries")),
    (r"/staff/prizes", N_("Hand out a prize")),
    (r"/staff/rounds/[\w.-]+/stamps", N_("Say that you are at a point")),
    (r"/staff/rounds/[\w.-]+/finish", N_("Finish a round")),
    (r"/staff/rounds/[\w.-]+/findings", N_("Report what was found on a round")),
    (r"/staff/satisfaction", N_("Draw citizens to ask again")),
    (r"/staff/patrols/draws", N_("Draw rounds for unannounced checks")),
    (r"/staff/patrols/draws/[\w.-]+/sheets/[\w.-]+", N_("Fill an evaluation sheet")),
    (r"/staff/handovers/[\w.-]+/[0-9a-f]+/accept", N_("Take on what a city hands over")),
    (r"/staff/handovers/[\w.-]+/[0-9a-f]+/refuse", N_("Refuse what a city hands over")),
    (r"/staff/supervision", N_("Put a ticket on a supervision list")),
    (r"/staff/supervision/\w+/[a-z-]+", N_("Change a row of a supervision list")),
    (r"/staff/contractors/[\w-]+/close", N_("Close a month of assessment")),
    (r"/staff/contractors/[\w-]+/\w+/object", N_("Object to a line of a sheet")),
    (r"/staff/contractors/[\w-]+/\w+/decide", N_("Decide an objection")),
    (r"/staff/council-topics", N_("Open a topic for councils")),
    (r"/staff/council-topics/[\w.-]+/councils", N_("Prepare a council")),
    (r"/staff/council-topics/[\w.-]+/councils/\w+/[a-z0-9/-]+", N_("Change a council")),
    (r"/staff/council-topics/[\w.-]+/tickets", N_("Link a ticket to a topic")),
    (r"/staff/topics/[\w.-]+/[a-z]+", N_("Act on a topic")),
    (r"/staff/incidents", N_("Declare an incident")),
    (r"/staff/incidents/\w+/[\w/-]+", N_("Change an incident")),
    (r"/staff/hearings", N_("Prepare a public hearing")),
    (r"/staff/hearings/[\w.-]+/[\w/-]+", N_("Change a public hearing")),
    (r"/staff/report-card", N_("Choose a typical case")),
    (r"/staff/appointments/[\w-]+/visit", N_("Say whether somebody came")),
    (r"/staff/appointments/[\w-]+/move", N_("Move an appointment")),
    (r"/staff/me", N_("Change your password")),
    (r"/staff/me/sessions/\w+/end", N_("End one of your sessions")),
    (r"/staff/admin/waiting/\w+", N_("Try again what waits")),
    (r"/staff/admin/outbox/test", N_("Send a test")),
    (r"/staff/admin/outbox/\w+", N_("Send messages anew")),
    (r"/staff/admin/people", N_("Make an account")),
    (r"/staff/admin/people/\w+", N_("Change an account")),
    (r"/staff/admin/people/\w+/password", N_("Give an account a new password")),
    (r"/staff/admin/people/\w+/[a-z-]+", N_("Close, open or sign out an account")),
    (r"/staff/admin/tokens", N_("Issue a token")),
    (r"/staff/admin/tokens/\w+/revoke", N_("Revoke a token")),
    (r"/staff/admin/webhooks", N_("Make a webhook")),
    (r"/staff/admin/webhooks/\w+/[a-z]+", N_("Change a webhook")),
)


class CarriedAct(NamedTuple):
    """An act in words, and the ticket that it concerns."""

    label: str
    number: str | None = None


def act_at(address: str) -> CarriedAct | None:
    """Return what a form that is sent to this address does; None for an unknown one."""
    path = address.partition("?")[0]
    on_ticket = _ON_TICKET.fullmatch(path)
    if on_ticket is not None:
        label = _TICKET_ACTS.get(on_ticket[2])
        return CarriedAct(label, on_ticket[1]) if label else None
    for pattern, label in _BESIDE:
        if (beside := re.fullmatch(pattern, path)) is not None:
            return CarriedAct(label, beside[1])
    labels = (label for pattern, label in _OTHERS if re.fullmatch(pattern, path))
    return next(map(CarriedAct, labels), None)
