"""The display texts of domain values: one table per kind of value, each text a message."""

from api.http.i18n import CHINESE, translations
from app.errors import CODES
from app.grid.check_moments import CHECK_MOMENTS
from app.installation.store_checks import WAITS
from app.tickets.moments import MOMENTS
from domain.actors import ROLE_NAMES
from domain.deadlines.registry import DEADLINES
from domain.facts.transitions import WORDS
from domain.words import N_

LABELS: dict[str, dict[str, str]] = {
    "kind": {
        "consultation": N_("Enquiry"),
        "help": N_("Request for help"),
        "complaint": N_("Complaint"),
        "report": N_("Report of wrongdoing"),
        "suggestion": N_("Suggestion"),
        "praise": N_("Praise"),
        "service": N_("Service by appointment"),
    },
    "channel": {
        "hotline": N_("Hotline"),
        "mail": N_("E-mail"),
        "web": N_("Website"),
        "app": N_("App"),
        "wechat": N_("WeChat"),
        "grid": N_("Grid worker"),
        "part_time_grid": N_("Part-time grid worker"),
        "sensor": N_("Sensor"),
        "offline": N_("Box, booth or visit"),
        "snapshot": N_("Snapshot"),
        "portal": N_("City portal"),
        "proactive": N_("Proactive"),
        "inspection": N_("Inspection"),
        "open311": N_("Open311 client"),
        "other": N_("Other"),
    },
    "stage": {
        "accept": N_("Received"),
        "triage": N_("Triage"),
        "dispatch": N_("Dispatch"),
        "verify": N_("Verification on the spot"),
        "arbitrate": N_("Arbitration"),
        "handle": N_("Being handled"),
        "feedback": N_("Answer on its way"),
        "rate": N_("Waiting for a rating"),
        "supervise": N_("Under supervision"),
        "merged": N_("Handled with another"),
        "aftercare": N_("Aftercare"),
        "ended": N_("Ended"),
    },
    "outcome": {
        "closed": N_("Closed"),
        "unrated": N_("Closed, not rated"),
        "answered": N_("Answered at once"),
        "declined": N_("Declined"),
        "referred": N_("Referred elsewhere"),
        "unfounded": N_("Not found on the spot"),
        "withdrawn": N_("Withdrawn"),
        "final_reply": N_("Final reply"),
    },
    "waits": {waits.value: words for waits, words in WAITS.items()},
    "rung": {
        "warn": N_("Yellow card"),
        "due": N_("Red card"),
        "supervise": N_("Supervision"),
        "notice": N_("Public notice"),
    },
    "share": {
        "lead": N_("Lead"),
        "co": N_("Co-handler"),
        "delegate": N_("Delegate"),
        "verify": N_("Verifier"),
    },
    "ending": {
        "done": N_("Done"),
        "returned": N_("Returned"),
        "reassigned": N_("Reassigned"),
        "raised": N_("Raised a level"),
        "released": N_("Released"),
        "taken_over": N_("Taken over"),
        "merged": N_("Merged"),
        "failed": N_("The department's program failed"),
        "moot": N_("No longer needed"),
    },
    "grade": {
        "5": N_("Very satisfied"),
        "4": N_("Satisfied"),
        "3": N_("Basically satisfied"),
        "2": N_("Dissatisfied"),
        "1": N_("Very dissatisfied"),
    },
    "file": {
        "photo": N_("Photo"),
        "video": N_("Video"),
        "voice": N_("Voice"),
        "document": N_("Document"),
    },
    "purpose": {
        # the purpose of an uploaded file
        "complaint": N_("With the complaint"),
        "before": N_("Before"),
        "after": N_("After"),
        "evidence": N_("Evidence"),
    },
    "meeting": {
        "on_site": N_("Meeting on the spot"),
        "arbitration": N_("Arbitration meeting"),
        "mediation": N_("Mediation"),
        "deliberation": N_("Deliberation with residents"),
    },
    "asked": {
        # a unit's request that awaits a decision
        "return": N_("Return"),
        "extension": N_("Extension"),
        "hold": N_("Hold"),
        "exclusion": N_("Exclusion"),
    },
    "unit_kind": {
        "district": N_("District government"),
        "street": N_("Street or township"),
        "bureau": N_("Bureau"),
        "community": N_("Community or village"),
        "station": N_("Station or section"),
        "contractor": N_("Company"),
        "centre": N_("Centre"),
        "helper": N_("Helper"),
    },
    "level": {
        "city": N_("City level"),
        "district": N_("District level"),
        "street": N_("Street level"),
        "community": N_("Community level"),
        "cell": N_("Cell level"),
    },
    "searched": {
        "said": N_("Citizen"),
        "place": N_("Place"),
        "reply": N_("Answer"),
        "note": N_("Note"),
    },
    "order": {"newest": N_("Newest first"), "relevance": N_("Most relevant first")},
    "queue": {
        "triage": N_("Triage"),
        "dispatch": N_("Dispatch by hand"),
        "decision": N_("Decisions on requests"),
        "arbitrate": N_("Arbitration"),
        "call_back": N_("Call-backs"),
        "supervise": N_("The last word"),
    },
    "state": {
        "open": N_("Open now"),
        "overdue": N_("Late now"),
        "soon": N_("Late within 4 hours"),
        "at_units": N_("At the units"),
        "overdue_at_units": N_("At the units, and late"),
        "ended": N_("Closed"),
        "watched": N_("Closed, and watched"),
    },
    "filter": {
        "outcome": N_("Outcome"),
        "channel": N_("Channel"),
        "queue_late": N_("Wait in the queue"),
        "filed_since": N_("Filed from"),
        "filed_until": N_("Filed before"),
        "ended_since": N_("Closed from"),
        "ended_until": N_("Closed before"),
    },
    "scope": {
        "read": N_("reading"),
        "unmask": N_("seeing who complained"),
        "act": N_("acting on tickets"),
        "file": N_("filing for others"),
        "audit": N_("auditing"),
        "admin": N_("administering"),
    },
    "change": {
        "added": N_("added"),
        "removed": N_("removed"),
        "changed": N_("changed"),
    },
    "special_day": {
        "holiday": N_("Day off"),
        "make_up": N_("Worked, to make up"),
        "hours": N_("Hours of its own"),
    },
    "reward_state": {
        "none": N_("It earned no points."),
        "capped": N_("It was right, but earns no more points."),
        "held": N_("Somebody looks at it before its points are given."),
        "granted": N_("Its points are yours."),
        "refused": N_("Its points were not given."),
    },
    "reward_reason": {
        "day_cap": N_("As many reports were rewarded on that day as one person can have."),
        "place_cap": N_("This place was rewarded not long ago."),
        "same_picture": N_("The same picture as with another report"),
        "same_place": N_("The same place shortly before"),
        "filed_by_staff": N_("Filed by staff"),
        "unit_network": N_("From the network of the unit that handled it"),
        "many_names": N_("One phone with many names"),
        "many_reports": N_("Many reports from one network"),
    },
    "redemption": {
        "open": N_("Waits to be fetched"),
        "fetched": N_("Fetched"),
        "cancelled": N_("Given up"),
        "expired": N_("Not fetched in time"),
    },
    "reward_entry": {
        "grant": N_("Points granted"),
        "hold": N_("Points held back"),
        "release": N_("Points released"),
        "refuse": N_("Points refused"),
        "redeem": N_("Prize chosen"),
        "fetch": N_("Prize handed out"),
        "cancel": N_("Prize given up"),
        "expire": N_("Prize not fetched"),
        "lapse": N_("Points ran out"),
    },
    "reward_account": {
        "fund": N_("The city's fund"),
        "held": N_("Held back"),
        "citizen": N_("Citizens"),
        "pledged": N_("Chosen, not fetched"),
        "unit": N_("Partner unit"),
    },
    "check_seen": {
        "there": N_("It is there"),
        "not_there": N_("It is not there"),
        "done": N_("It is done"),
    },
    "check_moment": {
        "filing": N_("Before it is filed: is it there?"),
        "closing": N_("After handling: is it done?"),
    },
    "round_state": {
        "waiting": N_("To be walked"),
        "proved": N_("Walked and proved"),
        "unproved": N_("Walked, not proved"),
        "missed": N_("Missed"),
        "late": N_("Walked late"),
        "lapsed": N_("Made too late to be walked"),
    },
    "doubt": {
        "point_missing": N_("A point was not reached"),
        "no_position": N_("The phone gave no position"),
        "inexact": N_("The position is not exact enough"),
        "too_far": N_("Too far from the point"),
        "out_of_order": N_("The points are not in their order"),
        "too_short": N_("The stay at the point was too short"),
        "photo_missing": N_("The photo is missing"),
        "place_stands_still": N_("The phone did not move between the points"),
        "place_copied": N_("The positions are those of the route itself"),
        "time_stands_still": N_("No time passed between the points"),
        "too_fast": N_("Faster than anybody walks"),
        "clock_off": N_("The phone's clock is wrong"),
        "outside_window": N_("A point was reached before the round began"),
    },
    "chief": {
        "district": N_("District chief"),
        "street": N_("Street chief"),
        "community": N_("Community chief"),
    },
    "promise_state": {
        "open": N_("Its day is still to come"),
        "due": N_("Its day is here"),
        "kept": N_("Kept"),
        "broken": N_("Not kept"),
        "excused": N_("Excused"),
    },
    "overdue": {
        "list": N_("Problems on supervision lists"),
        "council": N_("Tasks of councils"),
        "promise": N_("Promises of which nothing was said"),
    },
    "settled": {
        "returned": N_("Return granted"),
        "arbitrated": N_("Decided by the meeting"),
        "fell_back": N_("Fallback authority"),
    },
    "incident_state": {
        "proposed": N_("Proposed"),
        "open": N_("Going on"),
        "ended": N_("Over"),
        "dismissed": N_("No incident"),
    },
    "incident_ground": {
        "words": N_("Its words fit"),
        "category": N_("Its category fits"),
        "place_named": N_("Names the place"),
        "point": N_("At the place"),
        "area": N_("In the street"),
        "of_wrongdoing": N_("Report of wrongdoing"),
        "other_kind": N_("Of another kind"),
        "danger": N_("Somebody may be in danger"),
        "other_matter": N_("Another matter, too"),
        "other_place": N_("Another place"),
        "other_time": N_("Another time"),
        "no_place": N_("Names no place"),
        "over": N_("Says that it is over"),
    },
    "apart": {
        "session": N_("Given where somebody of staff was signed in"),
        "address": N_("Given from where the unit's officers sign in"),
        "filer": N_("The unit had filed the complaint itself"),
        "call": N_("Given minutes after a contact by the unit"),
        "turned": N_("Bad before, and good soon after another contact by the unit"),
        "contact": N_("One of many of the unit from one phone in a short time"),
        "network": N_("One of many of the unit from one network in a short time"),
    },
    "promise_which": {
        "waiting": N_("To be answered for"),
        "late": N_("Past their day"),
        "unsaid": N_("Nothing was said in time"),
        "open": N_("Running"),
        "kept": N_("Kept"),
        "broken": N_("Not kept"),
        "excused": N_("Excused"),
        "all": N_("All promises"),
    },
    "question_decision": {
        "waiting": N_("Waits for a decision"),
        "shown": N_("Shown to everybody"),
        "refused": N_("Not shown"),
    },
    "figure_by": {
        "ended": N_("Of the tickets that ended in the period."),
        "filed": N_("Of the tickets that were filed in the period."),
        "due": N_("Of the tickets that were due in the period."),
    },
    "handover_state": {
        "offered": N_("Waits for the other city"),
        "accepted": N_("Taken on, not confirmed yet"),
        "taken": N_("With the other city"),
        "refused": N_("Not taken on"),
        "lapsed": N_("Not answered in time"),
        "withdrawn": N_("Taken back"),
    },
    "mediation_state": {
        "open": N_("Being mediated"),
        "proposed": N_("Waits for signatures"),
        "agreed": N_("Agreement signed"),
        "failed": N_("No agreement"),
    },
    "appointment_state": {
        "booked": N_("Appointment booked"),
        "arrived": N_("Has come"),
        "done": N_("Is done"),
        "missed": N_("Did not come"),
        "cancelled": N_("Appointment cancelled"),
    },
    "appointment_act": {
        "booked": N_("Appointment booked"),
        "moved": N_("Appointment moved"),
        "moved_by_staff": N_("Moved by the centre"),
        "cancelled": N_("Appointment cancelled"),
        "arrived": N_("Has come"),
        "done": N_("Is done"),
        "missed": N_("Did not come"),
        "excused": N_("Absence excused"),
    },
    "topic_act": {
        "merged": N_("Merged with another topic"),
        "split": N_("Split"),
        "named": N_("Named"),
        "ticket_opened": N_("Ticket opened on behalf of the city"),
        "inspected": N_("Inspections opened"),
        "subject_made": N_("Made the subject of a month"),
        "progress": N_("Progress"),
    },
    "council_phase": {
        "preparing": N_("Being prepared"),
        "statements": N_("Open for statements"),
        "between": N_("Statements are over, the vote comes next"),
        "voting": N_("The vote is open"),
        "counting": N_("The vote is being counted"),
        "decided": N_("Decision made"),
        "undecided": N_("No decision made"),
        "followed_up": N_("Follow-up under way"),
        "closed": N_("Council closed"),
    },
    "assessment_state": {
        "running": N_("The month is not over"),
        "ended": N_("The month is over, and not closed"),
        "closed": N_("The month is closed"),
        "published": N_("The month is published"),
    },
    "list_state": {
        "open": N_("To be rectified"),
        "revisit": N_("Rectified, to be revisited"),
        "settled": N_("Settled for good"),
    },
    "list_step": {
        "put": N_("Put on the list"),
        "rectified": N_("Said to be rectified"),
        "holds": N_("Revisited: it holds"),
        "came_back": N_("Revisited: it came back"),
        "settle_all": N_("All of the kind to be settled"),
    },
    "council_vote": {
        "secret": N_("Secret vote"),
        "open": N_("Open vote, shown by name"),
    },
    "council_outcome": {
        "decided": N_("An option has enough votes."),
        "no_quorum": N_("No decision: too few of those invited voted."),
        "tie": N_("No decision: two or more options have the most votes."),
        "no_majority": N_("No decision: no option has enough of the votes."),
    },
    "seen": {
        "name": N_("Name"),
        "phone": N_("Phone"),
        "email": N_("E-mail"),
        "address": N_("Home address"),
        "device": N_("Device"),
        "history": N_("History of the workflow"),
        "search": N_("Search by phone"),
        "diary": N_("Diaries of grid workers"),
        "grid_sign_up": N_("Residents who ask to become grid workers"),
    },
}

