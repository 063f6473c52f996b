"""Filing a request by Open311: read as the standard says it, and filed like any complaint."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.filing.intake import ComplaintIn, take
from app.open311.doors import door, malformed, policy_of, read_as
from app.open311.services import attributes_of, service_of
from app.open311.tokens import token_of
from app.open311.wording import AttributeAnswer, SaidByClient, composed, is_link
from domain.model import Incoming, Recorded
from domain.pack.open311 import CONSENT, NO, AttributeType, RequestService, ServiceAttribute
from domain.pack.pack import Pack
from domain.ticket.complaint import TEXT_LIMIT, Channel, Crs
from store.tickets import intake, tickets

REPEATED = timedelta(minutes=10)
"""Within so long the same request, of the same key, is a repetition."""

NOT_PINPOINTED = "#NOTPINPOINTED#"
"""The address_id that FixMyStreet sends where somebody did not choose a point."""

_MOST_ATTRIBUTES, _MOST_LINKS = 50, 10
_LONGEST_VALUE = 1000
_HAN = re.compile("[\u4e00-\u9fff]")
_FIELDS = {
    "text": "description",
    "place.lat": "lat",
    "place.lon": "long",
    "place.address": "address_string",
    "place.area": "address_id",
    "place": "lat",
    "contact.name": "first_name",
    "contact.phone": "phone",
    "contact.email": "email",
    "contact.device": "device_id",
}
"""The client's names of the fields of a complaint."""

Short = Annotated[str, StringConstraints(max_length=200)] | None


class RequestIn(Incoming):
    """A request as a client sends it, its empty parameters left out."""

    service_code: Annotated[str, StringConstraints(max_length=100)]
    jurisdiction_id: Short = None
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    long: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    address_string: Short = None
    address_id: Short = None
    description: Annotated[str, StringConstraints(max_length=TEXT_LIMIT)] = ""
    first_name: Short = None
    last_name: Short = None
    email: Short = None
    phone: Short = None
    device_id: Short = None
    account_id: Short = None
    media_url: tuple[str, ...] = Field((), max_length=_MOST_LINKS)
    attributes: Mapping[str, Sequence[str]] = Field(
        default_factory=dict, max_length=_MOST_ATTRIBUTES
    )


class PublicComplaintIn(ComplaintIn):
    """A complaint that is filed here: its citizen has read the notice."""

    by_open311 = True


@dataclass(frozen=True)
class Attached:
    """The files that came with a request: their references, and what stays the same of each."""

    references: Sequence[str] = ()
    marks: Sequence[str] = ()


class RequestFiled(Recorded):
    """The answer to a request: its id, or a token while the ticket has not begun."""

    service_request_id: str | None
    token: str | None
    service_notice: str
    account_id: str | None


async def file_request(
    context: AppContext, caller: Caller, body: RequestIn, attached: Attached
) -> RequestFiled:
    """File the request; a repetition within ten minutes is answered with the first one's id.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request, unknown_category
        UnknownUnit, UnknownFile, TooManyFiles, StoreUnavailable
    """
    await permit(context, caller, "file_complaint")
    pack = door(context, body.jurisdiction_id, caller)
    service = service_of(pack, body.service_code)
    complaint = _complaint(pack, service, body, attached)
    content = body.model_dump_json(exclude={"jurisdiction_id"})
    mark = context.mark("\n".join([caller.id, pack.city.id, content, *attached.marks]))
    key = await key_of_repetition(context, mark, context.engine.clock.now())
    filed = await take(context, caller, complaint, key, same=mark)
    number = filed.receipt.number
    recorded = filed.started and await tickets.get(context.store, number) is not None
    return RequestFiled(
        service_request_id=number if recorded else None,
        token=None if recorded else token_of(context, number),
        service_notice=policy_of(pack).notice,
        account_id=body.account_id,
    )


