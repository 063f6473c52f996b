"""Tests of merging (并单): one handling for many tickets, with an answer and a rating for each."""

from pathlib import Path

from temporalio.client import Client

from domain.commands.intake.merge import Merge
from domain.ticket.assignment import Ending, HandlingResult
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, platform
from tests.support.prepared import WHY, merged, two_filed


async def test_each_complainant_gets_an_own_answer_and_rates_it(merging: Engine) -> None:
    parent, child = await merged(merging)
    assert (await child.now()).stage == "merged"
    assert (await child.state(merging)).assignments[0].ending is Ending.MERGED
    await parent.complete_share(merging, "water", HandlingResult(reply="河道已治理。"))
    await parent.until_stage("rate")
    await child.until_stage("rate")
    assert (await child.state(merging)).reply == "河道已治理。"
    await parent.rate(5)
    await parent.until_stage("ended")
    await child.rate(1, resolved=False)
    at = await child.until(lambda at: at.stage == "handle")
    assert at.unit == "water"
    assert (await child.state(merging)).reworks == 1


async def test_many_complainants_raise_the_severity(merging: Engine) -> None:
    parent, _ = await merged(merging)
    assert (await parent.now()).severity == 0
    other, _ = await file(merging.client)
    await other.act(DISPATCHER, Merge(into=parent.number, reason=WHY))
    await parent.until_kind(merging, "severity_raised")
    assert (await parent.now()).severity == 1


async def test_what_cannot_be_merged(merging: Engine) -> None:
    parent, child = await merged(merging)
    third, _ = await file(merging.client)

    async def code(ticket: Filed, into: str) -> str:
        return await ticket.refused(DISPATCHER, Merge(into=into, reason=WHY))

    assert await code(third, third.number) == "merge_itself"
    assert await code(third, "2611210000000") == "merge_target_unknown"
    assert await code(third, child.number) == "merge_target_merged"
    assert await code(parent, third.number) == "has_complainants"
    assert await code(child, third.number) == "not_now"
    assert await third.refused(officer("water"), Merge(into=parent.number, reason=WHY)) == (
        "forbidden"
    )
    unclear, _ = await file(merging.client, complaint(title="", text="管管吧", category=None))
    assert await code(third, unclear.number) == "merge_target_unclassified"
    await parent.complete_share(merging, "water")
    await parent.until_stage("rate")
    await parent.until_projected(merging, "rate")
    assert await code(third, parent.number) == "merge_target_answered"
    assert (await third.now()).stage == "handle"


async def test_a_city_without_it_refuses_it(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", features={"merge": False})
    async with platform(client, sqlite_store, packs) as engine:
        parent, child = await two_filed(engine)
        command = Merge(into=parent.number, reason=WHY)
        assert await child.refused(DISPATCHER, command) == "not_in_this_city"
