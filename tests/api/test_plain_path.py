"""The path from filing to closing over HTTP, on both databases."""

from tests.api.running_api import Api


async def test_a_complaint_is_filed_handled_and_rated(each_api: Api) -> None:
    ticket = await each_api.file()
    assert ticket.receipt["stage"] == "handle"
    assert ticket.receipt["status_url"] == ticket.path
    assert (await ticket.by_unit("sign")).json()["version"] == 4
    assert (await ticket.by_unit("contact", {"reached": True})).status_code == 200

    done = await ticket.complete()
    assert (done.status_code, done.json()["ending"]) == (200, "done")
    shown = await ticket.until_stage("rate")
    assert shown["reply"] == "已组织清淤，河水恢复清澈。"
    assert shown["can_rate"]

    rated = await ticket.rate()
    assert (rated.status_code, rated.json()["status"]) == (200, "recorded")
    shown = await ticket.until_stage("ended")
    assert (shown["outcome"], shown["can_rate"]) == ("closed", False)
    assert [entry["what"] for entry in shown["timeline"]] == [
        "已收到您的诉求",
        "已分类",
        "已派给承办单位",
        "承办单位已签收",
        "承办单位已与您联系",
        "已答复",
        "您已评价",
        "已办结",
    ]
    assert shown["unit"] == "区水务局"
