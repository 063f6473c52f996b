"""Tests of errors: of one form, all documented, never repeating what was sent."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.http.app import create_app
from api.http.problem_responses import answer
from api.http.telemetry import Telemetry
from app.errors import CODES, Problem
from domain.facts.transitions import TABLE
from runtime.settings import Settings
from tests.api.running_api import problem

ROOT = Path(__file__).parents[2]


def test_every_code_is_explained_and_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == {
        code: row.status for code, row in CODES.items()
    }


def test_every_refusal_of_the_api_has_a_row() -> None:
    items = set()
    for folder in ("domain", "activities", "workflows", "media", "app", "api"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            items |= set(re.findall(r"(?:Refused|refusal|Problem|answer)\(\s*\"(\w+)\"", text))
    assert items <= CODES.keys()
    assert TABLE


def test_a_code_of_tomorrow_is_a_conflict() -> None:
    assert answer("too_windy").status_code == 409


async def test_a_defect_is_a_500_that_repeats_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    app = FastAPI()
    app.add_middleware(Telemetry)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("call 13912340000") from KeyError("13912340000")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://jiesu.test") as http:
        response = await http.get("/broken")
    assert problem(response) == (500, "internal_error")
    logged = capsys.readouterr()
    assert "ValueError from KeyError" in logged.out + logged.err
    assert "13912340000" not in response.text + logged.out + logged.err


async def test_an_error_that_was_raised_from_itself_is_answered_and_logged_as_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = FastAPI()
    app.add_middleware(Telemetry)

    @app.get("/round")
    async def go_round() -> None:
        cause, error = KeyError(), ValueError()
        cause.__cause__ = error
        raise error from cause

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://jiesu.test") as http:
        response = await http.get("/round")
    assert problem(response) == (500, "internal_error")
    logged = capsys.readouterr()
    assert "ValueError from KeyError" in logged.out + logged.err


def test_a_problem_says_what_it_is() -> None:
    assert str(Problem("forbidden")) == "forbidden"
    assert str(Problem("forbidden", "Not you.")) == "Not you."


def test_every_operation_is_described(tmp_path: Path) -> None:
    document = create_app(Settings(home=tmp_path)).openapi()
    operations = [found for path in document["paths"].values() for found in path.values()]
    names = [found["operationId"] for found in operations]
    assert len(names) == len(set(names))
    for value in operations:
        assert value["summary"]
        assert value["tags"]
        refusals = {status for status in value["responses"] if status[0] in "45"}
        assert refusals or value["operationId"] == "health"
    for value in operations:
        if value["operationId"] == "upload_file":
            assert value["requestBody"]["description"]
        elif "requestBody" in value:
            schema = value["requestBody"]["content"]["application/json"]["schema"]
            assert "examples" in schema
