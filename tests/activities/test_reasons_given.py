"""Tests of the reasons that triage, dispatch and feedback give, in all shipped cities."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.dispatch import Dispatch
from activities.feedback import Feedback
from activities.triage import TriageActivities
from domain.activity_io import DispatchQuestion, ReplyQuestion, TriageQuestion
from domain.facts.base import FactBase
from domain.facts.intake import Assigned, Classified, TriageUnsure
from domain.facts.machine_reasons import REASONS_OF
from domain.facts.verifying import ClosingRefuted
from domain.pack.condition_vocabulary import TicketFacts
from domain.pack.pack import Pack
from domain.ticket.assignment import HandlingResult, Share
from domain.ticket.because import CATALOGUE, Because, ParameterKind, ReasonCode, sentence
from domain.ticket.complaint import Complaint, Kind, Place
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from tests.support.cities import SHIPPED

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
PERSONAL = "我是张三，电话13800001234，住三单元"
CITIES = SHIPPED.ids()


def _words(pack: Pack) -> Iterator[str]:
    """Yield what citizens may say: nothing known, each keyword, and two matters at once."""
    words = [word for category in pack.categories for word in category.keywords]
    yield ""
    yield from words
    yield from (f"{one}，还有{other}" for one, other in zip(words, words[7:], strict=False))


def _complaints(pack: Pack) -> Iterator[Complaint]:
    street = pack.streets[0].area
    for n, words in enumerate(_words(pack)):
        yield _complaint(pack, words, area=street if n % 2 else None)
    for category in pack.categories:
        yield _complaint(pack, "", category=category.code)
    yield _complaint(pack, "", category="no-such")
    yield _complaint(pack, "", kind=Kind.REPORT)
    yield _complaint(pack, "", by_hand=True)


def _complaint(pack: Pack, words: str, area: str | None = None, **more: object) -> Complaint:
    fields = {"number": "1", "city": pack.city.id, "text": f"{PERSONAL}。{words}", "filed_at": NOW}
    place = Place(area=area, address="三单元 402 室")
    return Complaint.model_validate(fields | {"place": place} | more)


def _check(pack: Pack, fact: type[FactBase], why: str, reasons: Iterable[Because]) -> set[str]:
    """Require known reasons that are made of the pack alone; return their codes."""
    reasons = list(reasons)
    assert reasons
    assert why == sentence(reasons)
    for reason in reasons:
        assert reason.code in REASONS_OF[fact]
        kinds = CATALOGUE[reason.code].parameters
        assert reason.parameters.keys() == kinds.keys()
        for name, kind in kinds.items():
            assert str(reason.parameters[name]) in _known(pack, kind, reason.parameters[name])
    return {reason.code for reason in reasons}


def _known(pack: Pack, kind: ParameterKind, value: object) -> set[str]:
    match kind:
        case ParameterKind.UNIT:
            return {unit.code for unit in pack.units}
        case ParameterKind.CATEGORY:
            return {category.code for category in pack.categories} | {"no-such"}
        case ParameterKind.AREA:
            return {unit.area for unit in pack.units if unit.area}
        case ParameterKind.CITY:
            return {pack.city.id}
        case ParameterKind.KEYWORDS:
            words = {word for category in pack.categories for word in category.keywords}
            return {str(value)} if set(str(value).split(", ")) <= words else set()
        case ParameterKind.CONDITION:
            conditions = (
                text for one in pack.categories for text in (one.filing, one.closing) if text
            )
            return set(conditions)
        case ParameterKind.ROW:
            rows = pack.responsibilities
            return {text for row in rows for text in (row.category, row.area, row.unit)}
        case _:
            return {str(value)} if isinstance(value, int) else set()


@pytest.mark.parametrize("city", CITIES)
async def test_triage_gives_known_reasons_made_of_the_pack(city: str, sqlite_store: Store) -> None:
    pack = SHIPPED.get(city)
    triage = TriageActivities(ArchivedPacks(SHIPPED, sqlite_store), SHIPPED, sqlite_store)
    codes: set[str] = set()
    for complaint in _complaints(pack):
        question = TriageQuestion(complaint=complaint, at=NOW)
        plan = await ActivityEnvironment().run(triage.triage, question)
        fact = TriageUnsure if plan.category is None else Classified
        codes |= _check(pack, fact, plan.why, plan.because)
    chosen = TriageQuestion(
        complaint=_complaint(pack, ""), at=NOW, category=pack.categories[0].code
    )
    plan = await ActivityEnvironment().run(triage.triage, chosen)
    codes |= _check(pack, Classified, plan.why, plan.because)
    assert codes >= {
        ReasonCode.NAMED_BY_COMPLAINANT,
        ReasonCode.NO_KEYWORD,
        ReasonCode.KEYWORDS,
        ReasonCode.OTHER_KEYWORDS,
        ReasonCode.NEEDS_A_PERSON,
        ReasonCode.CLASSIFIED_BY_HAND,
    }


@pytest.mark.parametrize("city", CITIES)
async def test_dispatch_gives_known_reasons_made_of_the_pack(
    city: str, sqlite_store: Store
) -> None:
    pack = SHIPPED.get(city)
    dispatch = Dispatch(ArchivedPacks(SHIPPED, sqlite_store))
    lead, codes = _question(pack), set[str]()
    areas = [None, *(unit.area for unit in pack.streets)]
    cases = [
        lead.model_copy(update={"category": category.code, "area": areas[n % len(areas)]})
        for n, category in enumerate(pack.categories)
    ]
    unknown = {"category": "no-such"}
    cases += [lead.model_copy(update=unknown | {"area": area}) for area in areas[:2]]
    cases.append(lead.model_copy(update={"unit": pack.units[0].code}))
    first = (await ActivityEnvironment().run(dispatch.dispatch, cases[0])).unit
    cases.append(cases[0].model_copy(update={"accused": [first]}))
    cases.append(lead.model_copy(update={"unit": first, "accused": [first], "share": Share.VERIFY}))
    for question in cases:
        plan = await ActivityEnvironment().run(dispatch.dispatch, question)
        codes |= _check(pack, Assigned, plan.why, plan.because)
    assert {ReasonCode.RESPONSIBILITY, ReasonCode.UNIT_NAMED, ReasonCode.UNIT_ACCUSED} <= codes


def _question(pack: Pack) -> DispatchQuestion:
    return DispatchQuestion(
        city=pack.city.id,
        category=pack.categories[0].code,
        tier=pack.city.tier,
        area=None,
        unit=None,
        assignment=1,
        at=NOW,
        place=Place(address="三单元 402 室"),
    )


async def test_a_result_that_may_not_close_the_case_is_refused_with_the_condition(
    sqlite_store: Store,
) -> None:
    feedback, refused = Feedback(ArchivedPacks(SHIPPED, sqlite_store)), 0
    for city in CITIES:
        pack = SHIPPED.get(city)
        for category in pack.categories:
            question = ReplyQuestion(
                city=city,
                tier=category.tier,
                result=HandlingResult(reply=PERSONAL, resolved=False),
                at=NOW,
                case=TicketFacts(category=category.code),
            )
            plan = await ActivityEnvironment().run(feedback.prepare, question)
            if plan.refuted is not None:
                _check(pack, ClosingRefuted, plan.refuted, plan.because)
                refused += 1
    assert refused
