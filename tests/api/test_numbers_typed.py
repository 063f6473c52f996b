"""Tests of numbers of any length in forms and addresses: the page refuses or cuts them."""

import pytest

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.staff_pages import at_desk

HUGE = "9" * 5000


async def test_a_count_of_rows_of_any_length_is_cut(api: Api) -> None:
    desk = await at_desk(api, Role.DESK)
    answer = await desk.post("/staff/register", {"do": "read", "rows": HUGE, "sheet": ""})
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    "params", [{"square": f"{HUGE[:400]},1,1"}, {"exactly": HUGE[:30]}, {"exactly": HUGE[:400]}]
)
async def test_a_number_that_no_database_compares_leads_nowhere(
    api: Api, params: dict[str, str]
) -> None:
    desk = await at_desk(api, Role.SUPERVISOR)
    answer = await desk.get("/staff/places/tickets", what="filed", **params)
    assert answer.status_code == 404
