"""The path of every client: services, a request, and reading it again, in both formats."""

import pytest

from tests.api.running_api import Api
from tests.support.open311_client import FORMATS, LAMP, client_of, items, values_of


@pytest.mark.parametrize("suffix", FORMATS)
async def test_a_request_is_filed_and_read_again(api: Api, suffix: str) -> None:
    client = await client_of(api, suffix)

    services = items(await client.get("services"))
    lamps = next(one for one in services if one["service_code"] == LAMP["service_code"])
    assert lamps["service_name"] == "路灯"

    answer = await client.post("requests", LAMP | {"phone": "13800138000", "first_name": "王芳"})
    (filed,) = items(answer)
    number = await client.number_in(answer)
    assert "不同意公开" in filed["service_notice"]

    (shown,) = items(await client.get(f"requests/{number}"))
    assert shown["service_request_id"] == number
    assert shown["status"] == "open"
    assert shown["description"] == LAMP["description"]
    assert (float(shown["lat"]), float(shown["long"])) == (39.9021, 116.6573)
    assert shown["expected_datetime"] is not None
    assert "王芳" not in str(values_of(await client.get("requests")))
    assert number in [one["service_request_id"] for one in items(await client.get("requests"))]
