"""Taking a complaint: checked against the city's pack, registered, and its ticket started."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from app.access.caller import BY_CITIZEN, Caller
from app.access.machines import check_content
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.filing import attachments, filing
from app.filing.filing import Filed
from app.filing.incidents import Placed, placed, told_to
from app.metrics import complaints
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Code, Complaint, Kind, Place, Text, Title
from domain.ticket.files import Files
from store.db.errors import StoreUnavailable
from store.rewards.signs import note_network
from store.secrets.vault import Person
from store.tickets.intake import Registered


class ComplaintIn(Incoming):
    """A complaint as it is filed. Only `text` is required."""

    by_open311: ClassVar[bool] = False
    """True if its citizen was told that the place is published with it (ADR 0052)."""

    city: Code | None = Field(None, description="May be left out where only one city is served.")
    kind: Kind = Kind.COMPLAINT
    channel: Channel = Channel.WEB
    title: Title = ""
    text: Text = Field(description="What the citizen says, at most 4,000 characters.")
    category: Code | None = Field(None, description="A category of the city, if known.")
    place: Place = Field(default_factory=Place)
    topic: Code | None = Field(
        None, description="The common problem (共性问题) that a proactive ticket is about."
    )
    public: bool = Field(False, description="Question and answer may be published, without names.")
    anonymous: bool = Field(
        False,
        description="The unit is not told who complains. Contact details, if given, are kept "
        "encrypted all the same, so that the hotline can call back.",
    )
    files: Files = Field(default_factory=list)
    website: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Leave it empty. Whatever fills in every field it finds is refused."
    )
    contact: Person | None = Field(None, description="Goes to the vault and nowhere else.")

    @field_validator("channel")
    @classmethod
    def _is_of_its_door(cls, channel: Channel) -> Channel:
        if channel is Channel.OPEN311 and not cls.by_open311:
            raise ValueError("only the door of Open311 files by it")
        return channel


FilingRight = Literal["file_complaint", "sync_grid", "import_complaints"]
"""A right by which complaints are filed."""


async def take(
    context: AppContext,
    caller: Caller | None,
    body: ComplaintIn,
    idempotency_key: str | None,
    marks: Sequence[str] | None = None,
    *,
    right: FilingRight = "file_complaint",
    by_hand: bool = False,
    place: str = "",
    same: str | None = None,
    alone: bool = False,
) -> Filed:
    """Register the complaint and start it, for all entry points.

    `caller`: None for a citizen who files for themselves. `marks` identify its files if one of them
    may come again under another reference. `right`: that of the entry point: a grid worker may file
    with the day's entries, and in no other way. `same`: what makes two requests of one key the
    same, if it is not all that they say. `by_hand`: it stays at triage until a person decides.
    `place`: a fingerprint of the citizen's network; kept for a while where rewards may be abused.
    `alone`: it is no member of an incident, whatever it says.
    """
    await permit(context, caller, right)
    if caller is not None:
        check_content(caller, body)
    now = context.engine.clock.now()
    pack = _pack(context, caller, body)
    _check(pack, body)
    complaint = _complaint(body, pack, now, by_hand, caller)
    crowd = Placed() if alone else await placed(context, pack, complaint)
    registered = crowd.of(
        await filing.register(
            context,
            pack,
            complaint,
            body.contact,
            idempotency_key,
            _digest_text(body, marks) if same is None else same,
            attachments.wanted(context, body.files, None),
            crowd.entries,
        )
    )
    await _note_network(context, caller, pack, registered, place)
    state = await filing.start(context, registered)
    incident = await told_to(context, registered)
    outcome = "spooled" if state is None else "accepted" if registered.new else "repeated"
    complaints.labels(pack.city.id, "member" if incident else outcome).inc()
    return filing.filed(context, caller, registered, state, incident=incident)


async def _note_network(
    context: AppContext, caller: Caller | None, pack: Pack, registered: Registered, place: str
) -> None:
    complaint = registered.complaint
    if caller is None and place and pack.rewards.counts(complaint.channel, complaint.kind):
        with suppress(
            StoreUnavailable
        ):  # the citizen has a number: a sign less is no reason to fail
            await note_network(context.store, registered.number, place, complaint.filed_at)


def _digest_text(body: ComplaintIn, marks: Sequence[str] | None) -> str:
    if marks is None:
        return body.model_dump_json(exclude={"website"})
    return "\n".join([body.model_dump_json(exclude={"website", "files"}), *marks])


def _pack(context: AppContext, caller: Caller | None, body: ComplaintIn) -> Pack:
    """Return the pack of the complaint's city; UnknownCity if it is not served here."""
    served = context.packs.ids()
    city = body.city or (served[0] if len(served) == 1 else None)
    if caller is not None:
        city_of(caller, city)
    if city is not None:
        return context.packs.get(city)
    missing = FieldProblem(field="city", code="missing", message="Several cities are served.")
    raise Problem("invalid_request", errors=[missing])


def _check(pack: Pack, body: ComplaintIn) -> None:
    """Refuse codes that the city does not have; omitted ones are determined by triage."""
    if body.category is not None:
        pack.category(body.category)
    area = body.place.area
    if area is None or pack.street_of(area) is not None or area == pack.city.division:
        return
    if not any(unit.area == area for unit in pack.units):
        raise Problem("unknown_unit", "No unit of this city answers for that area.")


def _complaint(
    body: ComplaintIn, pack: Pack, now: datetime, by_hand: bool, caller: Caller | None
) -> Complaint:
    values = body.model_dump(exclude={"city", "contact", "files", "website"})
    contact = body.contact
    reachable = contact is not None and bool(contact.phone or contact.email)
    return filing.unnumbered(
        pack,
        now,
        **values,
        files=attachments.ids(body.files),
        by_hand=by_hand,
        filed_by=caller.filer if caller else BY_CITIZEN,
        reachable=reachable,
    )
