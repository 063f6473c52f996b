"""Tests that encrypted personal data cannot be read or moved, and decrypts with its own key."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from store.db.errors import BadKey
from store.secrets.key_ring import KeyRing
from store.secrets.phones import normal_phone
from store.secrets.vault import Person, Vault

KEY = bytes(range(32))
VAULT = Vault(KeyRing.of(KEY))
OTHER = Vault(KeyRing.of(secrets.token_bytes(32)))
PERSON = Person(name="A. Citizen", phone="138 0013 8000", email="a@example.org", address="1 Lane")


def test_a_encrypted_person_opens_again() -> None:
    vault = VAULT
    assert vault.decrypt("p1", vault.encrypt("p1", PERSON)) == PERSON


def test_nothing_of_a_person_can_be_read_from_what_is_encrypted() -> None:
    encrypted = VAULT.encrypt("p1", PERSON)
    for word in (b"Citizen", b"13800138000", b"example"):
        assert word not in encrypted
    assert encrypted != VAULT.encrypt("p1", PERSON)


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_changed_seal_does_not_open(place: int) -> None:
    vault = VAULT
    encrypted = bytearray(vault.encrypt("p1", PERSON))
    encrypted[place] ^= 1
    with pytest.raises(BadKey):
        vault.decrypt("p1", bytes(encrypted))


def test_a_seal_cannot_be_moved_to_another_person() -> None:
    vault = VAULT
    with pytest.raises(BadKey):
        vault.decrypt("p2", vault.encrypt("p1", PERSON))


def test_another_key_does_not_open_it() -> None:
    encrypted = VAULT.encrypt("p1", PERSON)
    for other in (OTHER, Vault(KeyRing({2: KEY}))):
        with pytest.raises(BadKey):
            other.decrypt("p1", encrypted)


@pytest.mark.parametrize("encrypted", [b"", b"\x01", b"\x01" + bytes(12)])
def test_what_was_never_encrypted_does_not_open(encrypted: bytes) -> None:
    with pytest.raises(BadKey):
        VAULT.decrypt("p1", encrypted)


def test_access_codes_are_eight_digits_and_always_the_same() -> None:
    code = VAULT.access_code("2411200000017")
    assert len(code) == 8
    assert code.isdigit()
    assert VAULT.access_code("2411200000017") == code
    assert VAULT.access_code("2411200000024") != code
    assert OTHER.access_code("2411200000017") != code


def test_an_access_code_may_be_written_as_people_write() -> None:
    vault = VAULT
    code = vault.access_code("2411200000017")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    for written in (code, f" {code[:4]} {code[4:]} ", f"{code[:4]}-{code[4:]}", wide):
        assert vault.check_access_code("2411200000017", written)


@given(st.text())
def test_no_other_access_code_opens(text: str) -> None:
    vault = VAULT
    assert not vault.check_access_code("2411200000017", text + "x")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("138 0013-8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(010) 6512-3456", "01065123456"),
        ("010-65123456 转 801", "01065123456x801"),
        ("+86 10 6512 3456", "01065123456"),
        ("+86 10 6512 3456 ext. 801", "01065123456x801"),
        ("+44 20 7946 0000", "+442079460000"),
        ("0044 20 7946 0000", "+442079460000"),
        ("010-00012345", "01000012345"),
        ("400 810 0000", "4008100000"),
        ("12345", "12345"),
        ("110", "110"),
    ],
)
def test_a_phone_has_one_form(written: str, expected: str) -> None:
    assert normal_phone(written) == expected
    assert Person(phone=written).phone == expected
    assert VAULT.phone_hash(written) == VAULT.phone_hash(expected)


def test_phone_hashes_need_the_key() -> None:
    assert VAULT.phone_hash("110") != OTHER.phone_hash("110")


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "call me"},
        {"phone": "1" * 30},
        {"email": "a@b"},
        {"email": "a b@example.org"},
        {"name": "x" * 101},
        {"address": "x" * 201},
        {"id_card": "1"},
    ],
)
def test_what_cannot_be_true_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Person.model_validate(wrong)


def test_blanks_are_nothing() -> None:
    person = Person(name=" ", phone="", email="\t")
    assert person == Person()
    assert not person.has_values
    assert Person(address="1 Lane").has_values
