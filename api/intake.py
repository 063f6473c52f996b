"""Filing a complaint: registered in the store first, then started in the engine.

Every number becomes a ticket: without the engine the complaint waits in the intake backlog and
starts later. Without the store nobody gets a number, and nothing is stored in part.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Header, Response
from pydantic import Field, StringConstraints

from api import attaching, challenges, filing, traps
from api.access import perhaps, public
from api.caller import Caller
from api.challenges import Issued
from api.door import API, Door, TheDoor, json_of
from api.filing import IdempotencyKey, Receipt
from api.problems import FieldProblem, Problem, responses
from api.telemetry import complaints
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Code, Complaint, Kind, Place, Text, Title
from domain.ticket.files import Files
from store.secrets.vault import Person

router = APIRouter(prefix=API, tags=["Citizens"])

EXAMPLE = {
    "city": "tongzhou",
    "kind": "complaint",
    "channel": "web",
    "title": "小区门口路灯不亮",
    "text": "北苑街道新华西街小区东门外三盏路灯已经一周不亮，晚上老人出行不便，请尽快维修。",
    "place": {"area": "110112003", "address": "北苑街道新华西街小区东门"},
    "contact": {"phone": "010-00012345"},
}


class ComplaintIn(Incoming):
    """A complaint as it is filed. Only `text` is required."""

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
        "sealed all the same, so that the hotline can call back.",
    )
    files: Files = Field(default_factory=list)
    website: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Leave it empty. Whatever fills in every field it finds is refused."
    )
    contact: Person | None = Field(None, description="Goes to the vault and nowhere else.")


@router.get(
    "/challenge",
    operation_id="get_challenge",
    summary="What has to be solved before filing without a token, if anything",
    dependencies=[public("get_challenge")],
    response_model=Issued,
    responses=responses("store_unavailable"),
)
async def get_challenge(door: TheDoor) -> Response:
    """Return a challenge, valid once. For `work`: find a solution such that SHA-256 of
    `challenge:solution` begins with `bits` zero bits, and file with the header `Challenge-Answer:
    challenge:solution`.
    """
    return json_of(await door.challenge.issue(door))


@router.post(
    "/complaints",
    operation_id="file_complaint",
    summary="File a complaint",
    status_code=201,
    response_model=Receipt,
    responses={
        201: {"description": "Accepted. A repetition has the header `Idempotent-Replayed: true`."},
        202: {
            "model": Receipt,
            "description": "Registered; the engine is away and will start it later.",
        },
        **responses(
            "malformed_json",
            "unauthenticated",
            "forbidden",
            "scope_missing",
            "not_your_city",
            "csrf_failed",
            "challenge_failed",
            "looks_automatic",
            "too_many_requests",
            "body_too_large",
            "invalid_request",
            "unknown_city",
            "unknown_category",
            "unknown_unit",
            "idempotency_key_reused",
            *attaching.REFUSALS,
            "store_unavailable",
        ),
    },
)
async def file_complaint(
    body: Annotated[ComplaintIn, Body(examples=[EXAMPLE])],
    caller: Annotated[Caller | None, perhaps("file_complaint")],
    door: TheDoor,
    idempotency_key: IdempotencyKey = None,
    answer: Annotated[
        str, Header(alias=challenges.HEADER, description="See `GET /api/v1/challenge`.")
    ] = "",
) -> Response:
    """File a complaint. Keep the ticket's number and access code in the answer.

    The personal data in `contact` is encrypted in the vault in the same transaction that registers
    the complaint, and never enters the ticket. Programs that file for many citizens send a token
    with the scope `file`.
    """
    if caller is not None and body.city is not None and not caller.serves(body.city):
        raise Problem("not_your_city")
    if caller is None:
        traps.check_honeypot(body.website)
        if not await door.challenge.passed(door, answer):
            raise Problem("challenge_failed")
    return await take(body, door, idempotency_key)


async def take(
    body: ComplaintIn,
    door: Door,
    idempotency_key: str | None,
    marks: Sequence[str] | None = None,
    *,
    by_hand: bool = False,
) -> Response:
    """Register the complaint and start it, for all entry points.

    `marks` identify its files if the same one may come again under another reference. `by_hand`: it
    stays at triage until a person decides.
    """
    now = door.engine.clock.now()
    pack = _pack(door, body)
    _check(pack, body)
    registered = await filing.register(
        door,
        pack,
        _complaint(body, pack, now, by_hand),
        body.contact,
        idempotency_key,
        _said(body, marks),
        attaching.wanted(door, body.files, None),
    )
    standing = await filing.start(door, registered)
    outcome = "spooled" if standing is None else "accepted" if registered.new else "repeated"
    complaints.labels(pack.city.id, outcome).inc()
    return filing.receipt(door, registered, standing)


def _said(body: ComplaintIn, marks: Sequence[str] | None) -> str:
    if marks is None:
        return body.model_dump_json(exclude={"website"})
    return "\n".join([body.model_dump_json(exclude={"website", "files"}), *marks])


def _pack(door: Door, body: ComplaintIn) -> Pack:
    """Return the pack of the complaint's city; UnknownCity if it is not served here."""
    if body.city is not None:
        return door.packs.get(body.city)
    served = door.packs.ids()
    if len(served) != 1:
        missing = FieldProblem(field="city", code="missing", message="Several cities are served.")
        raise Problem("invalid_request", errors=[missing])
    return door.packs.get(served[0])


def _check(pack: Pack, body: ComplaintIn) -> None:
    """Refuse codes that the city does not have; omitted ones are determined by triage."""
    if body.category is not None:
        pack.category(body.category)
    area = body.place.area
    if area is None or pack.street_of(area) is not None or area == pack.city.division:
        return
    if not any(unit.area == area for unit in pack.units):
        raise Problem("unknown_unit", "No unit of this city answers for that area.")


def _complaint(body: ComplaintIn, pack: Pack, now: datetime, by_hand: bool) -> Complaint:
    said = body.model_dump(exclude={"city", "contact", "files", "website"})
    return filing.draft(pack, now, **said, files=attaching.ids(body.files), by_hand=by_hand)
