"""The scenario of 黄埔, from its pack alone: the street first, and nothing refused."""

import asyncio
from pathlib import Path

import pytest

from app.sensors.devices import import_devices
from demo.stories import huangpu_centre as centre
from demo.stories import huangpu_street as street
from demo.stories.huangpu_street import STREET
from demo.stories.telling import Telling
from tests.scenarios.conftest import Playing, Scene, settled
from tests.support.cities import SHIPPED
from tests.support.engine import RING

AT_HOME = f"""code,kind,name,area,address,resident,phone
sos-1,sos,按钮,{STREET},鱼珠东路 8 号 302,陈伯,13800002222
"""


@pytest.mark.must_work("huangpu", "street-first")
@pytest.mark.must_work("huangpu", "returns-off")
@pytest.mark.must_work("huangpu", "sensor-one-ticket")
@pytest.mark.must_work("huangpu", "sensor-hysteresis")
@pytest.mark.must_work("huangpu", "sensor-auto-close")
@pytest.mark.must_work("huangpu", "sos")
@pytest.mark.must_work("huangpu", "service-nearest")
@pytest.mark.must_work("huangpu", "places")
@pytest.mark.must_work("huangpu", "completion")
@pytest.mark.must_work("huangpu", "settled-at")
async def test_huangpu(playing: Playing, tmp_path: Path) -> None:
    async with playing("huangpu") as scene:
        file = tmp_path / "devices.csv"
        file.write_text(AT_HOME, encoding="utf-8")
        await import_devices(scene.api.store, RING, SHIPPED, "huangpu", file)
        story = scene.story
        await asyncio.gather(
            _an_outfall(scene),
            _an_elder(scene),
            _a_service(story),
            street.trifle(story),
            street.neighbours(story),
            street.refusing(story),
            centre.road(story),
        )
        await _a_place_nearby(scene)
        computed = await scene.figures(
            "completion",
            "satisfaction",
            "settled_cell",
            "settled_community",
            "settled_street",
            "settled_district",
        )
    # Seven tickets, all settled; the outfall rates nobody. One in the cell, one in the community,
    # three in the street (outfall, elder, and the one that may not be returned); the road at the
    # district centre and the service at a centre of the district.
    assert computed == {
        "completion": (7, 7),
        "satisfaction": (6, 6),
        "settled_cell": (1, 7),
        "settled_community": (1, 7),
        "settled_street": (3, 7),
        "settled_district": (2, 7),
    }
    refused = [event.kind for event in await story.tickets["拒单"].events()]
    assert refused.count("return_barred") == 1


async def _an_outfall(scene: Scene) -> None:
    assert (await scene.reading("outfall-1", "a", 2.4, ago=90))["number"] is None
    number = (await scene.reading("outfall-1", "b", 2.6, ago=80))["number"]
    # Between the limits, and one that comes late: it is the same ticket.
    for name, value, ago in (("d", 1.8, 60), ("c", 2.5, 70)):
        assert (await scene.reading("outfall-1", name, value, ago=ago))["number"] == number
    water = scene.ticket("排口", number)
    await water.with_unit(STREET)
    for n, ago in enumerate((50, 40, 30, 15)):
        alarm = await scene.reading("outfall-1", f"good{n}", 1.0, ago=ago)
    assert alarm["recovered_at"] is not None
    assert (await water.look()).ended_at is None  # proposed, and left to people
    await water.by(STREET, "sign")
    await water.by(STREET, "step", step="visit", note="沿管溯源")
    await water.done(STREET, "已封堵直排口，水质读数恢复正常。")
    await water.closed()


async def _an_elder(scene: Scene) -> None:
    number = (await scene.reading("sos-1", "press", 1))["number"]
    call = scene.ticket("求助键", number)
    ticket = await call.with_unit(STREET)
    assert ticket.tier == "emergency"
    await call.by(STREET, "sign")
    await call.by(STREET, "contact", reached=True, note="到门口")
    await call.by(STREET, "step", step="visit", note="入户查看")
    await call.done(STREET, "老人起身时滑倒，已扶起并通知家属，社区医生上门检查无碍。")
    await call.rated(5)
    await call.closed()


async def _a_service(story: Telling) -> None:
    permit = await story.file(
        "居住证",
        kind="service",
        channel="wechat",
        title="办理居住证",
        text="想办居住证续签。",
        category="0903",
        place=centre.BY_SCIENCE_CITY,
    )
    await settled(permit, "services-science-city", "续签已办好，新证当场领取。", 5)


async def _a_place_nearby(scene: Scene) -> None:
    answer = await scene.api.http.get(
        "/api/v1/cities/huangpu/directory",
        params={"lat": 23.1655, "lon": 113.4555, "kind": "centre"},
    )
    assert answer.json()["places"][0]["code"] == "centre-science-city"