async def key_of_repetition(context: AppContext, mark: str, now: datetime) -> str:
    """Return the idempotency key: that of the same request just before, if there is one.

    Keys are of spans of ten minutes, so that two that come at once have one; what crosses the end
    of a span is found by looking into the one before.
    """
    span = int(now.timestamp() // REPEATED.total_seconds())
    before = f"open311/{mark}/{span - 1}"
    first = await intake.by_key(context.store, before)
    if first is not None and now - first.complaint.filed_at < REPEATED:
        return before
    return f"open311/{mark}/{span}"


def _complaint(
    pack: Pack, service: RequestService, body: RequestIn, attached: Attached
) -> PublicComplaintIn:
    answers, public = _answers(service, body.attributes)
    for link in body.media_url:
        if not is_link(link):
            raise malformed("media_url", "malformed", "is not an http or https address")
    said = SaidByClient(body.description, answers, body.media_url)
    text = composed(said) or service.name or pack.category(service.code).name
    if len(text) > TEXT_LIMIT:
        message = f"and attributes together have more than {TEXT_LIMIT} characters"
        raise malformed("description", "too_long", message)
    values = {
        "city": pack.city.id,
        "kind": service.kind,
        "channel": Channel.OPEN311,
        "text": text,
        "category": service.code,
        "place": _place(body, policy_of(pack).crs),
        "public": public,
        "files": list(attached.references),
        "contact": _person(body),
    }
    return read_as(PublicComplaintIn, values, lambda name: _FIELDS.get(name, name))


def _place(body: RequestIn, crs: Crs) -> dict[str, object]:
    if (body.lat is None) != (body.long is None):
        missing = "lat" if body.lat is None else "long"
        raise malformed(missing, "missing", "is needed: lat and long belong together")
    area = None if body.address_id == NOT_PINPOINTED else body.address_id
    # Programs write a point that they do not know as zero and zero.
    lat, long = (body.lat, body.long) if body.lat or body.long else (None, None)
    if lat is None and area is None and body.address_string is None:
        message = "a location is needed: lat and long, address_string, or address_id"
        raise malformed("lat", "missing", message)
    return {
        "area": area,
        "address": body.address_string or "",
        "lat": lat,
        "lon": long,
        "crs": crs,
    }


def _person(body: RequestIn) -> dict[str, str | None] | None:
    """Return whom to answer, for the vault. `account_id` identifies where there is no device."""
    names = [name for name in (body.first_name, body.last_name) if name]
    in_chinese = any(map(_HAN.search, names))
    name = "".join(reversed(names)) if in_chinese else " ".join(names)
    person = {
        "name": name or None,
        "phone": body.phone,
        "email": body.email,
        "device": body.device_id or body.account_id,
    }
    return person if any(person.values()) else None


def _answers(
    service: RequestService, given: Mapping[str, Sequence[str]]
) -> tuple[list[AttributeAnswer], bool]:
    """Return the answers in the order of the questions, and whether the citizen agrees.

    What nobody asked is kept, too: clients send ids of their own that staff may need.
    """
    answers, public = [], True
    asked = {one.code: one for one in attributes_of(service)}
    for attribute in asked.values():
        values: Sequence[str] = [value for value in given.get(attribute.code, ()) if value]
        if not values:
            if attribute.required:
                raise malformed(f"attribute[{attribute.code}]", "missing", "is required")
            continue
        text = "、".join(_valued(attribute, value) for value in _checked(attribute, values))
        if attribute.code == CONSENT:
            public = values != [NO]
        else:
            answers.append(AttributeAnswer(attribute.code, attribute.name, text))
    for code, values in given.items():
        if code not in asked and any(values):
            answers.append(AttributeAnswer(code, code, _short(code, "、".join(values))))
    return answers, public


def _checked(attribute: ServiceAttribute, values: Sequence[str]) -> Sequence[str]:
    if len(values) > 1 and attribute.type is not AttributeType.MULTIPLE:
        raise malformed(f"attribute[{attribute.code}]", "malformed", "has one value")
    return values


def _valued(attribute: ServiceAttribute, value: str) -> str:
    """Return the value as people read it; refuse one that is not of the attribute's type."""
    code = f"attribute[{attribute.code}]"
    if attribute.values:
        name = attribute.name_of(value)
        if name is None:
            raise malformed(code, "malformed", "is none of its values")
        return name
    if attribute.type is AttributeType.NUMBER and not re.fullmatch(
        r"[+-]?\d{1,15}(\.\d{1,15})?", value, re.ASCII
    ):
        raise malformed(code, "malformed", "is not a number")
    if attribute.type is AttributeType.DATETIME:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise malformed(code, "malformed", "is not a date and time") from None
    return _short(attribute.code, value)


def _short(code: str, value: str) -> str:
    if len(value) > _LONGEST_VALUE:
        raise malformed(f"attribute[{code}]", "too_long", "is too long")
    return value