BILINGUAL: dict[str, dict[str, tuple[str, str]]] = {
    "role": {role.value: names for role, names in ROLE_NAMES.items()},
    "clock": {name.value: (one.label, one.label_zh) for name, one in DEADLINES.items()},
    "happened": {kind: (words.staff, words.staff_zh) for kind, words in WORDS.items()}
    | MOMENTS
    | CHECK_MOMENTS,
    "told": {kind: (words.citizen, words.citizen_zh) for kind, words in WORDS.items()} | MOMENTS,
}
"""Words in English and in Chinese: of roles, clocks and events (for staff, for the citizen)."""

NOT_CARRIED_OUT = N_(
    "This was not carried out. Please send it again in a moment: what you typed is still here."
)

PROBLEMS: dict[str, str] = {
    # codes that pages show, worded for their users; the others use the title in
    # `api.http.problem_responses`
    "ticket_not_found": N_("There is no such number, or the access code is wrong."),
    "bad_number": N_("A number has 13 digits; please check it."),
    "too_many_attempts": N_("Too many wrong tries. Please wait ten minutes and try again."),
    "first_password_over": N_(
        "Your first password was not changed in time and has ended. "
        "Ask an administrator for a new one."
    ),
    "password_change_needed": N_(
        "Somebody else gave you this password. First choose one of your own, at “My account”."
    ),
    "city_unclear": N_(
        "It is not clear which city you work for. Ask an administrator to name it in your account."
    ),
    "oidc_failed": N_("Signing in with your organisation did not work; please try again."),
    "not_admitted": N_(
        "Your organisation vouches for you, but you have no role here; ask an administrator."
    ),
    "invalid_request": N_("Please check what is marked. Nothing you typed is lost."),
    "store_unavailable": N_(
        "We cannot take it just now. Please send it again in a moment: "
        "what you typed is still here."
    ),
    "engine_unavailable": N_(
        "We cannot do this just now. Please try again in a moment: what you typed is still here."
    ),
    "too_late": NOT_CARRIED_OUT,
    "gave_up": NOT_CARRIED_OUT,
    "clock_differs": NOT_CARRIED_OUT,
    "carrying_on": NOT_CARRIED_OUT,
    "ticket_too_large": NOT_CARRIED_OUT,
    "idempotency_key_reused": N_(
        "This form was sent before with other words. Press send again to send it as a new one."
    ),
    "already_rated": N_("You have rated it already. Thank you."),
    "not_now": N_("This is not possible at present: the complaint has moved on."),
    "ticket_ended": N_("This complaint has ended."),
    "urged_too_often": N_("You have urged it often enough today; we have passed it on."),
    "facts_too_often": N_(
        "You have added as much as we can take today. Please add the rest tomorrow, "
        "or call the hotline."
    ),
    "final_reply_sealed": N_("This matter was concluded with a final reply."),
    "not_started_yet": N_("The complaint is registered and starts soon. Please try again later."),
    "wrong_wallet_code": N_("There is no wallet with this code; please check it."),
    "payload_too_large": N_("That is too much at once. Please shorten it."),
    "body_too_large": N_("That is too much at once. Please shorten it."),
}


class Labels:
    """The tables in one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = translations(language)

    def label(self, kind: str, value: object) -> str:
        """Return the text of a value: label("stage", "handle"). Without a text: the value."""
        if kind in BILINGUAL:
            english, chinese = BILINGUAL[kind].get(str(value), ("", ""))
            return (chinese if self._language == CHINESE else english) or str(value)
        message = LABELS[kind].get(str(value))
        return self._words.gettext(message) if message else str(value)

    def problem(self, code: str) -> str:
        """Return the text of a refusal code."""
        known = CODES.get(code)
        message = PROBLEMS.get(code) or (known.title if known else N_("Not possible now."))
        return self._words.gettext(message)
