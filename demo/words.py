"""Texts of people: notes, reasons, answers. All invented, except a real ticket's reply."""

from random import Random

from demo.filing import Filing
from domain.ticket.complaint import TEXT_LIMIT

_NOTES: dict[str, tuple[str, ...]] = {
    "triage": ("已电话核实诉求内容。", "根据描述人工确认分类。", "与市民核对地点后确认。"),
    "reassign": ("按职责分工改派。", "经协商由该单位牵头办理。"),
    "facts": ("补充：今天情况又加重了，早晚最明显。", "补充：我拍了照片，可以提供给办理人员。"),
    "urge": ("已经等了好几天，请尽快处理。", "麻烦催一下，什么时候能有结果？"),
    "withdraw": ("问题已经解决，不用再办了。", "与对方协商好了，撤回诉求。"),
    "contact": ("已与市民电话联系，约定现场查看。", "已联系市民，说明办理步骤。"),
    "return": ("经核实，该事项不属于我单位职责范围，申请退单。", "该点位不在我辖区内，申请退回。"),
    "extend": ("需协调多家单位并采购材料，申请延期。", "现场施工受天气影响，申请延长办理时限。"),
    "granted": ("情况属实，同意。", "经核实，理由充分，同意。"),
    "refused": ("该事项属于本单位职责，请继续办理。", "理由不充分，请按期办理。"),
    "call_back": ("已电话回访，市民口述评价。", "回访接通，按市民意见记录。"),
    "pleased": ("", "处理及时，谢谢。", "师傅当天就来了，满意。"),
    "sorry": ("", "来看了一眼就走了，没有解决根本问题。", "态度敷衍，希望重新办理。"),
    "supervise": ("前期办理不到位，由该单位重新办理并报结果。", "督办件，请现场办结后答复。"),
}
_CONCLUSIONS: dict[str, str] = {
    "answered": "您好，您咨询的事项可在便民服务中心办理，工作日全天开放，详情请查看服务指南。",
    "declined": "您好，您反映的事项不属于本热线受理范围，请通过法定途径提出。",
    "referred": "您好，您反映的事项请直接联系相应的专门机构，我们已告知您联系方式。",
    "final_reply": "您好，经多次办理并现场核查，现有条件下已采取全部可行措施，特此最终答复。",
}
_REPLIES = (
    "您好，您反映的问题收悉。{unit}已派工作人员到现场核查，情况属实，现已处理完毕。感谢您的监督。",
    "您好，{unit}接单后与您取得联系，当日到现场处置，问题已解决，后续将加强日常巡查。",
    "您好，经{unit}核实，已制定整改措施并完成整改，欢迎您继续监督。",
)
_UNSOLVED = "您好，{unit}已现场核实，因涉及多家产权单位，目前正在协调，暂时无法一次解决，特此说明。"
_AGAIN = "您再次反映的问题，{unit}已重新核查办理。"


class DemoTexts:
    """The choice of texts, drawn by `dice`."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def note(self, about: str) -> str:
        return self._dice.choice(_NOTES[about])

    def conclusion(self, outcome: str) -> str:
        return _CONCLUSIONS[outcome]

    def reply(self, filing: Filing, unit: str, rework: int, resolved: bool) -> str:
        """Return the unit's answer: the real one if there is one, with an addition after rework."""
        return self.answer(unit, rework, resolved, filing.reply)

    def answer(self, unit: str, rework: int, resolved: bool, given: str | None = None) -> str:
        """Return the answer `given`, or one of our own, with an addition after rework."""
        words = self._dice.choice(_REPLIES) if resolved else _UNSOLVED
        text = given or words.format(unit=unit)
        if rework:
            text = _AGAIN.format(unit=unit) + text
        return text[:TEXT_LIMIT]
