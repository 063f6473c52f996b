"""Tests of the lines of a story: the system's reasons are told in Chinese, people's as written."""

from demo.stories.words import words_of
from domain.actors import SYSTEM
from domain.events import Event, Fact
from domain.facts.intake import Assigned
from domain.facts.joint import LevelRaised
from domain.facts.supervising import SupervisionOrdered
from domain.pack.routing import route
from domain.ticket.assignment import AssignmentPlan
from domain.ticket.because import Because, ReasonCode, because
from domain.ticket.stages import Stage
from tests.store.stories import START
from tests.support.cities import SHIPPED

HEPING = SHIPPED.get("heping")


def _line(fact: Fact) -> str:
    event = Event(number="1", version=1, at=START, actor=SYSTEM, stage=Stage.HANDLE, fact=fact)
    return words_of(event, HEPING)


def test_a_story_tells_which_row_of_the_responsibilities_sent_a_ticket() -> None:
    routing = route(HEPING, "0102", "120101003")
    plan = AssignmentPlan(
        assignment=1, unit=routing.unit, queue="units", why=routing.why, because=routing.because
    )
    line = _line(Assigned.model_validate(plan.model_dump()))
    assert line.startswith(f"{Assigned.words.staff_zh} → ")
    assert "天津市和平区职责清单第" in line
    assert "responsibilities.csv" not in line


def test_a_story_tells_why_a_ticket_was_raised_by_itself_or_by_a_person() -> None:
    late = because(ReasonCode.OVERDUE, clock="sign")
    fields = {"assignment": 1, "unit": "gov"}
    by_itself = LevelRaised.model_validate(fields | {"reason": "sign_overdue", "because": [late]})
    assert _line(by_itself).endswith("：签收超期")
    before = LevelRaised.model_validate(fields | {"reason": "sign_overdue"})
    assert _line(before).endswith("：签收超期")
    by_a_person = LevelRaised.model_validate(fields | {"reason": "跨两个街道"})
    assert _line(by_a_person).endswith("：跨两个街道")


def test_a_story_tells_why_an_order_was_given() -> None:
    above_threshold = because(ReasonCode.SEVERITY, severity=2)
    ordered = SupervisionOrdered(
        order=1, text="severity 2", because=[above_threshold], escalated=True
    )
    often = "自动督办；催办、重复反映较多，严重程度达到 2 级"
    assert _line(ordered) == f"{SupervisionOrdered.words.staff_zh}：{often}"
    assert _line(SupervisionOrdered(order=1, text="限三日办结")).endswith("：限三日办结")


def test_a_story_tells_a_reason_of_a_newer_version_as_it_is() -> None:
    newer = [Because(code="overdue", parameters={"clock": "moon"})]
    fact = LevelRaised(assignment=1, unit="gov", reason="moon_overdue", because=newer)
    assert _line(fact).endswith("：moon超期")
