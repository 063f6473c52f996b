"""Tests of `jiesu city` in a terminal, and of the commands in docs/reference/city-packs.md."""

import asyncio
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from packs.registry import check_pack, load_pack
from store.db.engine import Store, default_url
from store.db.schema import upgrade
from store.packs import archive
from tests.packs.pack_folders import append, full_pack, plain_pack, replace
from tests.packs.test_bases import halved

ROOT = Path(__file__).resolve().parent.parent.parent


class Terminal:
    """A runner of `jiesu` in a folder with packs in `cities` and a store in `.jiesu`."""

    def __init__(self, folder: Path) -> None:
        self.cities = folder / "cities"
        self.home = folder / ".jiesu"

    def jiesu(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    def json(self, *arguments: str) -> Any:
        done = self.jiesu("city", *arguments, "--json")
        return json.loads(done.stdout)

    def keep(self, city: str) -> str:
        """Archive the city's pack, as a starting worker does; return its version."""

        async def keeping() -> str:
            url = default_url(self.home)
            await upgrade(url)
            store = Store.open(url)
            try:
                return await archive.keep(store, self.cities / city)
            finally:
                await store.close()

        return asyncio.run(keeping())


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    plain_pack(tmp_path / "cities")
    return Terminal(tmp_path)


def test_a_sound_pack_is_summed_up_in_a_line(terminal: Terminal) -> None:
    done = terminal.jiesu("city", "check", "cities/example")
    version = load_pack(terminal.cities / "example").version
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"cities/example: version {version}, 7 units, 4 categories, 3 responsibilities, 0 cells,"
        " 4 indicators, 3 scoring rules, 54 messages\n"
    )


def test_a_broken_pack_is_told_with_file_and_line_and_exit_code_1(terminal: Terminal) -> None:
    units = terminal.cities / "example" / "units.csv"
    line = replace(units, "Water Bureau,bureau", "Water Bureau,[b]office")
    plain_pack(terminal.cities, "other")
    done = terminal.jiesu("city", "check", "cities/example", "cities/other")
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"cities/example/units.csv:{line}: kind: has to be 'district'")
    assert first.endswith("not '[b]office'")
    assert second.startswith("cities/other: version ")

    broken, sound = terminal.json("check", "cities/example", "cities/other")
    assert [(one["file"], one["line"]) for one in broken["problems"]] == [("units.csv", line)]
    assert "version" not in broken
    assert sound["problems"] == []
    assert sound["counts"]["units"] == 7


def test_a_base_is_told_apart_from_cities_and_its_problems_with_their_own_path(
    terminal: Terminal,
) -> None:
    halved(terminal.cities, "third")
    done = terminal.jiesu("city", "check", "cities/_common", "cities/third")
    first, second = done.stdout.splitlines()
    assert done.exit_code == 0, done.output
    assert first == (
        "cities/_common: no city, but what cities have in common; check those that extend it"
    )
    assert second.startswith("cities/third: version ")
    base, _ = terminal.json("check", "cities/_common", "cities/third")
    assert base == {"folder": "cities/_common", "problems": [], "base": True}

    line = replace(terminal.cities / "_common" / "city.toml", "reworks = 2 ", "reworks = -2 ")
    done = terminal.jiesu("city", "check", "cities/third")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"cities/_common/city.toml:{line}: caps.reworks: ")
    (payload,) = terminal.json("check", "cities/third")
    assert [(one["file"], one["line"]) for one in payload["problems"]] == [
        ("../_common/city.toml", line)
    ]


def test_a_problem_of_a_shipped_base_has_the_path_where_it_is_installed(
    terminal: Terminal,
) -> None:
    assert terminal.jiesu("city", "new", "cities/third").exit_code == 0
    append(terminal.cities / "third" / "city.toml", "[features]\nask_citizen = false")
    done = terminal.jiesu("city", "check", "cities/third")
    assert done.exit_code == 1
    for line in done.stdout.splitlines():
        assert line.startswith(f"{ROOT}/cities/_base/city.toml:"), line
        assert "nothing uses citizen" in line


def test_the_overview_shows_what_a_city_promises(terminal: Terminal) -> None:
    full_pack(terminal.cities, "other")
    done = terminal.jiesu("city", "show", "other")
    assert done.exit_code == 0, done.output
    for word in ("示例市", "handle", "10wd", "co-handlers", "3wd", "20% before: officer"):
        assert word in done.stdout
    for word in (
        "raise_level",
        "holds 1",
        "revisits 7d 30d",
        "closing t.repeats > 0",
        "54 messages",
    ):
        assert word in done.stdout
    assert terminal.json("show", "other")["caps"]["hold"] == "180d"
    assert terminal.jiesu("city", "show", "cities/other").stdout == done.stdout


