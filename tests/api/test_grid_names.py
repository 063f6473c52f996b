"""Tests of what counts as a name in a diary, and as a copy of one."""

import pytest

from app.grid.names import copies, names_in, names_somebody


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王阿姨说水压低。", {"王阿姨"}),
        ("三号楼李建国师傅修过一次。", {"李建国师傅"}),
        ("小张反映路灯坏了。", {"小张"}),
        ("居民说早上水压低。", set()),
        ("小区门口的河水又黑又臭。", set()),
        ("黄河路老王街口积水。", set()),
    ],
)
def test_a_name_is_found_by_its_title(text: str, names: set[str]) -> None:
    assert names_in(text) == names
    assert names_somebody(text) == bool(names)


@pytest.mark.parametrize("text", ["我叫王强，", "电话 13800138000", "住 3 号楼 2 单元 501"])
def test_what_published_texts_would_cover_names_somebody(text: str) -> None:
    assert names_somebody(text)


def test_a_copy_has_the_name_or_the_words_in_a_row() -> None:
    entry = "王阿姨说她家里最近总是停水，夜里也没有水可以用。"
    assert copies("请联系王阿姨。", entry)
    assert copies("居民家里最近总是停水，\n夜里也没有水可以用。", entry)
    assert not copies("多户居民反映停水，请检查泵房。", entry)
    assert not copies("停水。", "停水。")
