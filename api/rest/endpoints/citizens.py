"""Commands of citizens, and of the desk for them."""

from api.rest.endpoints.spec import CommandEndpoint
from domain.commands.citizens import AddFacts, CallBack, Recur, Urge, Withdraw

ENDPOINTS = (
    CommandEndpoint(
        "facts",
        AddFacts,
        "Add something to the complaint, or answer what the unit asked",
        {"text": "补充：今天又有一盏路灯不亮了。"},
        ("facts_too_often",),
    ),
    CommandEndpoint(
        "urge",
        Urge,
        "Urge",
        {"text": "已经三天了，请尽快处理。"},
        ("urged_too_often",),
    ),
    CommandEndpoint(
        "withdraw",
        Withdraw,
        "Take the complaint back",
        {"reason": "问题已经自行解决。"},
    ),
    CommandEndpoint(
        "call-back",
        CallBack,
        "Record an attempt to call the citizen back",
        {"reached": True, "rating": {"contacted": True, "resolved": True, "grade": 5}},
        ("rating_without_contact", "already_rated", "overtaken"),
    ),
)

BACK = CommandEndpoint(
    "recur",
    Recur,
    "Say that the problem is back",
    {"text": "修好不到一个月，同一处路灯又不亮了。"},
    ("final_reply_sealed", "not_your_unit"),
)
"""The command with a route of its own: after the end it opens another ticket."""