def test_one_unit_is_shown_with_its_family_and_its_work(terminal: Terminal) -> None:
    payload = terminal.json("show", "example", "--unit", "990101001")
    assert payload["above"] == ["gov 区政府"]
    assert payload["below"] == ["990101001001 第一社区"]
    assert payload["queue"] == "units"
    line = (terminal.cities / "example" / "responsibilities.csv").read_text("utf-8").splitlines()
    rows = terminal.json("show", "example", "--unit", "water")["answers_for"]
    assert rows == [f"02* in * (line {line.index('02*,*,water') + 1})"]
    replace(terminal.cities / "example" / "units.csv", "第一社区", "第一[red]社区")
    assert (
        "第一[red]社区" in terminal.jiesu("city", "show", "example", "--unit", "990101001").stdout
    )


def test_one_category_is_shown_with_its_limits_and_its_owners(terminal: Terminal) -> None:
    payload = terminal.json("show", "example", "--category", "0101")
    assert payload["limits"]["handle"] == "10wd"
    assert [row.split()[0] for row in payload["answered_by"]] == ["@street", "city-management"]
    assert terminal.json("show", "example", "--category", "0202")["limits"]["handle"] == "4h"
    shown = terminal.jiesu("city", "show", "example", "--category", "0102").stdout
    for word in ("stop 4wh", "punish 7wd", "result.evidence > 0", "违法建设"):
        assert word in shown


_LAW = """
[[documents]]
code = "local-1"
zh = "本地规定"
en = "A local rule"

[[documents.clauses]]
code = "handling"
zh = "5 个工作日内办结"
en = "Handled within 5 working days."
keys = { "tiers.general.handle" = "5wd" }
"""


def test_a_changed_folder_is_compared_with_what_the_store_has_kept(terminal: Terminal) -> None:
    folder = terminal.cities / "example"
    version = terminal.keep("example")
    same = terminal.jiesu("city", "diff", version, "example")
    assert "no difference that a ticket would notice" in same.stdout
    replace(folder / "city.toml", 'handle = "10wd"', 'handle = "5wd"')
    append(folder / "units.csv", "gas,燃气公司,Gas Company,contractor,district,gov,,,,")
    append(folder / "law.toml", _LAW)
    done = terminal.jiesu("city", "diff", version, "cities/example")
    assert done.exit_code == 0, done.output
    now = load_pack(folder).version
    assert done.stdout.splitlines()[0] == f"example {version} → example {now}"
    assert "changed  tiers.general.handle: 10wd → 5wd" in done.stdout
    assert "added    gas" in done.stdout
    assert "added    documents.local-1.clauses.handling.keys.tiers.general.handle: 5wd" in (
        done.stdout
    )
    assert "Open tickets stay with the version they were accepted under" in done.stdout
    payload = terminal.json("diff", "cities/example", version)
    assert payload["before"] == {"city": "example", "version": now}
    assert {"file": "units.csv", "row": "gas", "change": "removed", "fields": {}} in payload[
        "differences"
    ]


def test_two_folders_are_compared(terminal: Terminal) -> None:
    full_pack(terminal.cities, "other")
    done = terminal.jiesu("city", "diff", "example", "cities/other")
    assert done.exit_code == 0, done.output
    assert "added    caps.hold: 180d" in done.stdout
    assert "Open tickets" not in done.stdout


def test_the_versions_that_were_in_use_are_listed(terminal: Terminal) -> None:
    one = terminal.keep("example")
    append(terminal.cities / "example" / "calendar.csv", "# a remark")
    unused = terminal.jiesu("city", "versions", "example").stdout
    assert one in unused
    assert "which no process has used yet" in unused
    two = terminal.keep("example")
    listed = terminal.json("versions", "example")
    assert [(row["version"], row["current"]) for row in listed] == [(one, False), (two, True)]
    assert "the folder holds it now" in terminal.jiesu("city", "versions", "example").stdout


def test_a_new_pack_is_sound_as_it_stands(terminal: Terminal) -> None:
    done = terminal.jiesu("city", "new", "cities/new", "--name", "某市", "--division", "330199")
    assert done.exit_code == 0, done.output
    assert check_pack(terminal.cities / "new") == []
    pack = load_pack(terminal.cities / "new")
    assert (pack.city.id, pack.city.name, pack.city.division) == ("new", "某市", "330199")
    # It says what is its own and has the rest from the base that is shipped.
    text = (terminal.cities / "new" / "city.toml").read_text(encoding="utf-8")
    assert 'extends = "_base"' in text
    assert len(text.splitlines()) < 50
    assert "closed" in pack.messages["zh"]
    assert terminal.jiesu("city", "new", "cities", "--id", "third").exit_code == 0
    assert check_pack(terminal.cities / "third") == []


