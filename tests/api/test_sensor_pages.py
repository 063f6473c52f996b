"""Tests of the pages of sensors: the devices of a city, and the readings on a ticket's page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from api.pages.ticket.readings_chart import HEIGHT, WIDTH, chart_of
from app.sensors.devices import import_devices
from app.sensors.readings import ReadingShown, ReadingsOut
from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.api.test_sensors import AT_HOME, began, send, series, until
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform
from tests.support.staff_pages import at_desk, says


async def test_the_pages_say_what_devices_say_and_that_closing_is_proposed(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "devices.csv"
    file.write_text(AT_HOME, encoding="utf-8")
    await import_devices(sqlite_store, RING, SHIPPED, "huangpu", file)
    async with (
        platform(client, sqlite_store) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as api,
    ):
        number = (await series(api, "outfall-1", began(), 2.4, 2.6))["alarms"][0]["number"]
        await until(api, number, "handle")
        await send(api, "sos-1", "press", began(), 1)
        await _an_alarm_is_shown(api, number)
        await series(api, "outfall-1", began(), 2.4, 2.6, 1.0, 1.0, 1.0, 1.0)
        await _recovery_is_proposed(api, number)
        await _who_may_not_does_not(api)


async def _an_alarm_is_shown(api: Api, number: str) -> None:
    supervisor = await at_desk(api, Role.SUPERVISOR)
    page = says(await supervisor.get("/staff/devices", city="huangpu"))
    for words in (
        "传感设备",
        "outfall-1",
        "氨氮超标",
        "2.6 mg/L",
        number,
        "设备失联",
        "一键呼叫按钮",
    ):
        assert words in page
    assert "建议办结" not in page
    for personal in ("陈伯", "鱼珠东路", "13800002222"):
        assert personal not in page
    answer = await supervisor.get(f"/staff/tickets/{number}")
    assert "设备读数" in says(answer)
    assert '<polyline class="chart-curve"' in answer.text
    assert 'class="chart-limit"' in answer.text
    assert "高于 2.0 mg/L 报警 · 恢复线 1.5 mg/L" in says(answer)
    assert "style=" not in answer.text.split("chart-curve")[1].split("</svg>")[0]
    english = await at_desk(api, Role.SUPERVISOR, language="en")
    page = says(await english.get("/staff/devices", city="huangpu"))
    for words in ("Ammonia nitrogen too high", "Silent", "SOS button"):
        assert words in page


async def _recovery_is_proposed(api: Api, number: str) -> None:
    officer = await at_desk(api, Role.OFFICER, "440112003", city="huangpu")
    page = says(await officer.get(f"/staff/tickets/{number}"))
    assert "建议承办单位核实后办结" in page
    assert "系统不会自动办结" in page
    desk = await at_desk(api, Role.DESK)
    assert "已恢复，建议办结" in says(await desk.get("/staff/devices", city="huangpu"))


async def _who_may_not_does_not(api: Api) -> None:
    officer = await at_desk(api, Role.OFFICER, "440112003", city="huangpu")
    assert (await officer.get("/staff/devices")).status_code == 403
    supervisor = await at_desk(api, Role.SUPERVISOR)
    elsewhere = await supervisor.get("/staff/devices", city="jinan")
    assert elsewhere.status_code == 404
    assert 'href="/staff/devices"' not in (await supervisor.get("/staff/board", city="jinan")).text
    assert 'href="/staff/devices"' in (await supervisor.get("/staff/board", city="huangpu")).text


@pytest.mark.parametrize("values", [(1.0,), (2.0, 2.0, 2.0), (1.0, 5.0, 3.0)])
def test_a_curve_stays_inside_its_frame(values: tuple[float, ...]) -> None:
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    items = [
        ReadingShown(at=begin + n * timedelta(minutes=5), taken_at=begin, value=value)
        for n, value in enumerate(values)
    ]
    drawn = chart_of(ReadingsOut(above=2.0, recovers=1.5, items=items))
    assert drawn is not None
    assert len(drawn.dots) == len(values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn.dots)
    assert drawn.limit is not None and drawn.recovers is not None
    assert drawn.limit < drawn.recovers  # higher up
    assert chart_of(ReadingsOut(lead=True, items=items)) is None
    assert chart_of(ReadingsOut()) is None
