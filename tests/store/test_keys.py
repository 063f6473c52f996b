"""The master key is made once, and only its owner can read it."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.errors import BadKey
from store.keys import key_from_text, load_or_create_key


def test_a_key_is_made_once_and_then_found(tmp_path: Path) -> None:
    path = tmp_path / "home" / "master.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(load_or_create_key, [path] * 64))
    assert len(keys) == 1


def test_a_key_is_written_in_base64() -> None:
    assert key_from_text(base64.b64encode(bytes(32)).decode() + "\n") == bytes(32)


@pytest.mark.parametrize("text", ["", "short", "?" * 44, "A" * 44, "密" * 44])
def test_anything_else_is_no_key(text: str) -> None:
    with pytest.raises(BadKey):
        key_from_text(text)


def test_a_file_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadKey):
        load_or_create_key(path)
    assert path.read_bytes() == b"\xff\xfe"
