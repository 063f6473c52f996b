"""Checks of the services of Open311: each is a category of the city, once."""

from collections import Counter
from collections.abc import Iterator

from packs.parsed_pack import ParsedPack
from packs.problems import PackFault


def check_open311(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that the services are categories of the city, and none of them there twice."""
    city = parsed.city.value
    if city is None or city.open311 is None:
        return
    services = city.open311.services
    times = Counter(one.code for one in services)
    for index, service in enumerate(services):
        here = ("open311", "services", index, "code")
        if times[service.code] > 1:
            yield parsed.city.problem(here, f"{service.code} is there more than once")
        if parsed.categories.whole and not parsed.categories.has(service.code):
            yield parsed.city.problem(here, f"the category {service.code!r} is unknown")
