"""Tests that texts which machines read name nobody, and keep what they are about."""

import pytest

from app.agents.covering import Cover
from store.secrets.vault import Person

KNOWN = Cover(
    [
        Person(
            name="王一凡",
            phone="13800138000",
            email="fan@example.cn",
            address="北苑路12号院3号楼502室",
        )
    ]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我是王一凡，路灯坏了", "我是▇▇▇，路灯坏了"),
        ("王 一 凡", "▇▇▇"),
        ("住北苑路12号院3号楼502室的人", "住▇▇▇的人"),
        ("尾号00138000", "尾号▇▇▇"),
        ("写信到 FAN@example.cn", "写信到 ▇▇▇"),
        ("李女士、欧阳先生都看见了", "▇▇▇、▇▇▇都看见了"),
        ("联系人：张三丰 电话另告", "联系人▇▇▇ 电话另告"),
        ("身份证110105199003074578", "身份证▇▇▇"),
        ("高压线断了，车位紧张，方便面摊占道。", "高压线断了，车位紧张，方便面摊占道。"),
        ("北苑路12号院门口的路灯不亮。", "北苑路12号院门口的路灯不亮。"),
        ("", ""),
    ],
)
def test_what_identifies_a_person_is_covered_and_the_rest_stays(text: str, shown: str) -> None:
    assert KNOWN(text) == shown


def test_whom_the_vault_does_not_know_is_covered_by_the_look_of_the_text() -> None:
    cover = Cover()
    assert cover("请打１３８００１３８０００找王师傅") == "请打▇▇▇找▇▇▇"
    assert cover("王一凡来过") == "王一凡来过"  # a bare name is not told from a word
