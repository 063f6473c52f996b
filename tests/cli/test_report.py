"""Tests of `jiesu report`: the figures of a period with their error, beside the periods before."""

import asyncio
import csv
import io
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.ticket.complaint import Kind, Place
from packs.registry import default_root
from store.db.engine import Store, default_url
from tests.store.population import Busy
from tests.store.stories import START, complaint, project

STREET = "110112003"


class Town:
    """A runner of `jiesu report` on a store with tickets of November 2024 and of before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self, days: int, grades: list[int], **more: Any) -> None:
        """Tell tickets that were filed so many days after the first one, and rated so."""

        async def telling() -> None:
            store = Store.open(default_url(self.folder / ".jiesu"))
            for grade in grades:
                filed = complaint(city="tongzhou", place=Place(area=STREET), **more)
                one = Busy(filed.model_copy(update={"filed_at": START + timedelta(days=days)}))
                one.at = START + timedelta(days=days)
                await project(store, [*one.answered_by("water", grade=grade), one.watched()])
            await store.close()

        asyncio.run(telling())

    def report(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["report", "tongzhou", *arguments])

    def text(self, *arguments: str) -> str:
        done = self.report("--month", "2024-11", *arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def line(self, begins: str, *arguments: str) -> list[str]:
        """Return the cells of the first row of the text that begins so."""
        row = next(
            one for one in self.text(*arguments).splitlines() if one.startswith(f"| {begins}")
        )
        return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.fixture
def town(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    shutil.copytree(default_root() / "tongzhou", tmp_path / "cities" / "tongzhou")
    (tmp_path / ".jiesu").mkdir()
    shutil.copy(sqlite_template, tmp_path / ".jiesu" / "jiesu.db")
    monkeypatch.setenv("JIESU_CITIES", str(tmp_path / "cities"))
    monkeypatch.setenv("JIESU_HOME", str(tmp_path / ".jiesu"))
    monkeypatch.chdir(tmp_path)
    return Town(tmp_path)


def test_a_month_stands_beside_the_month_before_and_the_year_before(town: Town) -> None:
    town.tell(0, [5, 5, 5, 1])
    town.tell(-31, [5, 1])
    town.tell(-366, [5])
    assert town.line("受理") == ["受理", "4", "+100.0% (2)", "+300.0% (1)"]
    satisfied = town.line("满意率")
    assert satisfied[1:3] == ["75.00%", "30.06% – 95.44%"]
    assert satisfied[4:] == ["3/4", "+25.00 pp (50.00%)", "-25.00 pp (100.00%)"]
    street = town.line("北苑街道")
    assert street[1:] == ["4", "+100.0% (2)", "+300.0% (1)"]
    english = town.text("--lang", "en")
    assert "# Beijing" in english or "Tongzhou" in english
    assert "95 % confidence" in english


def test_reports_of_wrongdoing_are_in_no_count(town: Town) -> None:
    town.tell(0, [5, 5])
    town.tell(0, [5], kind=Kind.REPORT)
    assert town.line("受理")[1] == "2"
    assert "举报件不计入" in town.text()


def test_an_empty_month_has_no_shares(town: Town) -> None:
    assert town.line("受理")[1:] == ["0", "– (0)", "– (0)"]
    assert town.line("满意率")[1:] == ["–", "–", "–", "0/0", "–", "–"]


def test_a_past_month_comes_out_the_same(town: Town) -> None:
    town.tell(0, [5, 1])
    first = town.text()
    town.tell(20, [1, 1])
    assert town.text() == first


def test_a_table_has_every_number_and_its_dictionary(town: Town) -> None:
    town.tell(0, [5, 5, 5, 1])
    done = town.report("--month", "2024-11", "--format", "csv", "--to", "report.csv")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO((town.folder / "report.csv").read_text("utf-8-sig"))))
    by_code = {(row["section"], row["code"], row["unit"]): row for row in rows}
    whole = by_code["figure", "satisfaction", ""]
    assert (whole["part"], whole["of"], whole["share"]) == ("3", "4", "0.75")
    assert float(whole["low"]) == pytest.approx(0.3006, abs=1e-4)
    assert by_code["unit", "satisfaction", "water"]["rank"] == "1"
    assert by_code["street", STREET, ""]["part"] == "4"
    known = csv.DictReader(
        io.StringIO((town.folder / "report.csv.dictionary.csv").read_text("utf-8-sig"))
    )
    assert [one["column"] for one in known] == list(rows[0])

    done = town.report("--month", "2024-11", "--format", "xlsx", "--to", "report.xlsx")
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(town.folder / "report.xlsx").active
    assert sheet is not None
    assert sheet.max_row == len(rows) + 1


def test_a_text_goes_into_a_file(town: Town) -> None:
    done = town.report("--month", "2024-11", "--to", "report.md")
    assert done.exit_code == 0, done.output
    assert (town.folder / "report.md").read_text("utf-8") == town.text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--format", "pdf"), "--format"),
        (("--lang", "fr"), "--lang"),
        (("--format", "csv"), "--to"),
        (("--month", "2024-13"), "bad_period"),
        (("--month", "2999-01"), "bad_period"),
        (("--to", "no/such/folder/report.md"), "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_on_one_line(
    town: Town, arguments: tuple[str, ...], says: str
) -> None:
    done = town.report(*arguments)
    assert done.exit_code in (1, 2)
    assert says in done.output
    assert len(done.output.strip().splitlines()) == 1
