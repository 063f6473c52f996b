"""Commands by which several units share a ticket, or another level takes it over."""

from api.rest.endpoints.spec import OF_A_SHARE, CommandEndpoint
from domain.commands.joint import Delegate, Override, RaiseLevel, Release, Whistle

ENDPOINTS = (
    CommandEndpoint(
        "whistle",
        Whistle,
        "Blow the whistle: call other units in; the answer waits for all",
        {
            "ground": "beyond_street",
            "reason": "拆除地锁涉及规划、绿化和交通，街道单独无法解决。",
            "units": [
                {"unit": "planning", "task": "核实车位权属。"},
                {"unit": "landscaping", "task": "移植占用车位的绿篱。", "limit": "3d"},
            ],
        },
        (
            *OF_A_SHARE,
            "not_in_this_city",
            "not_the_lead",
            "same_unit",
            "co_handler_cap",
            "unknown_reason",
            "unknown_unit",
            "accused_unit",
            "too_far",
            "overtaken",
        ),
    ),
    CommandEndpoint(
        "delegate",
        Delegate,
        "Give the work to a unit below, and stay answerable",
        {"unit": "parking-office", "task": "今天内清理该点位单车，并回传照片。"},
        (
            *OF_A_SHARE,
            "not_in_this_city",
            "same_unit",
            "delegation_cap",
            "not_below",
            "unknown_unit",
            "accused_unit",
            "too_far",
            "overtaken",
        ),
    ),
    CommandEndpoint(
        "release",
        Release,
        "Let a co-handler or a delegate go",
        {"assignment": 2, "reason": "经现场核实，不涉及绿化，无需配合。"},
        ("not_your_unit", "unknown_assignment", "not_a_helper", "assignment_ended"),
    ),
    CommandEndpoint(
        "override",
        Override,
        "Answer without waiting for the co-handlers any longer",
        {"reason": "主要问题已解决，其余配合事项另行跟踪。"},
        ("not_your_unit", "lead_not_done"),
    ),
    CommandEndpoint(
        "raise-level",
        RaiseLevel,
        "Hand the ticket one level up",
        {"reason": "跨乡镇河道治理超出本级事权。"},
        ("not_in_this_city", "not_your_unit", "top_level"),
    ),
)
