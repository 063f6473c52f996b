"""Checks of rewards: rules that can count, prizes that somebody hands out, no reports rewarded."""

from collections.abc import Iterator

from domain.ticket.complaint import of_wrongdoing
from packs.parsed_pack import PRIZES, REWARDS, ParsedPack
from packs.problems import PackFault

_HOW = ("channels", "kinds")


def check_rewards(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that rules and `[rewards]` are there together, and that prizes can be earned."""
    city = parsed.city.value
    if city is None:
        return
    policy = city.rewards
    if of_wrongdoing(*policy.kinds):
        message = "kinds: a report of wrongdoing is never rewarded: it could lead to who reported"
        yield parsed.city.problem(("rewards", "kinds"), message)
    for name in _HOW:
        if parsed.rewards.rows and not getattr(policy, name):
            message = f"no report can earn points: [rewards] names no {name}"
            yield PackFault(REWARDS, parsed.rewards.rows[0].line, message)
        if getattr(policy, name) and not parsed.rewards.rows and parsed.rewards.whole:
            yield parsed.city.problem(("rewards", name), f"{name}: {REWARDS} has no rule")
    yield from _prizes(parsed)


def _prizes(parsed: ParsedPack) -> Iterator[PackFault]:
    for row in parsed.prizes.rows:
        if not parsed.units.has(row.value.unit):
            yield PackFault(PRIZES, row.line, f"the unit {row.value.unit!r} is unknown")
        if not parsed.rewards.rows and parsed.rewards.whole:
            message = f"nobody can earn {row.value.code}: {REWARDS} has no rule"
            yield PackFault(PRIZES, row.line, message)
