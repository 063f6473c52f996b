"""The words of the citizens' pages, Chinese first."""

from collections.abc import Mapping

from starlette.requests import Request

LANGUAGES = ("zh", "en")

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("接诉", "Jiesu"),
    "tagline": ("一张单子管到底", "One ticket, followed to the end"),
    "report": ("我要反映", "Report something"),
    "follow": ("查询进度", "Follow a complaint"),
    "city": ("城市", "City"),
    "kind": ("类型", "Kind"),
    "category": ("事项（不清楚可不选）", "Subject (leave open if unsure)"),
    "unsure": ("由工作人员判断", "Let the staff decide"),
    "field_title": ("标题", "Title"),
    "text": ("情况说明", "What happened"),
    "text_help": (
        "必填，不超过 4000 字。请不要写身份证号等信息。",
        "Needed, at most 4,000 characters. Please leave out identity numbers.",
    ),
    "address": ("地点", "Place"),
    "contact": ("联系方式（选填）", "How to reach you (optional)"),
    "contact_help": (
        "只用于与您联系，加密保存，不进入工单。不填即为匿名。",
        "Only to reach you; sealed, and never part of the ticket. Leave empty to stay anonymous.",
    ),
    "name": ("称呼", "Name"),
    "phone": ("电话", "Phone"),
    "send": ("提交", "Send"),
    "number": ("工单号", "Number"),
    "code": ("查询码", "Access code"),
    "look": ("查询", "Look"),
    "received": ("已收到您的诉求", "We have your complaint"),
    "keep": (
        "请记下工单号和查询码，查询进度时需要。",
        "Keep number and access code: you need both to follow it.",
    ),
    "due": ("答复期限", "Answer due by"),
    "unit": ("承办单位", "Handled by"),
    "stage": ("当前环节", "Stage"),
    "timeline": ("办理过程", "What happened so far"),
    "reply": ("答复", "Answer"),
    "rate": ("请您评价", "Please rate"),
    "rate_help": (
        "评价不满意的，会有人再次联系您并重新办理。",
        "A low rating sends it back: someone will contact you and handle it again.",
    ),
    "contacted": ("是否与您联系过？", "Did they contact you?"),
    "resolved": ("问题解决了吗？", "Is it solved?"),
    "grade": ("满意程度", "How satisfied are you?"),
    "words": ("想说的话（选填）", "Anything to add (optional)"),
    "yes": ("是", "Yes"),
    "no": ("否", "No"),
    "wrong": (
        "请检查标出的内容，您填写的都还在。",
        "Please check what is marked; nothing is lost.",
    ),
    "back": ("返回首页", "Back"),
    "other_language": ("English", "中文"),
    "grade_5": ("非常满意", "Very satisfied"),
    "grade_4": ("满意", "Satisfied"),
    "grade_3": ("基本满意", "Basically satisfied"),
    "grade_2": ("不满意", "Dissatisfied"),
    "grade_1": ("非常不满意", "Very dissatisfied"),
    "kind_consultation": ("咨询", "Question"),
    "kind_help": ("求助", "Request for help"),
    "kind_complaint": ("投诉", "Complaint"),
    "kind_report": ("举报", "Report of wrongdoing"),
    "kind_suggestion": ("建议", "Suggestion"),
    "kind_praise": ("表扬", "Praise"),
    "stage_accept": ("受理", "Accepted"),
    "stage_triage": ("分类", "Triage"),
    "stage_dispatch": ("派单", "Dispatch"),
    "stage_handle": ("办理", "Being handled"),
    "stage_feedback": ("反馈", "Answer on its way"),
    "stage_rate": ("待评价", "Waiting for your rating"),
    "stage_supervise": ("督办", "Under supervision"),
    "stage_ended": ("办结", "Ended"),
    "trap": ("请勿填写此栏", "Please leave this empty"),
    "problem_looks_automatic": (
        "提交过快，请核对内容后再提交一次，您填写的内容还在。",
        "That was very fast; please look again and send it once more. Nothing is lost.",
    ),
    "sign_in": ("工作人员登录", "Staff sign-in"),
    "account": ("账号", "Account"),
    "password": ("密码", "Password"),
    "totp": (
        "动态口令或恢复码（如已开启）",
        "One-time password or recovery code (if you have one)",
    ),
    "sign_in_with": ("用单位统一身份登录", "Sign in with your organisation"),
    "sign_out": ("退出登录", "Sign out"),
    "sign_out_everywhere": ("在所有设备上退出", "Sign out everywhere"),
    "signed_in_as": ("已登录", "Signed in as"),
    "role": ("角色", "Role"),
    "role_desk": ("受理员", "Desk operator"),
    "role_dispatcher": ("派单员", "Dispatcher"),
    "role_officer": ("承办单位", "Unit officer"),
    "role_supervisor": ("督办", "Supervisor"),
    "role_auditor": ("审计", "Auditor"),
    "role_admin": ("管理员", "Administrator"),
    "problem_sign_in_failed": (
        "账号、密码或动态口令不正确。",
        "Account, password or one-time password are not right.",
    ),
    "problem_second_factor_needed": (
        "请输入动态口令或恢复码。",
        "Please type the one-time password or a recovery code, too.",
    ),
    "problem_too_many_requests": ("操作过于频繁，请稍后再试。", "Too often; please wait a while."),
    "problem_oidc_failed": (
        "统一身份登录没有成功，请重试。",
        "Signing in with your organisation did not work; please try again.",
    ),
    "problem_not_admitted": (
        "您的统一身份没有本系统的权限，请联系管理员。",
        "Your organisation vouches for you, but you have no role here; ask an administrator.",
    ),
    "problem_ticket_not_found": (
        "没有这个工单号，或查询码不对。",
        "No such number, or the access code is wrong.",
    ),
    "problem_bad_number": ("工单号应为 13 位数字。", "A number has 13 digits."),
    "problem_too_many_attempts": (
        "输错次数过多，请稍后再试。",
        "Too many wrong tries; please wait a while.",
    ),
    "problem_store_unavailable": (
        "系统暂时无法受理，请稍后再试，您填写的内容还在。",
        "We cannot take it just now; please try again soon. What you typed is still here.",
    ),
    "problem_already_rated": ("您已经评价过了。", "You have rated it already."),
    "problem_not_now": ("现在还不能评价。", "It cannot be rated now."),
    "problem_invalid_request": ("请检查填写的内容。", "Please check what you typed."),
    "problem_other": ("没有成功，请稍后再试。", "That did not work; please try again."),
}


class Words:
    """The words in one language: `t.send` in a template, or `t.of("stage", "handle")`."""

    def __init__(self, words: Mapping[str, tuple[str, str]], language: str) -> None:
        self._words = words
        self._index = LANGUAGES.index(language)

    def __getattr__(self, key: str) -> str:
        try:
            return self._words[key][self._index]
        except KeyError:
            raise AttributeError(key) from None

    def of(self, kind: str, value: object) -> str:
        """The word for a value, for instance a stage; a problem without words of its own: other."""
        found = self._words.get(f"{kind}_{value}") or self._words.get(f"{kind}_other")
        return found[self._index] if found else str(value)


def language_of(request: Request) -> str:
    """What the address asks for, else what the browser prefers, else Chinese."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    preferred = request.headers.get("Accept-Language", "").lower()
    return "en" if preferred.startswith("en") else "zh"
