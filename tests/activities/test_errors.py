"""Tests that an activity request is answered, or retried once a missing service is back."""

import ast
import importlib
import inspect
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from temporalio import activity
from temporalio.api.common.v1 import GrpcStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

import workflows
from activities.errors import WAITED, is_waited_for
from domain.activity_io import (
    AccuseQuestion,
    ClockQuestion,
    DispatchQuestion,
    ExtensionQuestion,
    MergeQuestion,
    ReasonQuestion,
    ReclassifyQuestion,
    ReplanQuestion,
    ReplyQuestion,
    ResumeQuestion,
    SettleQuestion,
    TriageQuestion,
)
from domain.deadlines.clocks import Basis, Clock
from domain.deadlines.registry import ClockName
from domain.pack.pack import UnknownTier
from domain.ticket.assignment import HandlingResult
from packs.registry import PackError, UnknownCity
from runtime.engine_errors import PASSING
from store.db.errors import BadKey, ObjectsUnavailable, StoreError, StoreUnavailable
from store.packs.archive import PackChanged, UnknownPackVersion
from tests.support.desk import complaint

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
CLOCK = Clock(
    name=ClockName.HANDLE, rule_id="r", limit="5d", basis=Basis.CALENDAR,
    started_at=NOW, due_at=NOW,
)  # fmt: skip

QUESTIONS: dict[str, Any] = {
    "accept_complaint": complaint(),
    "triage_complaint": TriageQuestion(complaint=complaint(), at=NOW),
    "name_accused": AccuseQuestion(city="tongzhou", accused=["water"]),
    "dispatch_ticket": DispatchQuestion(
        city="tongzhou", category="0301", tier="general", area=None, unit=None, assignment=1, at=NOW
    ),
    "prepare_reply": ReplyQuestion(
        city="tongzhou", tier="general", result=HandlingResult(reply="已办理。"), at=NOW
    ),
    "plan_clocks": ClockQuestion(city="tongzhou", tier=None, names=[ClockName.SIGN], at=NOW),
    "extend_clock": ExtensionQuestion(city="tongzhou", clock=CLOCK, by="3d"),
    "resume_clocks": ResumeQuestion(city="tongzhou", clocks=[CLOCK], at=NOW),
    "replan_clocks": ReplanQuestion(city="tongzhou", clocks=[CLOCK], at=NOW),
    "reclassify_clocks": ReclassifyQuestion(
        city="tongzhou",
        category="0302",
        was_category="0301",
        tier=None,
        shares=[],
        clocks=[CLOCK],
        moved=False,
        longer=False,
        promised=True,
        at=NOW,
    ),
    "check_reason": ReasonQuestion(city="tongzhou", kind="return", code="not_ours"),
    "check_merge": MergeQuestion(city="tongzhou", number="1", into="2"),
    "open_inspections": SettleQuestion(
        complaint=complaint(), category="0301", unit="water", units=[], text="查", key="k", at=NOW
    ),
}


class Raising:
    """A pack archive and a store on which every call raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def fail(*_: object, **__: object) -> None:
            raise self._error

        return fail


def questions() -> Iterator[tuple[str, type, str]]:
    """Yield name, class and method of every activity that the workflow code calls."""
    folder = Path(next(iter(workflows.__path__)))
    for file in sorted(folder.glob("*.py")):
        module = importlib.import_module(f"workflows.{file.stem}")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            if call.func.id not in ("ask", "ask_until_answered") or file.stem == "calls":
                continue
            argument = call.args[0]
            assert isinstance(argument, ast.Attribute), f"{file}:{call.lineno}"
            assert isinstance(argument.value, ast.Name), f"{file}:{call.lineno}"
            owner = getattr(module, argument.value.id)
            name = activity._Definition.must_from_callable(getattr(owner, argument.attr)).name
            assert name is not None
            yield name, owner, argument.attr


ACTIVITIES = sorted(set(questions()), key=lambda one: one[0])


def test_every_question_of_a_ticket_is_known_here() -> None:
    assert {name for name, _, _ in ACTIVITIES} == set(QUESTIONS)


async def ask(owner: type, method: str, question: object, error: Exception) -> Exception:
    """Return the exception of an activity request while every call raises `error`."""
    failing = Raising(error)
    dependencies = [failing for _ in list(inspect.signature(owner).parameters)]
    bound = getattr(owner(*dependencies), method)
    with pytest.raises(Exception) as raised:
        await ActivityEnvironment().run(bound, question)
    return raised.value


def rpc(status: RPCStatusCode) -> RPCError:
    return RPCError("of the engine", status, GrpcStatus().SerializeToString())


AWAY: list[Exception] = [
    StoreUnavailable("away"),
    ObjectsUnavailable("away"),
    rpc(RPCStatusCode.UNAVAILABLE),
    rpc(RPCStatusCode.DEADLINE_EXCEEDED),
    rpc(RPCStatusCode.RESOURCE_EXHAUSTED),
    OSError("no space left"),
    TimeoutError(),
    ConnectionResetError(),
    MemoryError(),
    PackError(Path("tongzhou"), []),
    PackChanged("tongzhou"),
    UnknownCity("tongzhou", []),
    UnknownPackVersion("tongzhou", "0"),
    BadKey("not in the ring"),
]

DECIDED: list[tuple[Exception, str]] = [
    (UnknownTier("urgent", "tongzhou"), "unknown_tier"),
    (OverflowError("date value out of range"), "too_far"),
    (ValueError("of the house 3, Li Si"), "plan_failed"),
    (KeyError("x"), "plan_failed"),
    (ZeroDivisionError(), "plan_failed"),
    (AttributeError("x"), "plan_failed"),
    (RecursionError(), "plan_failed"),
    (StoreError("no number is free"), "plan_failed"),
    (rpc(RPCStatusCode.INVALID_ARGUMENT), "plan_failed"),
]


@pytest.mark.parametrize(("name", "owner", "method"), ACTIVITIES)
async def test_what_is_away_is_asked_again(name: str, owner: type, method: str) -> None:
    for error in AWAY:
        answer = await ask(owner, method, QUESTIONS[name], error)
        assert answer is error, f"{error!r} became {answer!r}"
        assert not isinstance(answer, ApplicationError)  # the engine would not retry it


@pytest.mark.parametrize(("name", "owner", "method"), ACTIVITIES)
async def test_every_other_error_is_an_answer(
    name: str, owner: type, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    for error, code in DECIDED:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            answer = await ask(owner, method, QUESTIONS[name], error)
        assert isinstance(answer, ApplicationError), error
        assert (answer.type, answer.non_retryable) == (code, True)
        assert "Li Si" not in str(answer)  # an unexpected error's text may contain personal data
        if code != "too_far":
            [logged] = [one for one in caplog.records if one.exc_info]
            assert logged.exc_info is not None
            assert logged.exc_info[1] is error


def test_each_error_is_waited_for_or_decided_by_the_table_alone() -> None:
    assert {type(error) for error in AWAY} >= set(WAITED) - {OSError}
    assert all(is_waited_for(error) for error in AWAY)
    assert not any(is_waited_for(error) for error, _ in DECIDED)
    assert {status for status in RPCStatusCode if is_waited_for(rpc(status))} == PASSING


def test_the_engine_still_knows_what_a_question_and_its_answer_are() -> None:
    for name, owner, method in ACTIVITIES:
        definition = activity._Definition.must_from_callable(getattr(owner, method))
        hints = get_type_hints(getattr(owner, method))
        assert definition.name == name
        assert definition.ret_type == hints["return"]
        assert definition.arg_types is not None
        assert len(definition.arg_types) == 1
