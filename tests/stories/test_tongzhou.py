"""通州's story, played on the real engine from its pack alone."""

from collections import Counter

from cli.stories.tongzhou import CALLED, STREET
from domain.assignment import Ending, Share
from domain.minutes import Meeting
from domain.stages import Outcome
from tests.stories.conftest import Played


async def test_the_story_of_tongzhou(played: Played) -> None:
    async with played("tongzhou") as story:
        told = {name: await ticket.look() for name, ticket in story.tickets.items()}
        kinds = {name: await ticket.kinds() for name, ticket in story.tickets.items()}

    gate = told["开门"]
    assert [a.unit for a in gate.assignments if a.share is Share.CO] == list(CALLED)
    assert all(a.ending is Ending.DONE for a in gate.assignments)
    assert Counter(m.what for m in gate.minutes) == {Meeting.ON_SITE: 3}
    assert kinds["开门"].count("share_handled") == 3
    assert kinds["开门"].index("handled") > kinds["开门"].index("share_handled")
    assert gate.reply is not None
    assert gate.reply.startswith("东门已打开")
    assert gate.unit == STREET

    assert kinds["路灯"][-3:] == ["called_back", "rated", "closed"]
    assert told["表扬"].outcome is Outcome.ANSWERED
    assert kinds["图斑"].count("step_done") == 3
    assert told["未诉先办"].complaint.topic == "shared-bikes"
    assert (told["催办"].severity, told["催办"].reworks) == (1, 1)
    assert all(ticket.stage == "ended" for ticket in told.values())
