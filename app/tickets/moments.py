"""Moments of what is beside a ticket's workflow, which its timeline tells as well."""

from datetime import datetime
from typing import NamedTuple


class TimelineMoment(NamedTuple):
    """A moment of a council or of a promise on a timeline.

    `text`: the option that was chosen, the minutes, or what was said of the end.
    """

    at: datetime
    kind: str
    subject: str
    text: str = ""

    @property
    def told(self) -> str:
        """The subject, and the text below it."""
        return "\n".join(one for one in (self.subject, self.text) if one)


MOMENTS = {
    "council_opened": ("Council begun: statements are heard", "协商议事已开始"),
    "council_decided": ("Council ended with a decision", "协商议事已作出决定"),
    "council_undecided": ("Council ended without a decision", "协商议事未形成决定"),
    "council_followed_up": ("Council followed up", "协商结果已安排落实"),
    "promise_made": ("Promised, with a day", "已作出限期承诺"),
    "promise_kept": ("Promise kept", "承诺已兑现"),
    "promise_broken": ("Promise not kept", "承诺未兑现"),
    "promise_excused": ("Promise excused, for the reason given", "承诺已说明理由调整"),
}
"""These moments in the words of timelines, in English and in Chinese."""
