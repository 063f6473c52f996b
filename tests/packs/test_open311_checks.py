"""Tests of `[open311]` in a pack: services that are categories, and questions that make sense."""

from pathlib import Path

import pytest

from domain.pack.open311 import AttributeType
from packs.differences import differences
from packs.registry import check_pack, default_root, load_pack
from tests.packs.pack_folders import append, plain_pack, replace

CITY = "city.toml"
SECTION = """
[open311]
contact = "热线中心"
notice = "提交的内容将公开。"

[[open311.services]]
code = "CODE"
groups = ["市政"]

[[open311.services.attributes]]
code = "fault"
name = "故障"
type = "singlevaluelist"
values = [{ code = "off", name = "不亮" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pack = plain_pack(tmp_path)
    code = load_pack(pack).categories[0].code
    append(pack / CITY, SECTION.replace("CODE", code))
    return pack


def test_services_arrive(folder: Path) -> None:
    assert check_pack(folder) == []
    policy = load_pack(folder).open311
    assert policy is not None
    (service,) = policy.services
    assert policy.service(service.code) == service
    assert policy.service("none") is None
    assert service.attributes[0].type is AttributeType.SINGLE
    assert service.attributes[0].name_of("off") == "不亮"
    assert service.attributes[0].name_of("on") is None


def test_two_cities_have_the_door() -> None:
    root = default_root()
    having = {path.name for path in root.iterdir() if _has_door(path)}
    assert having == {"jinan", "tongzhou"}


def _has_door(path: Path) -> bool:
    is_city = (path / CITY).is_file() and not path.name.startswith("_")
    return is_city and load_pack(path).open311 is not None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('groups = ["市政"]', 'kind = "report"', "a report never is"),
        ('code = "fault"', 'code = "public"', "public is every service's own"),
        ('type = "singlevaluelist"', 'type = "string"', "a list has them"),
        ('values = [{ code = "off", name = "不亮" }]', "", "a list has them"),
        (
            '{ code = "off", name = "不亮" }',
            '{ code = "off", name = "不亮" }, { code = "off", name = "暗" }',
            "a code is there twice",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, old: str, new: str, message: str) -> None:
    replace(folder / CITY, old, new)
    assert any(message in fault.message for fault in check_pack(folder))


def test_an_unknown_or_doubled_category_is_refused(folder: Path) -> None:
    code = load_pack(folder).categories[0].code
    more = "\n[[open311.services]]\ncode = "
    append(folder / CITY, f'{more}"{code}"\n{more}"nothing"\n')
    messages = [fault.message for fault in check_pack(folder)]
    assert messages.count(f"{code} is there more than once") == 2
    assert "the category 'nothing' is unknown" in messages


def test_a_door_without_services_is_refused(folder: Path) -> None:
    text = (folder / CITY).read_text(encoding="utf-8")
    begin = text.index("[[open311.services]]")
    (folder / CITY).write_text(text[:begin], encoding="utf-8")
    assert any("open311.services" in fault.message for fault in check_pack(folder))


def test_a_changed_service_is_a_difference(folder: Path, tmp_path: Path) -> None:
    before = load_pack(folder)
    replace(folder / CITY, 'groups = ["市政"]', 'groups = ["路灯"]')
    (one,) = differences(before, load_pack(folder))
    assert one.row.startswith("open311.services.")
    assert one.row.endswith(".groups")
