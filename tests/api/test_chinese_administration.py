"""Tests that no page of administration shows an English sentence to a Chinese reader."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from domain.actors import Role
from packs.registry import default_root
from store.identity import accounts, tokens
from store.tickets import intake
from tests.api.running_api import Api
from tests.api.test_staff_admin import PAGES
from tests.store.stories import complaint
from tests.support.chinese_pages import english_in, shown_text
from tests.support.people import SignedIn, signed_in

MORE = ("packs?check=yes", "calendar?year=2024", "calendar?year=2030")


async def _filled(api: Api) -> None:
    """Leave what administrators are told of: tickets that do not move, officers without a city."""
    filed = datetime.now(UTC) - timedelta(minutes=3)
    for begun in (True, False):
        new = complaint(city="tongzhou", filed_at=filed)
        await intake.register(api.store, new, None, None, None, "f", partial(str, new.number))
        if begun:
            await intake.mark_started(api.store, new.number, filed)
        else:
            await intake.mark_failed(api.store, new.number, "UNAVAILABLE")
    await accounts.create(api.store, "wang", Role.OFFICER, unit="gas")
    await tokens.issue(api.store, Role.OFFICER, "parks-station", "program")


async def _shown(api: Api, who: SignedIn, page: str, language: str) -> str:
    asked = {"Accept": "text/html", "Accept-Language": language} | who.cookie
    shown = await api.http.get(f"/staff/admin/{page}", headers=asked)
    assert shown.status_code == 200, shown.text
    return shown.text


@pytest.mark.parametrize("page", [*PAGES, *MORE])
async def test_a_page_shows_no_english_sentence(api: Api, page: str) -> None:
    await _filled(api)
    admin = await signed_in(api, Role.ADMIN)
    assert english_in(await _shown(api, admin, page, "zh")) == []
    assert english_in(await _shown(api, admin, page, "en")) != []  # it would be found


async def test_what_is_stuck_and_who_has_no_city_is_said_in_chinese(api: Api) -> None:
    await _filled(api)
    text = shown_text(await _shown(api, await signed_in(api, Role.ADMIN), "engine", "zh"))
    assert "流程引擎已接收，尚无记录：共 1 件，最早始于" in text
    assert "已登记，流程引擎尚未接收：共 1 件，最早始于" in text
    assert "账号 wang" in text
    assert "“gas”的承办人员，未指定城市；" in text
    assert "“parks-station”的承办人员，未指定城市；只有 huangpu 有该单位" in text


async def test_the_faults_of_a_pack_are_marked_as_english(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They name keys and values of the files, which are English as well."""
    folder = tmp_path / "tongzhou"
    folder.mkdir()
    text = (default_root() / "tongzhou" / "city.toml").read_text(encoding="utf-8")
    (folder / "city.toml").write_text(text.replace("reworks =", "rework ="), encoding="utf-8")
    monkeypatch.setattr(api.context.packs, "folder", lambda _city: folder)
    admin = await signed_in(api, Role.ADMIN)
    shown = await _shown(api, admin, "packs?check=yes", "zh")
    assert "规则包无法使用" in shown
    assert '<span lang="en">' in shown
    assert english_in(shown) == []
