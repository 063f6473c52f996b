"""Tests of taking a merged ticket out again."""

from domain.commands.intake.unmerge import Unmerge
from tests.support.desk import DISPATCHER
from tests.support.engine import Engine
from tests.support.prepared import merged


async def test_what_was_merged_by_mistake_goes_its_own_way_again(merging: Engine) -> None:
    parent, child = await merged(merging)
    await child.act(DISPATCHER, Unmerge(reason="其实是另一条河"))
    at = await child.until_stage("handle")
    assert (at.unit, at.assignment) == ("water", 2)
    await parent.until_kind(merging, "complainant_left")
    await parent.complete_share(merging, "water")
    await parent.until_stage("rate")
    assert (await child.now()).stage == "handle"
