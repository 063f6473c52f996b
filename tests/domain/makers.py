"""How each fact comes about by chance, and what the decisions see to besides the table.

A maker gives None where its fact does not fit: there is nobody to release, nothing to decide.
"""

from collections.abc import Callable

from domain.assignment import Assignment, Share
from domain.clocks import ClockName
from domain.decisions import Judgement, arbitration_due, verdict, watch_over
from domain.events import Fact
from domain.facts import anytime, closing, handling, intake, joint, merging, returning, supervising
from domain.facts import verifying, waiting
from domain.facts.base import FactBase
from domain.lifecycle import TABLE
from domain.minutes import Meeting, Minutes
from domain.results import released, result_of
from domain.stages import Outcome, Stage
from tests.domain.lives import Life
from tests.domain.makers_of_endings import ENDINGS