def test_a_path_without_a_pack_hides_no_faults_of_the_others(terminal: Terminal) -> None:
    line = replace(terminal.cities / "example" / "units.csv", "First Street,street", "F,road")
    done = terminal.jiesu("city", "check", "nowhere", "cities/example", "cities")
    assert done.exit_code == 2
    assert f"cities/example/units.csv:{line}: kind: has to be" in done.stdout
    assert "there is no folder nowhere (unknown_folder)" in done.stderr
    assert "cities is a folder of packs; check cities/example (unknown_folder)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "check cities",
            "cities is a folder of packs; check cities/example",
        ),
        (
            "check cities/example/units.csv",
            "cities/example/units.csv is no folder (unknown_folder)",
        ),
        ("check nowhere", "there is no folder nowhere (unknown_folder)"),
        ("show atlantis", "unknown city 'atlantis'; known: example (unknown_city)"),
        ("show ..", "unknown city '..'; known: example (unknown_city)"),
        ("show example --unit x", "the city pack example has no unit 'x' (unknown_unit)"),
        ("show example --category x", "has no category 'x' (unknown_category)"),
        ("show example --unit gov --category 0101", "name a unit or a category, not both"),
        ("diff example atlantis", "unknown city 'atlantis'; known: example (unknown_city)"),
        ("diff 0123456789ab abcdef012345", "one side at least has to be a folder"),
        ("show _common", "unknown city '_common'; known: example (unknown_city)"),
        ("new cities/_b", "'_b' is not an id: bases of cities begin with _ (bad_id)"),
        ("new cities/example", "cities/example is there already, and not empty (folder_not_empty)"),
        ("new 'cities/a b'", "'a b' is not an id: letters, digits, _ . - only (bad_id)"),
        ("new cities/b --division 12", "'12' is not a division code of six digits (bad_division)"),
        ("new cities/b --name 'a\"b'", "is not a name: 1 to 100 characters, no quotes (bad_name)"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_with_a_stable_code(
    terminal: Terminal, arguments: str, says: str
) -> None:
    done = terminal.jiesu("city", *shlex.split(arguments))
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_what_the_store_does_not_know_is_said(terminal: Terminal) -> None:
    missing = terminal.jiesu("city", "versions", "example")
    assert (missing.exit_code, missing.stderr) == (
        2,
        "jiesu: there is no store here: name the right home, or run `jiesu migrate` "
        "(schema_unusable)\n",
    )
    terminal.keep("example")
    unknown = terminal.jiesu("city", "diff", "0123456789ab", "example")
    assert unknown.exit_code == 2
    assert "no version '0123456789ab' of the city pack example (unknown_pack_version)" in (
        unknown.stderr
    )
    nowhere = terminal.jiesu("city", "versions", "atlantis")
    assert nowhere.exit_code == 2
    assert "(unknown_city)" in nowhere.stderr


def test_a_broken_pack_is_not_shown_but_told(terminal: Terminal) -> None:
    line = replace(terminal.cities / "example" / "city.toml", "reworks = 2 ", "reworks = -2 ")
    done = terminal.jiesu("city", "show", "example")
    assert done.exit_code == 2
    assert f"city.toml:{line}: caps.reworks" in done.stderr
    assert "(pack_invalid)" in done.stderr


@pytest.mark.parametrize("command", ["", "check", "show", "diff", "new", "versions"])
def test_every_command_explains_itself(terminal: Terminal, command: str) -> None:
    done = terminal.jiesu("city", *([command] if command else []), "--help")
    assert done.exit_code == 0
    assert "Usage" in done.stdout


# --- the document -------------------------------------------------------------------------------

DOCUMENT = (ROOT / "docs" / "reference" / "city-packs.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"(?m)^ *(jiesu .*)$", "".join(re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", DOCUMENT))
)


def test_the_commands_of_the_document_work_as_pasted(terminal: Terminal) -> None:
    shutil.copytree(ROOT / "cities" / "tongzhou", terminal.cities / "tongzhou")
    terminal.keep("example")
    assert len(COMMANDS) == 16
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        done = terminal.jiesu(*arguments)
        assert (name, done.exit_code) == ("jiesu", 0), f"{command}\n{done.output}"


def test_where_nothing_is_provisional_nothing_is_planned_again(terminal: Terminal) -> None:
    terminal.keep("example")
    done = terminal.jiesu("city", "replan", "example")
    assert (done.exit_code, done.stdout.strip()) == (0, "tickets planned again: 0")
    assert terminal.json("replan", "example") == {"city": "example", "tickets": 0}
    unknown = terminal.jiesu("city", "replan", "nowhere")
    assert unknown.exit_code == 2
    assert "unknown_city" in unknown.stderr


def test_every_rule_is_shown_with_the_clause_it_rests_on(terminal: Terminal) -> None:
    done = terminal.jiesu("city", "law", "example")
    assert done.exit_code == 0, done.output
    handle = next(line for line in done.stdout.splitlines() if "tiers.general.handle" in line)
    assert "10wd" in handle
    assert "rules-2024 9" in handle
    caps = next(line for line in done.stdout.splitlines() if "caps.reworks" in line)
    assert "illustrative" in caps
    payload = terminal.json("law", "example")
    assert [one["clause"] for one in payload["by_the_product"]] == ["10"]
    assert [one["clause"] for one in payload["not_covered"]] == ["11"]
    assert payload["not_checked"] == []
    replace(terminal.cities / "example" / "law.toml", "text = true\n", "")
    assert "Not checked" in terminal.jiesu("city", "law", "example").stdout
    (terminal.cities / "example" / "law.toml").unlink()
    assert {one["key"] for one in terminal.json("law", "example")["rules"]} == {
        one["key"] for one in payload["rules"]
    }
