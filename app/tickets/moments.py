"""Moments of what is beside a ticket's workflow, which its timeline tells as well."""

from datetime import datetime
from typing import NamedTuple


class TimelineMoment(NamedTuple):
    """A moment beside the workflow on a timeline: of a council, a promise, a mediation …

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
    "mediation_opened": ("Mediation begun", "已开始调解"),
    "mediation_agreed": ("Mediation ended with an agreement", "已达成调解协议"),
    "mediation_failed": ("Mediation ended without an agreement", "调解未达成协议"),
    "appointment_booked": ("Appointment at a centre booked", "已预约窗口办理"),
    "appointment_moved": ("Appointment at a centre moved", "窗口预约已改期"),
    "appointment_moved_by_staff": ("Appointment moved by the centre", "服务中心已为预约改期"),
    "appointment_cancelled": ("Appointment at a centre cancelled", "窗口预约已取消"),
    "appointment_arrived": ("Came to the appointment", "已按预约到场"),
    "appointment_done": ("Appointment done", "预约事项已办理"),
    "appointment_missed": ("Did not come to the appointment", "预约未到场"),
    "appointment_excused": ("Missed appointment excused", "未到场已说明，不计失约"),
    "handover_offered": ("Another city was asked to take it on", "已商请外地承接"),
    "handed_over": ("Handed over to another city", "已移交外地办理"),
    "taken_over_from": ("Taken over from another city", "由外地移交而来"),
    "handover_refused": ("The other city did not take it on", "外地未予承接，仍由本地办理"),
    "handover_lapsed": ("The other city did not answer", "外地超期未答复，仍由本地办理"),
    "handover_withdrawn": ("The hand-over was taken back", "移交已撤回，仍由本地办理"),
    "promise_made": ("Promised, with a day", "已作出限期承诺"),
    "promise_kept": ("Promise kept", "承诺已兑现"),
    "promise_broken": ("Promise not kept", "承诺未兑现"),
    "machine_contested": ("What a program did is contested", "已对系统程序的办理提出异议"),
    "person_asked": ("A person is asked for", "已申请转人工办理"),
    "machine_upheld": (
        "A person looked at it: what the program did stands",
        "经人工复核，予以维持",
    ),
    "machine_corrected": ("A person put right what the program did", "经人工复核，已予纠正"),
    "person_took_over": ("A person has taken over", "已转人工办理"),
    "promise_excused": ("Promise excused, for the reason given", "承诺已说明理由调整"),
}
"""These moments in the words of timelines, in English and in Chinese."""
