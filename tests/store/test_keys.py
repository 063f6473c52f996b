"""Tests that the key ring is made once, private to its owner, and loses nothing by rotation."""

import base64
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.db.errors import BadKey, RotationUnderWay
from store.secrets.key_ring import KeyRing, open_ring, ring_from_text, rotate_file

PURPOSE = b"test"
A, B = base64.b64encode(bytes(32)).decode(), base64.b64encode(b"b" * 32).decode()


def test_a_ring_is_made_once_and_then_found(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    ring = open_ring(None, path)
    assert ring.ids == [1]
    assert open_ring(None, path).root_key == ring.root_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_together_get_the_same_ring(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(16) as pool:
        rings = pool.map(lambda _: open_ring(None, path).root_key, range(64))
        assert len(set(rings)) == 1


def test_the_file_of_an_earlier_version_is_a_ring_of_one_key() -> None:
    ring = ring_from_text(A + "\n")
    assert (ring.ids, ring.current, ring.root_key) == ([1], 1, bytes(32))


@pytest.mark.parametrize(
    ("text", "ids", "current"),
    [
        (f"1:{A}\n2:{B}\n", [1, 2], 2),
        (f"1:{A},2:{B}", [1, 2], 2),
        (f"{A} 7:{B}", [1, 7], 7),
        (f"1:{A}* 2:{B}", [1, 2], 1),
        (f"# made in spring\n2:{B}\n1:{A}\n", [1, 2], 2),
    ],
)
def test_a_ring_is_written_as_people_write(text: str, ids: list[int], current: int) -> None:
    ring = ring_from_text(text)
    assert (ring.ids, ring.current) == (ids, current)
    again = ring_from_text(ring.text(","))
    assert (again.ids, again.current, again.root_key) == (ids, current, ring.root_key)


@pytest.mark.parametrize(
    "text",
    ["", "short", "?" * 44, "A" * 44, "密" * 44, f"0:{A}", f"256:{A}", f"1:{A} 1:{B}", f"x:{A}",
     f"1:{A}* 2:{B}*"],
)  # fmt: skip
def test_anything_else_is_no_ring(text: str) -> None:
    with pytest.raises(BadKey):
        ring_from_text(text)


def test_a_file_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadKey):
        open_ring(None, path)
    with pytest.raises(BadKey):
        rotate_file(path)
    assert path.read_bytes() == b"\xff\xfe"


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    before = open_ring(None, path)
    encrypted = before.encrypt(PURPOSE, b"word", b"row 1")
    after = rotate_file(path)
    assert (after.ids, after.current) == ([1, 2], 2)
    assert after.decrypt(PURPOSE, encrypted, b"row 1") == b"word"
    assert after.encrypt(PURPOSE, b"word", b"row 1")[0] == 2
    assert after.derived(PURPOSE) == before.derived(PURPOSE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_process_finds_the_key_that_another_has_added(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    running = open_ring(None, path)
    encrypted = rotate_file(path).encrypt(PURPOSE, b"word", b"")
    assert running.decrypt(PURPOSE, encrypted, b"") == b"word"
    assert running.current == 1  # it encrypts with the old key until it restarts


def test_two_rotations_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    open_ring(None, path)
    (tmp_path / ".secret.key.next").touch()
    with pytest.raises(RotationUnderWay):
        rotate_file(path)
    assert open_ring(None, path).ids == [1]


def test_a_new_key_can_be_handed_out_before_it_is_used() -> None:
    first = KeyRing.of(bytes(32))
    prepared = first.with_new_key(in_use=False)
    assert prepared.current == 1
    assert ring_from_text(prepared.text()).current == 1
    encrypted = KeyRing.of(bytes(32)).with_new_key().encrypt(PURPOSE, b"word", b"")
    with pytest.raises(BadKey, match="key 2 is not in the key ring"):
        first.decrypt(PURPOSE, encrypted, b"")


@pytest.mark.parametrize("keys", [{}, {0: bytes(32)}, {1: b"short"}])
def test_a_ring_of_other_keys_is_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(BadKey) as refused:
        KeyRing(keys)
    assert refused.value.code == "bad_key"


def test_what_is_encrypted_for_one_purpose_does_not_open_for_another() -> None:
    ring = KeyRing.of(secrets.token_bytes(32))
    encrypted = ring.encrypt(PURPOSE, b"word", b"row 1")
    for purpose, bound in ((b"other", b"row 1"), (PURPOSE, b"row 2")):
        with pytest.raises(BadKey):
            ring.decrypt(purpose, encrypted, bound)
