"""Checks of services by appointment: codes that exist, and times that can be."""

from collections import Counter
from collections.abc import Iterator

from packs.parsed_pack import ParsedPack
from packs.problems import PackFault


def check_services(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that codes are unique, categories known, and that no-shows are kept until counted."""
    rules = parsed.services.value
    if rules is None:
        return
    times = Counter(one.code for one in rules.services)
    for index, service in enumerate(rules.services):
        here = ("services", index)
        if times[service.code] > 1:
            message = f"{service.code} is there more than once"
            yield parsed.services.problem((*here, "code"), message)
        for category in service.categories:
            if parsed.categories.whole and not parsed.categories.has(category):
                message = f"the category {category!r} is unknown"
                yield parsed.services.problem((*here, "categories"), message)
        if service.notice.length.days >= service.days_ahead:
            message = f"nothing could be booked: notice {service.notice} leaves no day"
            yield parsed.services.problem((*here, "notice"), message)
    if rules.keep.length < max(rules.no_shows_within.length, rules.pause.length):
        message = f"keep {rules.keep}: no-shows are counted longer than that"
        yield parsed.services.problem(("keep",), message)
