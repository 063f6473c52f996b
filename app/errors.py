"""Errors with their stable codes, HTTP status and title; see docs/reference/errors.md."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, Field


class Code(NamedTuple):
    status: int
    title: str
    headers: Mapping[str, str] = {}


_LATER = {"Retry-After": "5"}


CODES: dict[str, Code] = {
    # --- the request itself
    "malformed_json": Code(400, "The body is not JSON."),
    "bad_cursor": Code(400, "The cursor was not given out by this list."),
    "unauthenticated": Code(
        401, "A valid token or access code is needed.", {"WWW-Authenticate": "Bearer"}
    ),
    "not_found": Code(404, "There is nothing at this address."),
    "method_not_allowed": Code(405, "This address does not take this method."),
    "body_too_large": Code(413, "The body is too large."),
    "payload_too_large": Code(413, "It says more than a ticket can take at once."),
    "unknown_parameter": Code(422, "The address asks for something that is not known here."),
    "invalid_request": Code(422, "Some fields are missing or not as they should be."),
    "idempotency_key_reused": Code(422, "This key was used for something else."),
    "bad_number": Code(422, "This is not a ticket number."),
    "malformed_upload": Code(400, "The form is not one with a file."),
    "upload_interrupted": Code(400, "The upload broke off; nothing was kept."),
    "upload_too_slow": Code(408, "The upload took too long; nothing was kept."),
    "file_too_large": Code(413, "The file is larger than files of its kind may be."),
    "unsupported_file": Code(415, "Files of this type are not accepted."),
    "mislabelled_file": Code(415, "The content of the file is not of its declared type."),
    "bad_range": Code(416, "The file has no such part."),
    "empty_file": Code(422, "The file is empty."),
    "broken_file": Code(422, "The file is damaged, or not what it seems to be."),
    "active_content": Code(422, "The file has active content."),
    "picture_too_large": Code(422, "The picture has too many pixels."),
    "file_too_complex": Code(422, "The file could not be examined with reasonable effort."),
    "unknown_file": Code(422, "No such file to attach: unknown, expired or somebody else's."),
    "too_many_files": Code(422, "The ticket has as many files of this kind as it may."),
    "too_many_uploads": Code(429, "Too many uploads; wait a while.", {"Retry-After": "3600"}),
    "too_many_attempts": Code(429, "Too many wrong codes or passwords; wait a while."),
    "too_many_requests": Code(429, "Too often in so short a time; wait a while."),
    # --- permissions and existence
    "forbidden": Code(403, "This role may not do that."),
    "identity_protected": Code(403, "The unit may not see who complained."),
    "person_unknown": Code(404, "No contact details were given, or they were erased."),
    "scope_missing": Code(403, "The scope of this token does not allow that."),
    "csrf_failed": Code(403, "The origin of the request could not be verified."),
    "not_your_city": Code(403, "That belongs to another city than yours."),
    "sign_in_failed": Code(401, "Name, password or one-time password are not right."),
    "second_factor_needed": Code(401, "A one-time password is needed, too."),
    "first_password_over": Code(
        401, "The first password was not changed in time; an administrator can give a new one."
    ),
    "password_change_needed": Code(
        403, "The password was given by somebody else; choose one of your own first."
    ),
    "oidc_failed": Code(401, "The identity provider confirmed nobody's identity."),
    "not_admitted": Code(403, "The identity provider's claims give no role here."),
    "wrong_code": Code(401, "The code is wrong or has expired."),
    "challenge_failed": Code(403, "A challenge has to be solved first."),
    "looks_automatic": Code(422, "This looks as if no human had filled it in."),
    "weak_password": Code(422, "This password is too easy to guess."),
    "same_password": Code(422, "The new password is the present one."),
    "city_unclear": Code(
        403, "An officer's account or token names no city, and not exactly one has such a unit."
    ),
    "not_your_unit": Code(403, "Another unit has this assignment."),
    "link_expired": Code(403, "The link has ended; ask for a new one."),
    "file_not_found": Code(404, "No such file, or not for you."),
    "ticket_not_found": Code(404, "No such ticket, or not for you."),
    "assignment_not_found": Code(404, "No such assignment, or not for you."),
    "no_such_state": Code(404, "Its history has no state at that moment."),
    "place_not_found": Code(404, "No such place in the directory of this city."),
    "account_not_found": Code(404, "No such account, or not yours to manage."),
    "session_not_found": Code(404, "No such session of yours, or it has ended."),
    "token_not_found": Code(404, "No such token that could be revoked."),
    "unknown_assignment": Code(404, "This ticket has no such assignment."),
    "wrong_wallet_code": Code(404, "There is no wallet with this code."),
    "unknown_prize_code": Code(404, "There is no prize with this code."),
    "redemption_not_found": Code(404, "There is no such prize of yours."),
    "prize_of_another_unit": Code(403, "Another unit hands out this prize."),
    "unknown_order": Code(404, "This ticket has no such order."),
    # --- not in the pack, or not valid by it
    "unknown_city": Code(422, "This installation does not serve that city."),
    "unknown_unit": Code(422, "The city has no such unit or area."),
    "unknown_category": Code(422, "The city has no such category."),
    "unknown_tier": Code(422, "The city has no such tier."),
    "unknown_place_kind": Code(422, "The city lists no places of this kind."),
    "unknown_feature": Code(422, "The city knows no such feature of places."),
    "unknown_indicator": Code(422, "The city has no such indicator."),
    "unknown_pack_version": Code(422, "The store has no such version of the city's pack."),
    "unknown_reason": Code(422, "The city has no such reason."),
    "bad_length": Code(422, "This is not a length of time that can be granted."),
    "reason_missing": Code(422, "A reason code is needed."),
    "rating_without_contact": Code(422, "Only a citizen who was reached can rate."),
    "unknown_step": Code(422, "No such step is left to be done."),
    "in_the_past": Code(422, "That time is in the past."),
    "extension_too_long": Code(422, "The city does not extend by so much at a time."),
    "hold_too_long": Code(422, "The city does not put work aside for so long."),
    "too_far": Code(422, "That is too far away: choose a shorter time."),
    "bad_name": Code(422, "A name has 2 to 64 small letters, digits, dots, hyphens, _ or @."),
    "unit_missing": Code(422, "Officers belong to a unit, and nobody else does."),
    "city_missing": Code(422, "Several cities have a unit of this code; say which city."),
    "scope_useless": Code(422, "This scope gives the role no permission."),
    "not_below": Code(422, "That unit is not under the one that delegates."),
    "no_siblings": Code(422, "No other unit is of that kind."),
    "accused_unit": Code(422, "The report is about that unit."),
    "accused_unsaid": Code(422, "Say which of our units the report accuses, or that it is none."),
    "why_not_accused": Code(422, "Say why a unit is not accused any more."),
    "merge_itself": Code(422, "A ticket cannot be merged into itself."),
    "merge_target_unknown": Code(422, "There is no such ticket to merge into."),
    "merge_target_elsewhere": Code(422, "The other ticket is another city's."),
    "unknown_prize": Code(422, "The city has no such prize."),
    "wallet_of_another_city": Code(422, "The wallet has the points of another city."),
    # --- not done in this city
    "not_in_this_city": Code(409, "This city does not work that way."),
    "not_for_desk": Code(409, "The desk does not answer this kind itself."),
    "returns_not_allowed": Code(409, "In this city units do not return tickets."),
    "return_cap": Code(409, "The ticket was returned as often as is allowed."),
    "return_window": Code(409, "The time to return the ticket is over."),
    "arbitrated": Code(409, "The responsible unit is decided; the ticket cannot be returned."),
    "arbitration_due": Code(409, "A meeting decides which unit is responsible."),
    "extension_cap": Code(409, "The assignment was extended as often as is allowed."),
    "hold_cap": Code(409, "The assignment was put aside as often as is allowed."),
    "question_cap": Code(409, "The citizen was asked as often as is allowed."),
    "co_handler_cap": Code(409, "No more units may be called in."),
    "delegation_cap": Code(409, "The ticket cannot be delegated further down."),
    "top_level": Code(409, "No unit is above the one that leads."),
    "urged_too_often": Code(429, "The ticket was urged often enough today."),
    "facts_too_often": Code(429, "Enough was added to the ticket today."),
    # --- not allowed by the ticket now
    "not_now": Code(409, "Not possible at this stage."),
    "not_started_yet": Code(409, "The complaint is registered, but not started yet.", _LATER),
    "ticket_ended": Code(409, "The ticket has ended."),
    "not_ended": Code(409, "Only a ticket that has ended can be erased."),
    "erased": Code(410, "The ticket was erased; what was said is gone."),
    "unreadable": Code(422, "These payloads were not encrypted here, or changed since."),
    "final_reply_sealed": Code(409, "The matter was concluded with a final reply."),
    "already_signed": Code(409, "The assignment is signed already."),
    "already_asked": Code(409, "A request is waiting for its decision already."),
    "nothing_asked": Code(409, "Nothing is waiting for a decision."),
    "own_request": Code(409, "You cannot decide your own request."),
    "already_done": Code(409, "The assignment is completed already."),
    "assignment_ended": Code(409, "The assignment has ended."),
    "same_unit": Code(409, "That unit has the ticket already."),
    "contact_known": Code(409, "A phone or an e-mail address was left already."),
    "contact_open": Code(409, "The unit may know the contact already."),
    "same_category": Code(409, "The ticket is classified like that already."),
    "not_the_lead": Code(409, "Only the unit that leads may do this."),
    "not_a_helper": Code(409, "Only co-handlers and delegates can be released."),
    "lead_not_done": Code(409, "The unit that leads has not handed in its answer."),
    "paused": Code(409, "The clock stands still already."),
    "not_on_hold": Code(409, "The assignment is not on hold."),
    "nothing_to_replan": Code(409, "No day that it counts was published or changed since."),
    "clock_not_running": Code(409, "There is nothing to extend."),
    "order_answered": Code(409, "The order is answered already."),
    "prize_ended": Code(409, "This prize is not given any more."),
    "prize_out_of_stock": Code(409, "Nothing is left of this prize."),
    "points_short": Code(409, "There are not enough points for this."),
    "prize_fetched": Code(409, "This prize was fetched already."),
    "prize_cancelled": Code(409, "This prize was given up."),
    "prize_expired": Code(409, "The time to fetch this prize is over."),
    "receipt_joined": Code(409, "The points of this receipt are in a wallet."),
    "reward_not_held": Code(409, "No reward is held back for this report."),
    "already_rated": Code(409, "The ticket is rated already."),
    "already_excluded": Code(409, "The ticket is excluded already."),
    "has_complainants": Code(409, "Others are merged into this ticket already."),
    "report_not_merged": Code(409, "A report of wrongdoing is handled on its own."),
    "merge_target_merged": Code(409, "The other ticket is merged itself."),
    "merge_target_unclassified": Code(409, "The other ticket is not classified yet."),
    "merge_target_answered": Code(409, "The other ticket has its answer already."),
    "merge_target_ended": Code(409, "The other ticket has ended."),
    "overtaken": Code(409, "The ticket has changed meanwhile; reload it."),
    # --- councils
    "council_not_found": Code(404, "The ticket has no such council."),
    "unknown_task": Code(404, "The council has no such task."),
    "invitation_unknown": Code(401, "This is not the code of an invitation."),
    "council_of_report": Code(409, "A report of wrongdoing has no council."),
    "council_not_now": Code(409, "Not possible in the phase that the council is in."),
    "nobody_invited": Code(409, "Nobody is invited yet."),
    "invitation_cap": Code(409, "A council has as many invitations as it may."),
    "statements_over": Code(409, "The time for statements is over."),
    "statement_cap": Code(409, "With this invitation enough was said."),
    "vote_not_open": Code(409, "The vote has not begun."),
    "vote_over": Code(409, "The vote is over."),
    "already_voted": Code(409, "This invitation has voted already."),
    "unknown_option": Code(422, "The council has no such option."),
    "label_missing": Code(422, "The vote is open: a name is shown with it."),
    "council_tasks_left": Code(409, "Tasks that follow from the council are not done."),
    # --- promises
    "promise_not_found": Code(404, "The ticket has no such promise."),
    "promise_undated": Code(422, "A promise needs the day by which it is kept."),
    "promise_cap": Code(409, "The ticket has as many promises as it may."),
    "promise_ended": Code(409, "The end of this promise is recorded already."),
    "promise_unit": Code(422, "That unit has no share of this ticket."),
    # --- report cards
    "case_not_published": Code(409, "The answer to this ticket is not published."),
    "case_cap": Code(409, "The report card has as many cases as it may."),
    # --- public events
    "stage_not_found": Code(404, "There is no such public event."),
    "not_on_stage": Code(404, "The ticket is not one of this public event."),
    "question_not_found": Code(404, "There is no such question."),
    "stage_question_cap": Code(409, "With this invitation enough was asked."),
    "answer_rated": Code(409, "This invitation has rated the answer."),
    # --- administering
    "name_taken": Code(409, "There is an account of this name already."),
    "already_issued": Code(409, "It was issued already, and shown once."),
    "last_admin": Code(409, "At least one administrator has to remain."),
    "own_account": Code(409, "Not possible for your own account; another administrator can."),
    "chore_not_scheduled": Code(409, "No such job is scheduled; a worker schedules it."),
    # --- no longer readable
    "pack_invalid": Code(409, "That version of the city's pack cannot be read any more."),
    # --- not carried out, and never will be
    "too_late": Code(503, "It could not be begun in time, and was not carried out.", _LATER),
    "gave_up": Code(503, "It took too long, and was not carried out.", _LATER),
    "clock_differs": Code(503, "The clocks differ; it was not carried out.", _LATER),
    "carrying_on": Code(503, "The ticket is moving to a new run; it was not carried out.", _LATER),
    "ticket_too_large": Code(503, "The ticket takes nothing more for the moment.", _LATER),
    # --- unavailable
    "engine_unavailable": Code(503, "The engine cannot be reached.", _LATER),
    "store_unavailable": Code(503, "The store cannot be reached.", _LATER),
    "file_store_unavailable": Code(503, "The place of the files cannot be reached.", _LATER),
    "uploads_busy": Code(503, "Too many files wait; try again later.", {"Retry-After": "60"}),
    "plan_failed": Code(500, "This could not be planned; it is logged."),
    "internal_error": Code(500, "Something is broken here; it is logged."),
}


class FieldProblem(BaseModel):
    """An invalid field. The value that was sent is never repeated."""

    field: str = Field(examples=["text"])
    code: str = Field(examples=["string_too_long"])
    message: str = Field(examples=["String should have at most 4000 characters"])


class Problem(Exception):
    """A refusal by the API itself. `code` is a row of CODES."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(detail or code)
        self.code, self.detail, self.headers, self.errors = code, detail, headers, errors
