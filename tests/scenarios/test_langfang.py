"""What 廊坊 must be able to do, from its pack alone."""

import pytest

from packs.registry import default_root, load_pack


@pytest.mark.must_work("langfang", "scoring-rules")
def test_more_than_thirty_rules_reward_and_penalize() -> None:
    pack = load_pack(default_root() / "langfang")
    assert len({rule.code for rule in pack.scoring}) > 30
    assert min(rule.points for rule in pack.scoring) < 0 < max(rule.points for rule in pack.scoring)
    judged = {rule.on for rule in pack.scoring}
    # Response, handling, feedback and supervision.
    assert {"signed", "handled", "rated", "supervision_ordered"} <= judged
