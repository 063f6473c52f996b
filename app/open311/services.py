"""The services of a city: its categories that Open311 clients may file, and what is asked."""

from collections.abc import Sequence

from pydantic import Field

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.open311.doors import door, open_doors, policy_of
from domain.model import Recorded
from domain.pack.open311 import (
    CONSENT,
    NO,
    AttributeType,
    AttributeValue,
    RequestService,
    ServiceAttribute,
)
from domain.pack.pack import Pack

YES = "yes"

OF_EVERY_SERVICE = (
    ServiceAttribute(
        code=CONSENT,
        name="是否同意公开诉求与答复",
        type=AttributeType.SINGLE,
        hint="默认公开；选择不公开时，本接口不再显示该诉求。",
        values=(
            AttributeValue(code=YES, name="同意公开"),
            AttributeValue(code=NO, name="不同意公开"),
        ),
    ),
)
"""The question of every service: whether the request may be published."""


class RequestServiceOut(Recorded):
    """A service, as the standard names its fields. `groups` is an extension."""

    service_code: str
    service_name: str
    description: str | None
    metadata: bool
    type: str
    keywords: str | None
    group: str | None
    groups: list[str]


class ValueOut(Recorded):
    key: str
    name: str


class AttributeOut(Recorded):
    variable: bool
    code: str
    datatype: str
    required: bool
    datatype_description: str | None
    order: int
    description: str
    values: list[ValueOut] | None


class DefinitionOut(Recorded):
    service_code: str
    attributes: list[AttributeOut]


class EndpointOut(Recorded):
    specification: str
    url: str
    changeset: str
    type: str
    formats: list[str]


class DiscoveryOut(Recorded):
    changeset: str
    contact: str
    key_service: str
    endpoints: list[EndpointOut] = Field(default_factory=list)


SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-30T00:00:00+08:00"
"""The moment at which this door was last changed in a way that a client may notice."""


async def discovery(context: AppContext, jurisdiction: str | None, root: str) -> DiscoveryOut:
    """Return where the door is, and whom to ask for a key.

    `root`: the address of /open311. Where several cities have the door, each has a base address of
    its own besides, for clients that know no jurisdiction_id.

    Raises:
        Problem: not_in_this_city
    """
    await permit(context, None, "read_open311")
    doors = open_doors(context)
    having = [door(context, jurisdiction)] if jurisdiction else doors
    contacts = "; ".join(dict.fromkeys(policy_of(pack).contact for pack in having))
    addresses = [] if jurisdiction and len(doors) > 1 else [f"{root}/v2"]
    if len(doors) > 1:
        addresses += [f"{root}/{pack.city.id}/v2" for pack in having]
    endpoints = [
        EndpointOut(
            specification=SPECIFICATION,
            url=address,
            changeset=CHANGESET,
            type="production",
            formats=["text/xml", "application/json"],
        )
        for address in addresses
    ]
    return DiscoveryOut(
        changeset=CHANGESET, contact=contacts, key_service=contacts, endpoints=endpoints
    )


async def services(context: AppContext, jurisdiction: str | None) -> list[RequestServiceOut]:
    """Return the services of the city, in the order of its pack.

    Raises:
        Problem: not_in_this_city, invalid_request
    """
    await permit(context, None, "read_open311")
    pack = door(context, jurisdiction)
    return [_service(one, pack) for one in policy_of(pack).services]


async def definition(context: AppContext, jurisdiction: str | None, code: str) -> DefinitionOut:
    """Return what is asked about a request of this service.

    Raises:
        Problem: not_in_this_city, invalid_request, unknown_category
    """
    await permit(context, None, "read_open311")
    pack = door(context, jurisdiction)
    asked = attributes_of(service_of(pack, code))
    return DefinitionOut(
        service_code=code,
        attributes=[_attribute(one, order) for order, one in enumerate(asked, 1)],
    )


def service_of(pack: Pack, code: str) -> RequestService:
    """Return the service of that code.

    Raises:
        Problem: unknown_category
    """
    service = policy_of(pack).service(code)
    if service is None:
        raise Problem("unknown_category", "service_code is unknown here.")
    return service


def attributes_of(service: RequestService) -> Sequence[ServiceAttribute]:
    """Return all questions about a request of the service."""
    return (*service.attributes, *OF_EVERY_SERVICE)


def name_of(pack: Pack, code: str | None) -> str | None:
    """Return the service's name; the category's, if it is no service any more."""
    service = policy_of(pack).service(code) if code else None
    if service is not None and service.name:
        return service.name
    return pack.category(code).name if code and pack.knows(code) else code


def _service(service: RequestService, pack: Pack) -> RequestServiceOut:
    category = pack.category(service.code)
    keywords = service.keywords or category.keywords
    return RequestServiceOut(
        service_code=service.code,
        service_name=service.name or category.name,
        description=service.description or None,
        metadata=True,
        type="realtime",
        keywords=", ".join(keywords) or None,
        group=service.groups[0] if service.groups else None,
        groups=list(service.groups),
    )


def _attribute(attribute: ServiceAttribute, order: int) -> AttributeOut:
    return AttributeOut(
        variable=True,
        code=attribute.code,
        datatype=attribute.type.value,
        required=attribute.required,
        datatype_description=attribute.hint or None,
        order=order,
        description=attribute.name,
        values=[ValueOut(key=one.code, name=one.name) for one in attribute.values] or None,
    )
