"""Tests that a mask shows enough to recognise somebody, and not enough to find them."""

import pytest

from store.secrets.masks import masked, masked_address, masked_email, masked_name, masked_phone
from store.secrets.vault import Person


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("01065123456", "010****3456"),
        ("01065123456x801", "010****3456"),
        ("+442079460000", "+44****0000"),
        ("65123456", "651****3456"),
        ("12345", "****45"),
        ("110", "****10"),
    ],
)
def test_a_phone_keeps_its_ends(phone: str, shown: str) -> None:
    assert masked_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王小明", "王**"), ("王", "王*"), ("欧阳修文", "欧***"), ("Jane Doe", "J****")],
)
def test_a_name_keeps_the_family_name(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_an_address_loses_building_and_door() -> None:
    assert masked_address("北苑街道新华西街3号院2单元301") == "北苑街道新华****"
    assert "301" not in masked_address("三单元301")


def test_whoever_told_nothing_has_no_mask_either() -> None:
    assert masked(Person()).model_dump(exclude_none=True) == {}
    person = Person(name="王小明", email="wang@example.org", device="wx-1")
    assert masked(person).model_dump(exclude_none=True) == {
        "name": "王**",
        "email": masked_email("wang@example.org"),
        "device": "****",
    }
    assert masked_email("wang@example.org") == "w****@example.org"
